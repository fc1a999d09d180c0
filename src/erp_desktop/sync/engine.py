"""The sync engine: two threads, one that sends and one that listens, and what happens when either fails.

Here: whose turn it is, the rounds that somebody waits for, and when something is tried again. Not here: sending (pushing.py),
fetching (pulling.py), and what is shown of it (standing.py).
"""

import logging
import math
import random
import threading
from collections.abc import Callable

from erp_desktop import wire
from erp_desktop.sync import outbox
from erp_desktop.sync.answers import Answers
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.pulling import Pulling
from erp_desktop.sync.pushing import Pushing
from erp_desktop.sync.signing_in import Credentials
from erp_desktop.sync.standing import Standing
from erp_desktop.sync.state import SyncState
from erp_desktop.sync.transport import Timing, Transport
from erp_desktop.sync.versions import Versions

log = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between tries
LONGEST_TOLD = 3600.0  # that is believed of whoever says when to come again
SECONDS_BETWEEN_LOOKS_AT_THE_LEASE = 60.0


def seconds_to_pause(pause: float, told: float | None) -> float:
    """A part of `pause` that chance decides; where the centre `told` for how long, that and a little more, so that not all desks
    come back at once."""
    if told is not None and told > 0:
        return min(told, LONGEST_TOLD) * random.uniform(1.0, 1.2)
    return min(pause, LONGEST_PAUSE) * random.uniform(0.5, 1.0)


