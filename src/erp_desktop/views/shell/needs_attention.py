"""Needs attention: what was done here and could not be carried out, each waiting to be mended, sent again or dropped."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.queries.company import CompanyDetail, CompanyFacts
from erp_desktop.queries.documents import Address, DocumentAddress
from erp_desktop.views.documents.kinds import document_text
from erp_desktop.views.shell.about_actions import about
from erp_desktop.views.shell.action_titles import action_title, document_of
from erp_desktop.views.widgets.asking import Failure, say, when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value, shown
from erp_desktop.views.widgets.list_model import KIND_ROLE, VALUE_ROLE, alignment
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage
from erp_desktop.views.widgets.table_view import TableView
from erp_desktop.views.widgets.theme import SECTION_PX, sized_font

if TYPE_CHECKING:
    from erp_desktop.desk import AttentionItem, Desk
    from erp_desktop.views.shell.main_window import MainWindow

Index = QModelIndex | QPersistentModelIndex
OpenEditor = Callable[["MainWindow", "AttentionItem"], object]

_editors: dict[str, OpenEditor] = {}


def register_editor(action_name: str, open_editor: OpenEditor) -> None:
    """Says which screen mends an action: `open_editor(shell, item)` shows `item.action`, and sends with `desk.amend`."""
    _editors[action_name] = open_editor


class AttentionModel(QAbstractTableModel):
    """The waiting items, oldest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.items: tuple[AttentionItem, ...] = ()
        self._currency, self._places = "", 2
        self.columns = (
            TableColumn("what", translate("NeedsAttention", "What"), stretches=True),
            TableColumn("status", translate("NeedsAttention", "Status"), CellKind.STATUS, 150),
            TableColumn("since", translate("NeedsAttention", "Since"), CellKind.INSTANT),
        )

    def show_money(self, company: CompanyFacts) -> None:
        """The currency that amounts are in."""
        self._currency, self._places = company.currency, company.currency_places
        self.layoutChanged.emit()

    def about(self, item: "AttentionItem") -> str:
        """What was typed when `item` was entered, as far as a person knows it by that."""
        return about(item.action, self._currency, self._places)

    def what(self, item: "AttentionItem") -> str:
        """What was to be done and what it is known by, so that two refused entries can be told apart."""
        return " · ".join(filter(None, (action_title(item.name), self.about(item))))

    def show_items(self, items: "tuple[AttentionItem, ...]") -> None:
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.items)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == KIND_ROLE:
            return column.kind
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(column.kind)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, VALUE_ROLE):
            return None
        item = self.items[index.row()]
        value = self.what(item) if column.name == "what" else getattr(item, column.name)
        return value if role == VALUE_ROLE else shown(value, column.kind)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way == Qt.Orientation.Vertical or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.heading
        return alignment(column.kind) if role == Qt.ItemDataRole.TextAlignmentRole else None


