"""Long work on the window's own thread, a piece at a time, so that keys and painting come in between."""

from collections import deque
from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer, Signal


class Slices(QObject):
    """Works off what is begun, one after another. Each work yields wherever the window's events may come in between; what
    yields nowhere is done at once."""

    done = Signal()  # with all that was begun

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._works: deque[Iterator[None]] = deque()
        self._between_events = QTimer(self, interval=0)
        self._between_events.timeout.connect(self._go_on)

    @property
    def is_busy(self) -> bool:
        return bool(self._works)

    def begin(self, work: Iterator[None]) -> None:
        self._works.append(work)
        if len(self._works) == 1:
            self._go_on()
        if self._works:
            self._between_events.start()

    def finish(self) -> None:
        """Does all that is left, now."""
        while self._works:
            self._go_on()

    def _go_on(self) -> None:
        if not self._works:
            self._between_events.stop()
            return
        work = self._works.popleft()  # out of reach meanwhile: what it does may begin more
        if next(work, self) is not self:
            self._works.appendleft(work)
        elif not self._works:
            self._between_events.stop()
            self.done.emit()


__all__ = ["Slices"]
