"""The lookup field: type a code or a name, choose from the list under it, and the field holds the record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QWidget
from shiboken6 import isValid

from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.reading import NotReadable, quoted

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

_TYPING_PAUSE_MS = 60
_MOST_OFFERED = 12


@dataclass(frozen=True)
class LookupItem:
    """A record that was chosen: its id, how it is called, and the whole row that the query answered."""

    id: UUID
    code: str
    name: str
    row: Any = None

    @property
    def text(self) -> str:
        return f"{self.code}  {self.name}" if self.code and self.name else self.code or self.name


@dataclass(frozen=True)
class LookupSpec:
    """What a lookup looks through: a list query (its free search finds codes and names), and one telling fact of a row.

    `none_text` is what it says while there is nothing at all to choose from. With `meant` many texts are looked up in one
    question, by the `key` of each: it answers the rows of those that mean one record beyond doubt.
    """

    query: Callable[[ListRequest], Query[ListPage[Any]]]
    code: str = "code"
    name: str = "name"
    fact: Callable[[Any], str] = lambda _row: ""
    filters: tuple[tuple[str, Any], ...] = ()
    none_text: str = ""
    meant: Callable[[tuple[Any, ...]], Query[Mapping[Any, Any]]] | None = None
    key: Callable[[str], Any] = str

    def item(self, row: Any) -> LookupItem:
        return LookupItem(row.id, str(getattr(row, self.code) or ""), str(cell_value(row, self.name) or ""), row)

    def request(self, typed: str) -> ListRequest:
        return ListRequest(search=typed, filters=self.filters, limit=_MOST_OFFERED, rows_only=True)

    def best(self, typed: str, rows: tuple[Any, ...]) -> LookupItem | None:
        """The one record that `typed` means: its code exactly, else the only row found or the only one of that name."""
        items = [self.item(row) for row in rows]
        exact = [item for item in items if item.code.casefold() == typed.casefold()]
        if exact:
            return exact[0]
        named = [item for item in items if item.name.casefold() == typed.casefold()]
        return next((found[0] for found in (items, named) if len(found) == 1), None)


class LookupField(QLineEdit):
    """Holds a LookupItem or nothing. `use(desk, spec)` before the first key; `chosen` when another record is held."""

    chosen = Signal(object)  # LookupItem or None
    edited = Signal()
    settled = Signal()  # the question that was under way is answered, nothing is open any more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk: Desk | None = None
        self._spec: LookupSpec | None = None
        self._item: LookupItem | None = None
        self._asked = 0
        self._is_leaving = False
        self._listed_for: str | None = None  # what was typed when the list was made
        self._list = QListWidget()
        self._list.setWindowFlags(Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self._list.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setFrameShape(QFrame.Shape.StyledPanel)
        self._list.setUniformItemSizes(True)
        self._list.itemClicked.connect(self._take)
        self.destroyed.connect(partial(_drop, self._list))
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        self.textEdited.connect(self._typed)
        self.installEventFilter(self)

    def use(self, desk: "Desk", spec: LookupSpec) -> None:
        """Says what is looked through."""
        self._desk, self._spec = desk, spec

    @property
    def results(self) -> QListWidget:
        """The list under the field, for what reads screens and tests."""
        return self._list

    @property
    def offers_for_text(self) -> bool:
        """The open list answers what stands in the field now, not an older text."""
        return self._list.isVisible() and self._listed_for == self.text()

    @property
    def is_undecided(self) -> bool:
        """Something is typed, and which record it means is not known yet."""
        return self._item is None and bool(self.text().strip())

    @property
    def is_waiting(self) -> bool:
        """A question is under way or about to be asked."""
        return self._pause.isActive() or self._is_leaving

    def value(self) -> LookupItem | None:
        """The record held, None for an empty field. Raises NotReadable for a text that means no record."""
        if self._item is not None or not self.text().strip():
            return self._item
        raise NotReadable(
            translate("Field", "{text} is not known here. Choose from the list.").format(text=quoted(self.text()))
        )

    def set_value(self, item: LookupItem | None) -> None:
        """Shows `item` without telling anybody."""
        self._pause.stop()
        self._asked += 1
        self._item = item
        self.setText(item.text if item is not None else "")
        self.setCursorPosition(0)
        self._list.hide()

    def stop(self) -> None:
        """Asks nothing any more: the field is about to go, somebody else finds out what its text means."""
        self._pause.stop()
        self._desk = None
        self._list.hide()

    def open_list(self) -> None:
        """Shows what there is: everything for an empty field or one that holds a record."""
        self._ask()

    def _typed(self, text: str) -> None:
        had = self._item
        self._item = None
        if had is not None:
            self.chosen.emit(None)
        self.edited.emit()
        if text.strip():
            self._pause.start()
        else:
            self._pause.stop()
            self._list.hide()

    def _ask(self) -> None:
        if self._desk is None or self._spec is None:
            return
        self._pause.stop()
        self._asked += 1
        typed = "" if self._item is not None else self.text().strip()
        query = self._spec.query(self._spec.request(typed))
        when_done(self._desk.ask(query), self, partial(self._offer, self._asked, typed, self.text()))

    def _offer(self, asked: int, typed: str, text: str, page: ListPage[Any]) -> None:
        if asked != self._asked or self._spec is None:
            return
        if self._is_leaving or not self.hasFocus():
            self._is_leaving = False
            self._list.hide()
            best = self._spec.best(typed, page.rows) if typed else None
            if best is not None:
                self._hold(best)
            self.settled.emit()
            return
        self._listed_for = text  # more may have been typed since it was asked
        self._list.clear()
        for row in page.rows:
            item, fact = self._spec.item(row), self._spec.fact(row)
            line = QListWidgetItem(f"{item.text}    {fact}" if fact else item.text)
            line.setData(Qt.ItemDataRole.UserRole, item)
            self._list.addItem(line)
        if page.rows:
            self._list.setCurrentRow(0)
        elif typed or not self._spec.none_text:
            self._say_in_list(translate("Field", "Nothing matches"))
            if self._spec.none_text and self._desk is not None:
                everything = self._desk.ask(self._spec.query(self._spec.request("")))
                when_done(everything, self, partial(self._say_if_none, asked, self._spec.none_text))
        else:
            self._say_in_list(self._spec.none_text)
        self._list.setAccessibleName(translate("Field", "Records found"))
        rows = min(max(self._list.count(), 1), _MOST_OFFERED)
        widest = self._list.fontMetrics().horizontalAdvance(self._list.item(0).text()) + 32 if not page.rows else 0
        self._list.resize(max(self.width(), 380, widest), 34 * rows + 8)
        self._list.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        self._list.show()
        self.settled.emit()

    def _say_in_list(self, sentence: str) -> None:
        self._list.clear()
        line = QListWidgetItem(sentence)
        line.setFlags(Qt.ItemFlag.NoItemFlags)
        self._list.addItem(line)
        wide = self._list.fontMetrics().horizontalAdvance(sentence) + 32
        self._list.resize(max(self._list.width(), wide), self._list.height())

    def _say_if_none(self, asked: int, sentence: str, page: ListPage[Any]) -> None:
        if asked == self._asked and not page.rows and self._list.isVisible():
            self._say_in_list(sentence)

    def _take(self, line: QListWidgetItem | None) -> None:
        item = line.data(Qt.ItemDataRole.UserRole) if line is not None else None
        if isinstance(item, LookupItem):
            self._hold(item)

    def _hold(self, item: LookupItem) -> None:
        self.set_value(item)
        self.chosen.emit(item)
        self.edited.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._press(event):
            return True
        return super().eventFilter(watched, event)

    def _press(self, event: QKeyEvent) -> bool:
        keys = Qt.Key
        opens = event.key() == keys.Key_F4 and not event.modifiers()
        if opens or (event.key() == keys.Key_Down and not self._list.isVisible()):
            self.open_list()
            return True
        if not self._list.isVisible():
            return False
        if event.key() in (keys.Key_Down, keys.Key_Up):
            step = 1 if event.key() == keys.Key_Down else -1
            self._list.setCurrentRow((self._list.currentRow() + step) % max(self._list.count(), 1))
            return True
        if event.key() == keys.Key_Escape:
            self._list.hide()
            return True
        if event.key() in (keys.Key_Return, keys.Key_Enter, keys.Key_Tab):
            if not self.offers_for_text:  # the list answers an older text: find what this one means
                self._list.hide()
                self._is_leaving = True
                self._ask()
                return False
            self.take_highlighted()
            return event.key() != keys.Key_Tab
        return False

    def take_highlighted(self) -> None:
        """Holds the record marked in the open list, if that list answers what stands in the field now."""
        if self.offers_for_text:
            self._take(self._list.currentItem())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._list.hide()
        if self._item is None and self.text().strip() and self._desk is not None:
            self._is_leaving = True
            self._ask()


def _drop(results: QListWidget, _gone: object = None) -> None:
    if isValid(results):
        results.deleteLater()
