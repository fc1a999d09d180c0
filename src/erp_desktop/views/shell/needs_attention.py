"""Needs attention: what was done here and could not be carried out, each waiting to be mended, sent again or dropped."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout

from erp_desktop.actions.both_versions import keeping
from erp_desktop.actions.remedies import Question, Refusal, Remedy, WayOut, ways_out
from erp_desktop.i18n import translate
from erp_desktop.queries.company import CompanyDetail, CompanyFacts
from erp_desktop.sync.settling import Decision, Unsettled
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.shell.attention_cases import Case, CasesModel, cases_of
from erp_desktop.views.shell.attention_dialogs import AnswerDialog, CorrectDialog, DropDialog, can_be_corrected
from erp_desktop.views.shell.attention_list import CaseList
from erp_desktop.views.shell.attention_pane import AttentionPane, Way
from erp_desktop.views.shell.entry_forms import has_form, open_form, question_about
from erp_desktop.views.widgets.asking import say, when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.sync.what_waits import AttentionItem
    from erp_desktop.views.shell.main_window import MainWindow

_WIDTHS = [540, 500]  # of the list and of the pane, in a small window


class NeedsAttentionView(ScreenView):
    """A row for each cause at the left; at the right what happened, what to do, and the buttons that do it."""

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self._shell = shell
        self._newest = 0
        self._items: tuple[AttentionItem, ...] = ()
        again_text = translate("NeedsAttention", "Send again")
        self.send_action = self.add_command("attention.send", again_text, self._send_again, "Ctrl+Return", "send")
        edit_text = translate("NeedsAttention", "Edit and send")
        self.edit_action = self.add_command("attention.edit", edit_text, self._edit, "F2", "edit")
        open_text = translate("NeedsAttention", "Open the document")
        self.open_action = self.add_command("attention.open", open_text, self._open_document, "Ctrl+O", "open")
        drop_text = translate("NeedsAttention", "Drop with a reason")
        self.drop_action = self.add_command("attention.drop", drop_text, self._drop, "Delete", "delete")
        self.drop_action.setShortcuts([QKeySequence("Delete"), QKeySequence("Ctrl+Delete")])
        self.model = CasesModel(desk, self)
        self.view = CaseList(self.model, self)
        actions = (self.send_action, self.edit_action, self.open_action, self.drop_action)
        self.pane = AttentionPane(self.model, actions, self)
        self.banner = Banner(self)
        self._build()
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._show_current())
        self.view.remedy_asked.connect(self._press_first)
        self.view.row_opened.connect(lambda _: self._edit())
        self.pane.members.itemSelectionChanged.connect(self._offer)
        self.pane.versions.chosen.connect(self._offer)
        self.model.named.connect(self._show_current)
        desk.sync_state_changed.connect(lambda _: self.refresh())
        desk.changed.connect(lambda _: self.refresh())
        self.setFocusProxy(self.view)
        when_done(desk.ask(CompanyDetail()), self, self._take_money)
        self.refresh()

    # --- what is there

    def _build(self) -> None:
        self.header = PageHeader(translate("NeedsAttention", "Needs attention"), self)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.view)
        split.addWidget(self.pane)
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        split.setSizes(_WIDTHS)
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
        layout.addWidget(self.header)
        layout.addWidget(self.banner)
        layout.addWidget(self._stack, 1)

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
        selected = self.pane.selected()
        return tuple(item for item in case.items if item.id in selected) or case.items

    def _take(self, asked: int, items: "tuple[AttentionItem, ...]") -> None:
        if asked != self._newest:
            return
        if items != self._items:
            self._items = items
            before = self.current()
            row = self.view.currentIndex().row()
            cases = cases_of(items)
            self.model.show_rows(cases)
            if before is not None:
                known = {item.id for item in before.items}
                same = (place for place, case in enumerate(cases) if known & {item.id for item in case.items})
                row = next(same, row)
            if cases:
                self.view.selectRow(min(max(row, 0), len(cases) - 1))
            self.model.ask_names(item.action for item in items)
            self._count()
        self._stack.setCurrentIndex(0 if items else 1)
        self._show_current()

    def _count(self) -> None:
        """The number that the sync pill shows, too: what is held follows from its cause and is not counted."""
        count = sum(len(case.items) for case in self.model.cases if case.status != "held")
        held = len(self._items) - count
        title = translate("NeedsAttention", "Needs attention ({count})").format(count=count)
        self.set_title(title if count else "")
        told = translate("NeedsAttention", "Causes: {causes}, changes: {count}, waiting behind them: {held}")
        is_more = count != len(self.model.cases) or held
        self.header.say(told.format(causes=len(self.model.cases), count=count, held=held) if is_more else "")

    def _take_money(self, company: CompanyFacts) -> None:
        self.model.show_money(company)
        self._show_current()

    # --- the case under the cursor

    def _show_current(self) -> None:
        case = self.current()
        if case is not None:
            self.pane.show_case(case)
        self._offer()

    def _offer(self) -> None:
        """The buttons for the current case, or for those of it that are selected."""
        chosen = self.chosen()
        one = chosen[0] if len(chosen) == 1 else None
        for action in (self.send_action, self.drop_action):
            action.setEnabled(bool(chosen))
        can_be_edited = one is not None and one.status != "held" and self._can_be_edited(one)
        self.edit_action.setEnabled(can_be_edited)
        self.edit_action.setVisible(can_be_edited)
        self.open_action.setEnabled(self._document(one) is not None)
        self.open_action.setVisible(self.open_action.isEnabled())
        self.pane.offer(self._ways_out(chosen))
        if chosen:
            self.pane.advise(chosen, can_be_edited=can_be_edited)

    def _can_be_edited(self, item: "AttentionItem") -> bool:
        return has_form(self._shell, item) or can_be_corrected(item.action)

    def _ways_out(self, chosen: "Sequence[AttentionItem]") -> list[Way]:
        """What would help all of the chosen ones, in words, and what does it."""
        found = [{way.key: way for way in self._ways_of(item)} for item in chosen]
        offered: list[Way] = []
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
        if self.pane.versions.is_mixed:
            offered.insert(0, (translate("NeedsAttention", "Save as chosen above"), self._save_as_chosen))
        return offered

    def _ways_of(self, item: "AttentionItem") -> tuple[WayOut, ...]:
        if item.action is None or item.status == "held":
            return ()
        return ways_out(Refusal(item.action, item.code, item.fields, company_today()))

    def _document(self, item: "AttentionItem | None") -> tuple[str, UUID] | None:
        found = self.model.address(item.action) if item is not None else None
        return found if found is not None and self._shell.has_screen(found[0]) else None

    # --- what the buttons do

    def _press_first(self) -> None:
        button = self.pane.primary()
        if button is not None:
            button.click()

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
            kept = keeping(chosen[0].action, chosen[0].fields, self.pane.versions.mine)
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
        if has_form(self._shell, chosen[0]):
            asked = self._desk.ask(question_about(chosen[0].action))
            when_done(asked, self, partial(open_form, self._shell, chosen[0]))
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
