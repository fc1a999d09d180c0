"""Needs attention: what was done here and could not be carried out, each waiting to be mended, sent again or dropped."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.actions.both_versions import keeping, names_of, versions_of
from erp_desktop.actions.remedies import Question, Refusal, Remedy, WayOut, ways_out
from erp_desktop.i18n import translate
from erp_desktop.queries.company import CompanyDetail, CompanyFacts
from erp_desktop.queries.documents import Address, DocumentAddress
from erp_desktop.sync.settling import Decision, Unsettled
from erp_desktop.views.documents.kinds import document_text
from erp_desktop.views.shell.action_titles import action_title, document_of
from erp_desktop.views.shell.attention_cases import Case, CasesModel, cases_of
from erp_desktop.views.shell.attention_dialogs import AnswerDialog, CorrectDialog, DropDialog, can_be_corrected
from erp_desktop.views.shell.both_versions import BothVersionsTable
from erp_desktop.views.widgets.asking import Failure, say, when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage
from erp_desktop.views.widgets.table_view import TableView
from erp_desktop.views.widgets.theme import SECTION_PX, sized_font

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.sync.what_waits import AttentionItem
    from erp_desktop.views.shell.main_window import MainWindow

_MOST_NAMED = 200  # documents whose names are asked for
_HIGHEST_LIST = 132  # pixels of the list of what a case holds
_ITEM_ROLE = Qt.ItemDataRole.UserRole


def _follow(button: QPushButton, action: QAction) -> None:
    button.setEnabled(action.isEnabled())
    button.setVisible(action.isVisible())


def _leave_unnamed(_failure: Failure) -> None:
    """The document is not in this cache (any more): the item says what happened without its name."""


class NeedsAttentionView(ScreenView):
    """A row for each cause at the left; at the right what happened, what to do, and the buttons that do it."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self._shell = shell
        self._newest = 0
        self._items: tuple[AttentionItem, ...] = ()
        self._asked_names: set[tuple[str, UUID]] = set()
        self._addresses: dict[tuple[str, UUID], tuple[str, UUID]] = {}  # of a line: the document that it is of
        again_text = translate("NeedsAttention", "Send again")
        self.send_action = self.add_command("attention.send", again_text, self._send_again, "Ctrl+Return", "send")
        edit_text = translate("NeedsAttention", "Edit and send")
        self.edit_action = self.add_command("attention.edit", edit_text, self._edit, "F2", "edit")
        open_text = translate("NeedsAttention", "Open the document")
        self.open_action = self.add_command("attention.open", open_text, self._open_document, "Ctrl+O", "open")
        drop_text = translate("NeedsAttention", "Drop with a reason")
        self.drop_action = self.add_command("attention.drop", drop_text, self._drop, "Ctrl+Delete", "delete")
        self.model = CasesModel(self)
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

    # --- what is there

    def _build(self) -> None:
        header = PageHeader(translate("NeedsAttention", "Needs attention"), self)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.view)
        split.addWidget(self._pane())
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([620, 460])
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

    def _pane(self) -> QWidget:
        self.what, self.happened, self.to_do, self.entered = QLabel(), QLabel(), QLabel(), QLabel()
        self.what.setFont(sized_font(self.font(), SECTION_PX, bold=True))
        for label in (self.what, self.happened, self.to_do, self.entered):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.members = QListWidget(self)
        self.members.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.members.setAccessibleName(translate("NeedsAttention", "What it is about"))
        self.members.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.members.itemSelectionChanged.connect(self._offer)
        pane = QWidget(self)
        pane.setObjectName("sidePane")
        pane.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        lines = QVBoxLayout(pane)
        lines.setContentsMargins(16, 14, 16, 14)
        lines.setSpacing(8)
        lines.addWidget(self.what)
        for heading, widgets in (
            (translate("NeedsAttention", "What happened"), (self.happened,)),
            (translate("NeedsAttention", "What it is about"), (self.entered, self.members)),
            (translate("NeedsAttention", "What to do"), (self.to_do,)),
        ):
            title = QLabel(heading)
            title.setProperty("tone", "secondary")
            lines.addSpacing(6)
            lines.addWidget(title)
            for widget in widgets:
                lines.addWidget(widget)
        lines.addSpacing(8)
        self.versions = BothVersionsTable(self)
        self.versions.chosen.connect(self._offer)
        lines.addWidget(self.versions)
        self._ways = QVBoxLayout()
        self._ways.setSpacing(8)
        lines.addLayout(self._ways)
        self.ways: list[QPushButton] = []  # what helps here, the best first
        self.buttons: list[QPushButton] = []  # what always helps
        for action in (self.send_action, self.edit_action, self.open_action, self.drop_action):
            button = self._button(action.text())
            button.setToolTip(action.toolTip())
            button.clicked.connect(action.trigger)
            action.changed.connect(partial(_follow, button, action))
            self.buttons.append(button)
            lines.addWidget(button)
        lines.addStretch(1)
        around = QScrollArea(self)
        around.setObjectName("sidePaneAround")
        around.setWidget(pane)
        around.setWidgetResizable(True)
        around.setFrameShape(QScrollArea.Shape.NoFrame)
        around.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        around.setMinimumWidth(380)
        return around

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(True)  # Enter presses it
        button.setAccessibleName(text)
        return button

    def refresh(self) -> None:
        """Asks for the items anew; only the newest answer counts."""
        self._newest += 1
        when_done(self._desk.attention(), self, partial(self._take, self._newest))

    def current(self) -> Case | None:
        row = self.view.currentIndex().row()
        return self.model.cases[row] if 0 <= row < len(self.model.cases) else None

    def chosen(self) -> "tuple[AttentionItem, ...]":
        """Of the current case the items that are selected in its list; all of them where none is."""
        case = self.current()
        if case is None:
            return ()
        selected = {line.data(_ITEM_ROLE) for line in self.members.selectedItems()}
        return tuple(item for item in case.items if item.id in selected) or case.items

    def _take(self, asked: int, items: "tuple[AttentionItem, ...]") -> None:
        if asked != self._newest:
            return
        if items != self._items:
            self._items = items
            before = self.current()
            row = self.view.currentIndex().row()
            cases = cases_of(items)
            self.model.show_cases(cases)
            if before is not None:
                known = {item.id for item in before.items}
                same = (place for place, case in enumerate(cases) if known & {item.id for item in case.items})
                row = next(same, row)
            if cases:
                self.view.selectRow(min(max(row, 0), len(cases) - 1))
            self._ask_names()
        self._stack.setCurrentIndex(0 if items else 1)
        self._show_current()

    def _ask_names(self) -> None:
        """What the documents are called that the items are about."""
        for item in self._items[:_MOST_NAMED]:
            document = document_of(item.action)
            if document is not None and document not in self._asked_names:
                self._asked_names.add(document)
                asked = self._desk.ask(DocumentAddress(*document))
                when_done(asked, self, partial(self._name_document, document), on_failed=_leave_unnamed)

    def _name_document(self, document: tuple[str, UUID], address: Address) -> None:
        self._addresses[document] = (address.kind, address.id)
        name = document_text(address.kind, address.number, str(cell_value(address, "title")))
        self.model.name_document(document, name)
        self._show_current()

    def _take_money(self, company: CompanyFacts) -> None:
        self.model.show_money(company)
        self._show_current()

    # --- the case under the cursor

    def _show_current(self) -> None:
        case = self.current()
        if case is not None:
            self.what.setText(action_title(case.first.name))
            self.happened.setText(case.first.sentence or self._why(case.first))
            self._show_members(case)
            self._show_versions(case)
        self._offer()

    def _show_members(self, case: Case) -> None:
        is_one = len(case.items) == 1
        told = "\n".join(filter(None, (self.model.document(case.first), self.model.about(case.first))))
        self.entered.setText(told or translate("NeedsAttention", "Nothing more is known about it here."))
        self.entered.setVisible(is_one)
        wanted: list[tuple[str, UUID | None]]
        wanted = [] if is_one else [(self.model.what(item), item.id) for item in case.items]
        for item in case.held:
            wanted.append(
                (translate("NeedsAttention", "Waits behind it: {what}").format(what=self.model.what(item)), None)
            )
        shown = [
            (self.members.item(row).text(), self.members.item(row).data(_ITEM_ROLE))
            for row in range(self.members.count())
        ]
        if shown != wanted:
            self.members.clear()
            for text, item_id in wanted:
                line = QListWidgetItem(text, self.members)
                line.setToolTip(text)
                line.setData(_ITEM_ROLE, item_id)
                if item_id is None:
                    line.setFlags(Qt.ItemFlag.ItemIsEnabled)
        height = sum(self.members.sizeHintForRow(row) for row in range(self.members.count())) + 6
        self.members.setFixedHeight(min(height, _HIGHEST_LIST))
        self.members.setVisible(bool(wanted))

    def _show_versions(self, case: Case) -> None:
        """Where two people changed one record: what each of them made of it, side by side."""
        item = case.first
        is_clash = item.code == "changed_meanwhile" and item.action is not None and "theirs" in item.fields
        found = versions_of(item.action, item.fields) if is_clash and item.action is not None else ()
        self.versions.show_versions(found, names_of(item.fields) if found else {})

    def _offer(self) -> None:
        """The buttons for the current case, or for those of it that are selected."""
        chosen = self.chosen()
        one = chosen[0] if len(chosen) == 1 else None
        for action in (self.send_action, self.drop_action):
            action.setEnabled(bool(chosen))
        can_be_edited = one is not None and one.status != "held" and can_be_corrected(one.action)
        self.edit_action.setEnabled(can_be_edited)
        self.edit_action.setVisible(can_be_edited)
        self.open_action.setEnabled(self._document(one) is not None)
        self.open_action.setVisible(self.open_action.isEnabled())
        for button in self.ways:
            self._ways.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.ways = []
        for words, do in self._ways_out(chosen):
            button = self._button(words)
            button.clicked.connect(do)
            self.ways.append(button)
            self._ways.addWidget(button)
        for number, button in enumerate((*self.ways, *self.buttons)):
            is_primary = number == 0
            if button.property("primary") != is_primary:
                button.setProperty("primary", is_primary)
                button.style().unpolish(button)
                button.style().polish(button)
        if chosen:
            self.to_do.setText(self._advice(chosen))

    def _ways_out(self, chosen: "Sequence[AttentionItem]") -> list[tuple[str, Callable[[], object]]]:
        """What would help all of the chosen ones, in words, and what does it."""
        found = [{way.key: way for way in self._ways_of(item)} for item in chosen]
        offered: list[tuple[str, Callable[[], object]]] = []
        for key, way in found[0].items() if found else ():
            if not all(key in ways for ways in found):
                continue
            if isinstance(way, Question):
                questions = [other for ways in found if isinstance(other := ways[key], Question)]
                offered.append((way.words, partial(self._ask_first, chosen, questions)))
            else:
                remedies = [other for ways in found if isinstance(other := ways[key], Remedy)]
                words = way.words if len(chosen) == 1 else way.words_for_many.format(count=len(chosen))
                offered.append((words, partial(self._remedy, chosen, remedies)))
        if self.versions.is_mixed:
            offered.insert(0, (translate("NeedsAttention", "Save as chosen above"), self._save_as_chosen))
        return offered

    def _ways_of(self, item: "AttentionItem") -> tuple[WayOut, ...]:
        if item.action is None or item.status == "held":
            return ()
        return ways_out(Refusal(item.action, item.code, item.fields, company_today()))

    def _document(self, item: "AttentionItem | None") -> tuple[str, UUID] | None:
        named = document_of(item.action) if item is not None else None
        if named is None:
            return None
        found = self._addresses.get(named, named)
        return found if self._shell.has_screen(found[0]) else None

    def _why(self, item: "AttentionItem") -> str:
        if item.status == "held":
            return translate("NeedsAttention", "It waits because another change that it builds on was not carried out.")
        return translate("NeedsAttention", "It could not be carried out. Nothing was lost.")

    def _advice(self, chosen: "Sequence[AttentionItem]") -> str:
        item = chosen[0]
        if item.status == "held":
            return translate("NeedsAttention", "Settle the change before it; this one is then sent by itself.")
        if self.ways:
            return translate(
                "NeedsAttention", "Choose what is to be done; what waits behind it then follows by itself."
            )
        if self.edit_action.isEnabled():
            return translate("NeedsAttention", "Put it right and send it, send it again as it is, or drop it.")
        return translate("NeedsAttention", "Send it again once the reason is gone, or drop it and enter it anew.")

    # --- what the buttons do

    def _send_again(self) -> None:
        chosen = self.chosen()
        done = translate("NeedsAttention", "Sent again: {what}")
        self._settle([Decision(item.id) for item in chosen], chosen, done)

    def _remedy(self, chosen: "Sequence[AttentionItem]", ways: Sequence[Remedy]) -> None:
        decisions = [
            Decision(item.id, way.action, None if way.action is not None else way.reason, way.with_held)
            for item, way in zip(chosen, ways, strict=True)
        ]
        is_sent = ways[0].action is not None
        done = (
            translate("NeedsAttention", "Sent again: {what}")
            if is_sent
            else translate("NeedsAttention", "Put away: {what}")
        )
        self._settle(decisions, chosen, done)

    def _save_as_chosen(self) -> None:
        chosen = self.chosen()
        if chosen and chosen[0].action is not None:
            kept = keeping(chosen[0].action, chosen[0].fields, self.versions.mine)
            self._settle([Decision(chosen[0].id, kept)], chosen, translate("NeedsAttention", "Sent again: {what}"))

    def _ask_first(self, chosen: "Sequence[AttentionItem]", questions: Sequence[Question]) -> None:
        dialog = AnswerDialog(self._desk, questions[0], self._named(chosen), self)
        dialog.accepted.connect(lambda: self._send_answered(chosen, questions, dialog.answer()))
        dialog.open()

    def _send_answered(self, chosen: "Sequence[AttentionItem]", questions: Sequence[Question], answer: Any) -> None:
        decisions = [
            Decision(item.id, question.answered(item.action, answer))
            for item, question in zip(chosen, questions, strict=True)
            if item.action is not None
        ]
        self._settle(decisions, chosen, translate("NeedsAttention", "Sent again: {what}"))

    def _edit(self) -> None:
        chosen = self.chosen()
        if not self.edit_action.isEnabled() or chosen[0].action is None:
            return
        dialog = CorrectDialog(chosen[0].action, self.model.what(chosen[0]), self)
        done = translate("NeedsAttention", "Sent again: {what}")
        dialog.accepted.connect(lambda: self._settle([Decision(chosen[0].id, dialog.corrected())], chosen, done))
        dialog.open()

    def _open_document(self) -> None:
        document = self._document(self.chosen()[0]) if self.chosen() else None
        if document is not None:
            self._shell.open_screen(document[0], id=document[1])

    def _drop(self) -> None:
        chosen = self.chosen()
        if not chosen:
            return
        dialog = DropDialog(self._named(chosen), self)
        done = translate("NeedsAttention", "Dropped: {what}")
        dialog.accepted.connect(
            lambda: self._settle([Decision(item.id, reason=dialog.reason()) for item in chosen], chosen, done)
        )
        dialog.open()

    def _named(self, chosen: "Sequence[AttentionItem]") -> str:
        title = action_title(chosen[0].name)
        return (
            title
            if len(chosen) == 1
            else translate("NeedsAttention", "{count} × {what}").format(count=len(chosen), what=title)
        )

    def _settle(self, decisions: Sequence[Decision], chosen: "Sequence[AttentionItem]", done: str) -> None:
        sentence = done.format(what=self._named(chosen))
        when_done(self._desk.settle(decisions), self, partial(self._settled, sentence, len(decisions)))

    def _settled(self, sentence: str, count: int, left: tuple[Unsettled, ...]) -> None:
        self.banner.hide()
        if not left:
            say(sentence)
        elif count == 1:
            self.banner.show_sentence("warning", left[0].problem.sentence)
        else:
            told = translate("NeedsAttention", "{done} of {count} are done. The others stay here: {sentence}")
            self.banner.show_sentence(
                "warning", told.format(done=count - len(left), count=count, sentence=left[0].problem.sentence)
            )
        self.refresh()
