"""What is said before the window closes: that typed things would be lost, or that changes are not sent yet."""

from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMessageBox, QWidget

from erp_desktop.i18n import translate
from erp_desktop.sync.state import SyncKind, SyncState

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

MOST_TITLES = 12
SENDING_MS = 500  # what is just being sent is mostly gone by then, and nothing has to be said


class Answer(Enum):
    SAVE = auto()
    DISCARD = auto()
    KEEP_EDITING = auto()


def take_open_cell() -> None:
    """What stands in the open editor of a cell is typed: its lines get it before anybody asks whether something is unsaved."""
    widget = QApplication.focusWidget()
    while widget is not None and not isinstance(widget, QAbstractItemView):
        widget = widget.parentWidget()
    if widget is not None:
        widget.setFocus()


def ask_about_changes(parent: QWidget, titles: list[str]) -> Answer:
    """Asks once about everything that is not saved."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle(translate("AskAboutChanges", "Not saved yet"))
    box.setText(translate("AskAboutChanges", "There are changes that are not saved:"))
    shown = titles if len(titles) <= MOST_TITLES else [*titles[:MOST_TITLES], "…"]
    box.setInformativeText("\n".join(shown))
    save = box.addButton(translate("AskAboutChanges", "Save"), QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton(translate("AskAboutChanges", "Discard the changes"), QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(translate("AskAboutChanges", "Keep editing"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(save)
    box.setEscapeButton(stay)
    box.exec()
    if box.clickedButton() is save:
        return Answer.SAVE
    return Answer.DISCARD if box.clickedButton() is discard else Answer.KEEP_EDITING


def _is_shut_down() -> bool:
    app = QGuiApplication.instance()
    return isinstance(app, QGuiApplication) and app.isSavingSession()


class Closing(QObject):
    """Keeps the window open until somebody knows that changes still wait for the central service.

    What is just being sent gets a moment; once nothing waits, the window closes without another word.
    """

    def __init__(self, window: QWidget, desk: "Desk") -> None:
        super().__init__(window)
        self._window, self._desk = window, desk
        self._is_told = self._is_wanted = False
        self._box: QMessageBox | None = None
        self._moment = QTimer(self, singleShot=True)
        self._moment.timeout.connect(self._tell)
        desk.sync_state_changed.connect(self._follow)

    def holds(self) -> bool:
        """Whether the window stays for now: it says what waits first. A computer that is shut down is not kept waiting."""
        state = self._desk.sync_state
        if self._is_told or not state.waiting or _is_shut_down():
            return False
        self._is_wanted = True
        if self._box is None and not self._moment.isActive():
            self._moment.start(SENDING_MS if state.kind is SyncKind.SYNCING else 0)
        return True

    def _tell(self) -> None:
        box = self._box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(translate("AskAboutChanges", "Not sent yet"))
        close = box.addButton(translate("AskAboutChanges", "Close the window"), QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton(translate("AskAboutChanges", "Keep it open"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(close)
        box.setEscapeButton(stay)
        box.finished.connect(lambda _result: self._answer(closes=box.clickedButton() is close))
        self._say_what_waits()
        box.open()

    def _say_what_waits(self) -> None:
        if self._box is not None:
            text = translate("AskAboutChanges", "Changes that wait for the central service: {count}")
            self._box.setText(text.format(count=f"{self._desk.sync_state.waiting:,}"))
            self._box.setInformativeText(
                translate(
                    "AskAboutChanges", "They are kept on this computer and sent when the program is opened again."
                )
            )

    def _follow(self, state: SyncState) -> None:
        if not self._is_wanted:
            return
        if state.waiting:
            self._say_what_waits()
        else:
            self._answer(closes=True)

    def _answer(self, *, closes: bool) -> None:
        self._is_wanted = False
        self._moment.stop()
        box, self._box = self._box, None
        if box is not None:
            box.blockSignals(True)
            box.close()
            box.deleteLater()
        self._is_told = closes
        if closes:
            self._window.close()
            self._is_told = False
