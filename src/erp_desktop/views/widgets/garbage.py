"""Python's collector of unused objects, kept on the window's thread.

Whatever thread runs it also destroys what it finds, and a Qt object that another thread destroys while the window uses
what belongs to it ends the program. PySide hands only its own widgets back to their thread: not models, timers, actions,
nor any widget class of ours.
"""

import gc

from PySide6.QtCore import QObject, QTimer

MILLISECONDS_BETWEEN_LOOKS = 500


class GarbageCollector(QObject):
    """Instead of the automatic one, which runs on whichever thread happens to make the next object."""

    def __init__(self, parent: QObject) -> None:
        """Of the thread that calls; the automatic one is off from now on."""
        super().__init__(parent)
        gc.disable()
        timer = QTimer(self)
        timer.timeout.connect(self.collect_what_is_due)
        timer.start(MILLISECONDS_BETWEEN_LOOKS)

    def collect_what_is_due(self) -> None:
        """The oldest generation that has reached its threshold, and all younger ones, as the automatic one does."""
        due = [made > most for made, most in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if True in due:
            gc.collect(max(generation for generation, is_due in enumerate(due) if is_due))
