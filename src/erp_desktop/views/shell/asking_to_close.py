"""The one question before typed things would be lost."""

from enum import Enum, auto

from PySide6.QtWidgets import QAbstractItemView, QApplication, QMessageBox, QWidget

from erp_desktop.i18n import translate

MOST_TITLES = 12


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