class Engine:
    """Keeps one cache in step with its centre until `close`. Callbacks come from its threads."""

    def __init__(
        self,
        cache: Cache,
        credentials: Credentials,
        centre: Callable[[], str],
        on_change: Callable[[frozenset[str]], None],
        on_state: Callable[[SyncState], None],
        timing: Timing | None = None,
    ) -> None:
        self._credentials = credentials
        self._centre = centre
        self._timing = timing
        self._sender = Transport(centre, timing)
        self._listener = Transport(centre, timing)
        self._versions = Versions()
        self._answers = Answers()
        self.standing = Standing(cache, credentials, on_change, on_state)
        applying_turn = threading.Lock()
        parts = (cache, credentials, self._versions, self._answers, self.standing, applying_turn)
        self.pushing = Pushing(*parts)
        self.pulling = Pulling(*parts)
        self._turn = threading.Condition()  # guards everything below
        self._asked = 1  # rounds for which there is a reason
        self._wanted_now = 0  # the last of them that a person wants
        self._done = 0  # rounds that went through, all of push and pull
        self._is_closing = False
        self._threads = [
            threading.Thread(target=self._again_and_again, args=(work,), name=name, daemon=True)
            for work, name in ((self._keep_sending, "sync-send"), (self._keep_listening, "sync-listen"))
        ]

    @property
    def state(self) -> SyncState:
        return self.standing.state

    def start(self) -> None:
        """Begin, if it has not begun yet. The state tells what comes of it."""
        if self._threads[0].ident is not None:
            return
        self.count()
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Break off and wait for both threads. What was not answered is asked again the next time."""
        with self._turn:
            self._is_closing = True
            self._turn.notify_all()
        self._sender.hold()
        self._listener.hold()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._sender.close()
        self._listener.close()

    def wake(self) -> int:
        """Somebody wants to send and fetch now. Answers the number of the round that will do it."""
        with self._turn:
            self._wanted_now = self._ask()
            return self._wanted_now

    def send_first(self, timeout: float) -> None:
        """Give what waits a moment to reach the centre, before it is asked what it works out from its own data."""
        if self.state.waiting:
            self.wait_for(self.wake(), timeout)

    def wait_for(self, round_number: int, timeout: float) -> bool:
        """Whether that round has gone through within `timeout` seconds."""
        with self._turn:
            return self._turn.wait_for(lambda: self._done >= round_number or self._is_closing, timeout) and (
                self._done >= round_number
            )

    def go_offline(self) -> None:
        """Stop talking to the centre until go_online."""
        self.standing.is_offline_by_choice = True  # first: what breaks off now is no fault of the line
        self._sender.hold()
        self._listener.hold()
        self.standing.show_choice()

    def go_online(self) -> None:
        self._sender.let_go()
        self._listener.let_go()
        self.standing.is_offline_by_choice = False
        self.wake()

    def count(self) -> None:
        """Show how many wait now."""
        self.standing.count()

    def noticed(self, waiting: outbox.Waiting) -> None:
        """The outbox changed: show it, and send what there is. Waits for nothing but a count that is under way."""
        self.standing.counted(waiting)
        self._ask()

    def is_locked(self) -> bool:
        """Whether nothing may be shown or changed now; the state then says why."""
        return self.standing.is_locked()

    def is_filled(self) -> bool:
        """Whether the cache holds the company."""
        return self.pulling.is_filled()

    def sign_in(self, password: str) -> None:
        """Raises WrongPassword, CentreOutOfReach, SignInRefused. Blocks."""
        transport = Transport(self._centre, self._timing)
        try:
            self._credentials.sign_in_again(transport, password)
        finally:
            transport.close()
        self.wake()

    # --- the two threads

    def _again_and_again(self, work: Callable[[], None]) -> None:
        """`work` explains its own failures. Should that fail too, it begins anew: nothing waits for the next start."""
        while not self._is_closing:
            try:
                work()
            except Exception as error:
                log.error("a thread of syncing broke off and begins again", exc_info=error)
                self._pause(self._asked, SHORTEST_PAUSE, None)

    def _keep_sending(self) -> None:
        pause = SHORTEST_PAUSE
        while self._wait_for_work():
            asked = self._asked
            try:
                self.round(self._sender)
                with self._turn:
                    self._done = max(self._done, asked)
                    self._turn.notify_all()
                if not self.state.waiting or self._asked > asked:
                    pause = SHORTEST_PAUSE  # all is sent, or what waits was entered meanwhile: the next round takes it
                else:  # the centre left some without its last word: once more, a little later
                    pause = self._pause(asked, pause, None)
                    self._ask()
            except Exception as error:
                self._versions.forget()
                if self._explain(error):
                    pause = self._pause(asked, pause, error)

    def _keep_listening(self) -> None:
        pause = SHORTEST_PAUSE
        while self._wait_until_round(1):
            asked, pulls = self._asked, self.standing.pulls
            try:
                # after a failure not for news, only whether the centre is back: it would be told when the news come
                self.pulling.pull(self._listener, wait=wire.LONGEST_WAIT_SECONDS if pause == SHORTEST_PAUSE else 0)
            except Exception as error:
                if self._explain(error, pulls):
                    pause = self._pause(asked, pause, error)
            else:
                if pause > SHORTEST_PAUSE:
                    self._ask()  # the centre is back: the sender need not sit out its pause
                pause = SHORTEST_PAUSE

    def _ask(self) -> int:
        """There is something to send, or to fetch."""
        with self._turn:
            self._asked += 1
            self._turn.notify_all()
            return self._asked

    def _wait_for_work(self) -> bool:
        def is_wanted() -> bool:
            return self._is_closing or (self._asked > self._done and not self.standing.is_offline_by_choice)

        while True:
            with self._turn:
                if self._turn.wait_for(is_wanted, SECONDS_BETWEEN_LOOKS_AT_THE_LEASE):
                    return not self._is_closing
            self.is_locked()

    def _wait_until_round(self, number: int) -> bool:
        """The listener starts after the first round: until then the sender fills the cache."""
        with self._turn:
            self._turn.wait_for(
                lambda: self._is_closing or (self._done >= number and not self.standing.is_offline_by_choice)
            )
            return not self._is_closing

    def _pause(self, asked: int, pause: float, error: Exception | None) -> float:
        """Wait before the next try, unless there is something new to send or fetch. Answers the pause after that.

        Where the centre said for how long, only a person who wants it now ends the wait.
        """
        told = getattr(error, "retry_after", None)

        def is_over() -> bool:
            return self._is_closing or (self._wanted_now if told else self._asked) > asked

        with self._turn:
            self._turn.wait_for(is_over, seconds_to_pause(pause, told))
        return min(pause * 2, LONGEST_PAUSE)

    def _explain(self, error: Exception, pulls: int | None = None) -> bool:
        """Show why syncing stopped. False where it was us who broke off."""
        return not self._is_closing and self.standing.explain(error, pulls)

    # --- what a round does

    def round(self, transport: Transport) -> None:
        """Send all that waits and fetch all that is new, on the thread of whoever calls."""
        self._credentials.token(transport)  # whoever has to sign in is told so before the centre is there
        self._versions.ask(transport)
        if self.is_filled():
            self._answers.begin_round()
            waiting: float = math.inf
            while not self.pushing.push(transport):
                self.pulling.pull_to_the_end(
                    transport
                )  # holds what depends on the refused, or fetches the restored books
                if self.state.waiting >= waiting:
                    break  # somebody works on meanwhile: the next round goes on
                waiting = self.state.waiting
        self.pulling.pull_to_the_end(transport)
