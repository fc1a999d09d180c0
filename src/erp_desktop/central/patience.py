"""How long the service waits for a client that sends slowly, or not at all: a connection costs little, but not nothing.

uvicorn waits for ever for the head of a request; here a timer closes the line. The body's deadline is http.py's. No thread
waits for either: a request is read in the event loop, and handed to a thread when it is whole.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS_FOR_A_HEAD = 30.0  # from the connection, or from the first byte of a request on one that is kept


class PatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with an end to waiting for a head."""

    _head_is_due: asyncio.TimerHandle | None = None

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
        super().connection_lost(exc)

    def _expect_a_head(self) -> None:
        self._head_is_due = self.loop.call_later(SECONDS_FOR_A_HEAD, self._give_up)

    def _expect_nothing(self) -> None:
        if self._head_is_due is not None:
            self._head_is_due.cancel()
            self._head_is_due = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
