"""Telling the other workers of this centre that a company's clock has moved: PostgreSQL's NOTIFY, after the commit.

Never within a transaction of actions: a notifying commit takes a lock of the whole server. What one worker has to tell is
gathered and told at most every SECONDS_BETWEEN_MESSAGES. A message is only a hint to look at the clock, so that one which
is lost, late, repeated or made up does no harm: whoever waits looks once a second anyhow (waking.py).
"""

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine

from erp_desktop.ids import new_id

log = logging.getLogger(__name__)

CHANNEL = "erp_clock_moved"
SECONDS_BETWEEN_MESSAGES = 0.05
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # between two tries to reach the database
CONNECT_SECONDS = 10
MOST_COMPANIES_A_MESSAGE = 200  # a message of PostgreSQL holds 8,000 bytes, a company takes 33

Connection = psycopg.Connection[Any]


class OtherWorkers:
    """One worker's line to the others: a thread with a connection of its own, which comes back when it was lost."""

    def __init__(self, engine: Engine, heard: Callable[[UUID], None]) -> None:
        """`heard(company_id)` is called on the thread of the line whenever another worker moved that company's clock."""
        args, options = engine.dialect.create_connect_args(engine.url)
        self._connect_args = args, {"connect_timeout": CONNECT_SECONDS, **options}
        self._heard = heard
        self._me = new_id().hex
        self._guard = threading.Lock()
        self._moved: set[UUID] = set()
        self._is_closing = False
        self._bell: socket.socket  # wakes the thread while it waits for the database
        self._bell_pull: socket.socket | None = None
        self._thread = threading.Thread(target=self._keep_the_line, name="line to other workers", daemon=True)
        self.is_listening = threading.Event()
        self.told = self.was_told = self.not_understood = 0  # messages, for the metrics

    def start(self) -> None:
        self._bell, self._bell_pull = socket.socketpair()
        self._bell.setblocking(False)
        self._bell_pull.setblocking(False)
        self._thread.start()

    def committed(self, company_id: UUID, _tick: int) -> None:
        """A transaction of this worker moved the clock; from any thread, and quick."""
        with self._guard:
            is_first = not self._moved
            self._moved.add(company_id)
        if is_first:
            self._ring()

    def close(self) -> None:
        """End the line; what was committed just now is still told where the database answers."""
        self._is_closing = True
        if self._bell_pull is not None:
            self._ring()
            self._thread.join()
            self._bell.close()
            self._bell_pull.close()

    def _ring(self) -> None:
        if self._bell_pull is not None:
            with suppress(OSError):  # rung often enough already, or closed
                self._bell_pull.send(b"!")

    def _keep_the_line(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._is_closing:
            try:
                args, options = self._connect_args
                with psycopg.Connection.connect(*args, **options, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.is_listening.set()
                    pause = SHORTEST_PAUSE
                    self._talk(connection)
            except (psycopg.Error, OSError) as error:
                self.is_listening.clear()
                log.warning("the line to the other workers broke, it is tried again: %s", error)
                self._wait_for_bell(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _talk(self, connection: Connection) -> None:
        with selectors.DefaultSelector() as either:
            either.register(connection, selectors.EVENT_READ)
            either.register(self._bell, selectors.EVENT_READ)
            last = -SECONDS_BETWEEN_MESSAGES
            while True:
                for message in connection.notifies(timeout=0):
                    self._take(message.payload)
                due_in = last + SECONDS_BETWEEN_MESSAGES - time.monotonic()
                if self._moved and (due_in <= 0 or self._is_closing):
                    self._tell(connection)
                    last = time.monotonic()
                    continue
                if self._is_closing:
                    return
                either.select(max(due_in, 0) if self._moved else None)
                self._hush()

    def _tell(self, connection: Connection) -> None:
        with self._guard:
            moved = sorted(self._moved)
            self._moved.clear()
        for start in range(0, len(moved), MOST_COMPANIES_A_MESSAGE):
            companies = " ".join(company.hex for company in moved[start : start + MOST_COMPANIES_A_MESSAGE])
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{self._me} {companies}"))
            self.told += 1

    def _take(self, payload: str) -> None:
        """Whatever somebody sent; anybody who may connect to the database may send anything."""
        sender, *companies = payload.split(" ")
        if sender == self._me:
            return
        self.was_told += 1
        try:
            named = [UUID(hex=company) for company in companies]
        except ValueError:
            self.not_understood += 1
            return
        for company_id in named:
            self._heard(company_id)

    def _wait_for_bell(self, seconds: float) -> None:
        """Until the pause is over or the line is closed; what is committed meanwhile is told later."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as bell:
            bell.register(self._bell, selectors.EVENT_READ)
            while not self._is_closing and (left := deadline - time.monotonic()) > 0:
                bell.select(left)
                self._hush()

    def _hush(self) -> None:
        with suppress(BlockingIOError):
            while self._bell.recv(64):
                pass