class DropDialog(QDialog):
    """Asks why: what is dropped is kept with its reason."""

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("DropDialog", "Drop with a reason"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        question = QLabel(translate("DropDialog", "{what} will not be carried out. Why?").format(what=what))
        question.setWordWrap(True)
        self.field = QLineEdit(self)
        self.field.setAccessibleName(translate("DropDialog", "Reason"))
        question.setBuddy(self.field)
        buttons = QDialogButtonBox(self)
        self.drop_button = buttons.addButton(translate("DropDialog", "Drop"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(translate("DropDialog", "Go back"), QDialogButtonBox.ButtonRole.RejectRole)
        self.drop_button.setEnabled(False)
        self.field.textChanged.connect(lambda text: self.drop_button.setEnabled(bool(text.strip())))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (question, self.field, buttons):
            layout.addWidget(widget)

    def reason(self) -> str:
        return self.field.text().strip()


def _follow(button: QPushButton, action: QAction) -> None:
    button.setEnabled(action.isEnabled())
    button.setVisible(action.isVisible())


def _leave_unnamed(_failure: Failure) -> None:
    """The document is not in this cache (any more): the item says what happened without its name."""


class NeedsAttentionView(ScreenView):
    """The list at the left; at the right what happened, what to do, and the buttons that do it."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self._shell = shell
        self._newest = 0
        self._opens: tuple[str, UUID] | None = None  # the document that the current item is about
        again_text = translate("NeedsAttention", "Send again")
        self.send_action = self.add_command("attention.send", again_text, self._send_again, "Ctrl+Return", "send")
        edit_text = translate("NeedsAttention", "Edit and send")
        self.edit_action = self.add_command("attention.edit", edit_text, self._edit, "F2", "edit")
        open_text = translate("NeedsAttention", "Open the document")
        self.open_action = self.add_command("attention.open", open_text, self._open_document, "Ctrl+O", "open")
        drop_text = translate("NeedsAttention", "Drop with a reason")
        self.drop_action = self.add_command("attention.drop", drop_text, self._drop, "Ctrl+Delete", "delete")
        self.model = AttentionModel(self)
        self.view = TableView(self)
        self.view.setModel(self.model)
        self.view.lay_out(self.model.columns)
        self.view.setAccessibleName(translate("NeedsAttention", "Needs attention"))
        self.banner = Banner(self)
        self._build()
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._show_current())
        self.view.row_opened.connect(lambda _: self._edit())
        desk.sync_state_changed.connect(lambda _: self.refresh())
        desk.changed.connect(lambda _: self.refresh())
        self.setFocusProxy(self.view)
        when_done(desk.ask(CompanyDetail()), self, self._take_money)
        self.refresh()

    def _build(self) -> None:
        header = PageHeader(translate("NeedsAttention", "Needs attention"), self)
        self.what, self.happened, self.to_do, self.entered = QLabel(), QLabel(), QLabel(), QLabel()
        self.what.setFont(sized_font(self.font(), SECTION_PX, bold=True))
        for label in (self.what, self.happened, self.to_do, self.entered):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        pane = QWidget(self)
        pane.setObjectName("sidePane")
        pane.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        pane.setMinimumWidth(340)
        lines = QVBoxLayout(pane)
        lines.setContentsMargins(16, 14, 16, 14)
        lines.setSpacing(8)
        lines.addWidget(self.what)
        for heading, label in (
            (translate("NeedsAttention", "What happened"), self.happened),
            (translate("NeedsAttention", "What it is about"), self.entered),
            (translate("NeedsAttention", "What to do"), self.to_do),
        ):
            title = QLabel(heading)
            title.setProperty("tone", "secondary")
            lines.addSpacing(6)
            lines.addWidget(title)
            lines.addWidget(label)
        lines.addSpacing(8)
        self.buttons: list[QPushButton] = []
        for number, action in enumerate((self.send_action, self.edit_action, self.open_action, self.drop_action)):
            button = QPushButton(action.text())
            button.setAutoDefault(True)  # Enter presses it
            button.setProperty("primary", number == 0)
            button.setToolTip(action.toolTip())
            button.setAccessibleName(action.text())
            button.clicked.connect(action.trigger)
            action.changed.connect(partial(_follow, button, action))
            self.buttons.append(button)
            lines.addWidget(button)
        lines.addStretch(1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.view)
        split.addWidget(pane)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        self.nothing = StatePage(self)
        self.nothing.show_state(
            "check",
            translate("NeedsAttention", "Nothing needs attention"),
            translate("NeedsAttention", "What cannot be carried out appears here, with what to do about it."),
        )
        self._stack = QStackedWidget(self)
        self._stack.addWidget(split)
        self._stack.addWidget(self.nothing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(header)
        layout.addWidget(self.banner)
        layout.addWidget(self._stack, 1)

    def refresh(self) -> None:
        """Asks for the items anew; only the newest answer counts."""
        self._newest += 1
        when_done(self._desk.attention(), self, partial(self._take, self._newest))

    def current(self) -> "AttentionItem | None":
        row = self.view.currentIndex().row()
        return self.model.items[row] if 0 <= row < len(self.model.items) else None

    def _take(self, asked: int, items: "tuple[AttentionItem, ...]") -> None:
        if asked != self._newest:
            return
        if items != self.model.items:
            before = self.current()
            row = self.view.currentIndex().row()
            self.model.show_items(items)
            ids = [item.id for item in items]
            if before is not None and before.id in ids:
                row = ids.index(before.id)
            if items:
                self.view.selectRow(min(max(row, 0), len(items) - 1))
        self._stack.setCurrentIndex(0 if items else 1)
        self._show_current()

    def _show_current(self) -> None:
        item = self.current()
        for action in (self.send_action, self.drop_action):
            action.setEnabled(item is not None)
        can_be_edited = item is not None and item.action is not None and item.name in _editors
        self.edit_action.setEnabled(can_be_edited)
        self.edit_action.setVisible(can_be_edited)
        if item is None:
            return
        self.what.setText(action_title(item.name))
        self.happened.setText(item.sentence or self._why(item))
        self._show_document(item)
        self.to_do.setText(self._advice(item))

    def _show_document(self, item: "AttentionItem") -> None:
        """Names the document that the action is about, once the desk has said what it is called."""
        document = self._opens = document_of(item.action)
        self.open_action.setEnabled(document is not None and self._shell.has_screen(document[0]))
        self.entered.setText(
            self.model.about(item) or translate("NeedsAttention", "Nothing more is known about it here.")
        )
        if document is not None:
            kind, record_id = document
            asked = self._desk.ask(DocumentAddress(kind, record_id))
            when_done(asked, self, partial(self._name_document, item.id), on_failed=_leave_unnamed)

    def _name_document(self, item_id: UUID, address: Address) -> None:
        current = self.current()
        if current is not None and current.id == item_id:
            kind = address.kind
            self._opens = (kind, address.id)
            self.open_action.setEnabled(self._shell.has_screen(kind))
            name = document_text(kind, address.number, str(cell_value(address, "title")))
            self.entered.setText("\n".join(filter(None, (name, self.model.about(current)))))

    def _take_money(self, company: CompanyFacts) -> None:
        self.model.show_money(company)
        self._show_current()

    def _open_document(self) -> None:
        if self.current() is not None and self._opens is not None and self._shell.has_screen(self._opens[0]):
            self._shell.open_screen(self._opens[0], id=self._opens[1])

    def _why(self, item: "AttentionItem") -> str:
        if item.status == "held":
            return translate("NeedsAttention", "It waits because another change that it builds on was not carried out.")
        return translate("NeedsAttention", "It could not be carried out. Nothing was lost.")

    def _advice(self, item: "AttentionItem") -> str:
        if item.status == "held":
            return translate("NeedsAttention", "Settle the change before it; this one is then sent by itself.")
        if item.name in _editors and item.action is not None:
            return translate("NeedsAttention", "Put it right and send it, send it again as it is, or drop it.")
        return translate("NeedsAttention", "Send it again once the reason is gone, or drop it and enter it anew.")

    def _send_again(self) -> None:
        item = self.current()
        if item is not None:
            done = translate("NeedsAttention", "Sent again: {what}").format(what=action_title(item.name))
            when_done(self._desk.send_again(item.id), self, lambda _: self._done(done), self._show_refusal)

    def _edit(self) -> None:
        item = self.current()
        if item is not None and item.action is not None and item.name in _editors:
            _editors[item.name](self._shell, item)

    def _drop(self) -> None:
        item = self.current()
        if item is None:
            return
        dialog = DropDialog(action_title(item.name), self)
        dialog.accepted.connect(lambda: self._drop_with(item, dialog.reason()))
        dialog.open()

    def _drop_with(self, item: "AttentionItem", reason: str) -> None:
        done = translate("NeedsAttention", "Dropped: {what}").format(what=action_title(item.name))
        when_done(self._desk.drop(item.id, reason), self, lambda _: self._done(done), self._show_refusal)

    def _done(self, sentence: str) -> None:
        self.banner.hide()
        say(sentence)
        self.refresh()

    def _show_refusal(self, refused: Refused) -> None:
        self.banner.show_sentence("warning", refused.problem.sentence)
        self.refresh()
