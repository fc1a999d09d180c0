"""What the centre answered to the actions of this desk's pushes, until a pull brings its word: they are not sent meanwhile."""

import threading
from collections.abc import Iterable
from uuid import UUID


class Answers:
    """From whichever thread. In memory only: after a start all that waits is sent, and gets its old answer again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._ticks: dict[UUID, int] = {}
        self._not_yet: set[UUID] = set()  # offered again after a restore, and waiting for what another desk offers

    def has(self, action_id: UUID, tick: int | None) -> None:
        """Answered at `tick`; None: held back, until the next pull says why."""
        with self._guard:
            self._ticks[action_id] = tick or 0

    def comes_later(self, action_id: UUID) -> None:
        """To be sent once more, but not in this round."""
        with self._guard:
            self._not_yet.add(action_id)

    def begin_round(self) -> None:
        with self._guard:
            self._not_yet.clear()

    def not_to_send(self) -> set[UUID]:
        with self._guard:
            return self._ticks.keys() | self._not_yet

    def pulled(self, acknowledged: Iterable[UUID], tick: int) -> None:
        """What was answered and is not acknowledged by a pull that reaches so far is sent again."""
        known = set(acknowledged)
        with self._guard:
            self._ticks = {
                action: answered for action, answered in self._ticks.items() if action not in known and answered > tick
            }

    def forget(self) -> None:
        """The ticks are of a timeline that may be gone."""
        with self._guard:
            self._ticks.clear()
