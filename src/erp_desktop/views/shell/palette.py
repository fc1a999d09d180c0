"""Ctrl+K: one field over the commands of the window, of the screen in front, and the screens."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.theme import current_theme

_TAIL_ROLE = Qt.ItemDataRole.UserRole + 1
WIDTH = 560
MOST_SHOWN = 12


@dataclass(frozen=True)
class Choice:
    """A line of the palette: what it says, where it belongs, and the action it triggers."""

    text: str
    place: str
    action: QAction


def rank(typed: str, text: str) -> int | None:
    """How well `text` answers `typed`, smaller is better: starts with it, a word starts with it, holds it, its letters in order.

    None if it does not answer at all.
    """
    wanted, found = typed.casefold().strip(), text.casefold()
    if found.startswith(wanted):
        return 0
    if any(word.startswith(wanted) for word in found.split()):
        return 1
    if wanted in found:
        return 2
    letters = iter(found)
    return 3 if all(letter in letters for letter in wanted.replace(" ", "")) else None


def best_choices(typed: str, choices: list[Choice]) -> list[Choice]:
    """The choices that answer `typed` (a leading `>` is allowed), best first, equals in their own order."""
    typed = typed.removeprefix(">")
    ranked = [(rank(typed, choice.text), choice) for choice in choices]
    return [choice for place, choice in sorted((r for r in ranked if r[0] is not None), key=lambda r: r[0] or 0)]


class _TailDelegate(QStyledItemDelegate):
    """Where a choice belongs and its keys, quietly at the right."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        painter.save()
        painter.setPen(current_theme().color("secondary"))
        room = option.rect.adjusted(0, 0, -12, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, right, str(index.data(_TAIL_ROLE) or ""))
        painter.restore()


class CommandPalette(QFrame):
    """A field and a list under it; arrows choose, Enter does, Esc closes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setObjectName("commandPalette")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.field, self.results = QLineEdit(self), QListWidget(self)
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.results.setFrameShape(QFrame.Shape.NoFrame)
        self.results.setUniformItemSizes(True)
        self.results.setIconSize(QSize(18, 18))
        self.results.setItemDelegate(_TailDelegate(self.results))
        self._choices: list[Choice] = []
        self._came_from: QWidget | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.results)
        self.field.textChanged.connect(self._show_matches)
        self.field.installEventFilter(self)
        self.results.itemClicked.connect(lambda _: self._do())
        self._name()
        self.hide()

    def ask(self, choices: list[Choice]) -> None:
        """Opens over the parent window with `choices`."""
        self._choices = choices
        self._came_from = QApplication.focusWidget()
        self._name()
        self.field.clear()
        self._show_matches("")
        self.setFixedSize(min(WIDTH, self._window.width() - 40), 440)
        self.move((self._window.width() - self.width()) // 2, 48)
        self.show()
        self.raise_()
        self.field.setFocus()

    def show_records(self, records: list[Choice]) -> None:
        """Adds the records that were found for what is typed, under what answers it by its own name."""
        if not records and self.results.count():
            return
        here = max(self.results.currentRow(), 0)
        for choice in records:
            self._add(choice)
        if not self.results.count():
            item = QListWidgetItem(translate("Palette", "Nothing is called so"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.results.addItem(item)
        self.results.setCurrentRow(here)

    def _name(self) -> None:
        hint = translate("Palette", "Search screens, commands and records")
        self.field.setPlaceholderText(hint)
        self.field.setAccessibleName(hint)
        self.results.setAccessibleName(translate("Palette", "Results"))

    def _show_matches(self, typed: str) -> None:
        self.results.clear()
        for choice in best_choices(typed, self._choices)[: MOST_SHOWN if typed else 60]:
            self._add(choice)
        if self.results.count():
            self.results.setCurrentRow(0)

    def _add(self, choice: Choice) -> None:
        keys = choice.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tail = "   ".join(part for part in (choice.place, keys) if part)
        item = QListWidgetItem(choice.action.icon(), choice.text)
        item.setData(Qt.ItemDataRole.UserRole, choice)
        item.setData(_TAIL_ROLE, tail)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{choice.text}, {tail}")
        self.results.addItem(item)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None and self.results.count():
                self.results.setCurrentRow((self.results.currentRow() + step) % self.results.count())
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._leave()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do()
                return True
        return super().eventFilter(watched, event)

    def _do(self) -> None:
        item = self.results.currentItem()
        choice = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if isinstance(choice, Choice):
            self._leave()
            choice.action.trigger()

    def _leave(self) -> None:
        """The keyboard goes back to where it was."""
        self.hide()
        if self._came_from is not None and isValid(self._came_from):
            self._came_from.setFocus()
