"""How long the service waits for a client that sends or takes slowly, or not at all: a connection costs little, but not nothing.

uvicorn waits for ever for the head of a request, and for whoever does not take an answer; here a timer closes the line. The body's deadline is http.py's. No thread
waits for any of them: a request is read in the event loop, and handed to a thread when it is whole.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS_FOR_A_HEAD = 30.0  # from the connection, or from the first byte of a request on one that is kept
SECONDS_FOR_AN_ANSWER = 360.0  # for some of it to be taken; a desk gives a whole one up after 300 s


class PatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with an end to waiting."""

    _head_is_due: asyncio.TimerHandle | None = None
    _answer_is_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_a_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:  # a part of one
            if self._head_is_due is None:
                self._expect_a_head()
        else:
            self._expect_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        self._is_taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._answer_is_due = self.loop.call_later(SECONDS_FOR_AN_ANSWER, self.transport.abort)

    def resume_writing(self) -> None:
        self._is_taken()
        super().resume_writing()

    def _is_taken(self) -> None:
        if self._answer_is_due is not None:
            self._answer_is_due.cancel()
            self._answer_is_due = None

    def _expect_a_head(self) -> None:
        self._head_is_due = self.loop.call_later(SECONDS_FOR_A_HEAD, self._give_up)

    def _expect_nothing(self) -> None:
        if self._head_is_due is not None:
            self._head_is_due.cancel()
            self._head_is_due = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
