"""A document's page: asks for its document, follows its changes, performs actions and says their refusals.

Here: what every document has. Not here: fields, lines and rules of any particular one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.models.base import Replicated, hidden_columns
from erp_desktop.queries.base import NotHere, Query
from erp_desktop.views.documents.entries import RefusedEntry, introduction
from erp_desktop.views.documents.files_part import KEYS, FilesPart, files_kind
from erp_desktop.views.documents.header import DocumentHeader
from erp_desktop.views.documents.history import HistoryPart, has_history
from erp_desktop.views.documents.kinds import kind_text
from erp_desktop.views.documents.lower_area import LowerArea
from erp_desktop.views.documents.related import RelatedPanel
from erp_desktop.views.widgets.asking import Failure, announcements, say, when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.record_table import RecordTable
from erp_desktop.views.widgets.screen_view import ScreenView

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

_REFRESH_PAUSE_MS = 60


@dataclass(frozen=True)
class _FoundOrNone:
    """The answer of a detail query, or None where the document is not in this database."""

    tables: ClassVar[frozenset[str]] = frozenset()

    query: Query[Any]

    def run(self, session: Any, company_id: UUID) -> Any | None:
        try:
            return self.query.run(session, company_id)
        except NotHere:
            return None


class DocumentPage(ScreenView):
    """Base of the pages of documents. `record` is the document as it was read last, None while it is new or on its way.

    A page overrides `show_record` and `offer_actions`. Ctrl+Enter is the primary action, F5 reads again, Esc leaves.
    """

    def __init__(
        self,
        desk: "Desk",
        shell: "MainWindow",
        kind: str,
        document_id: UUID,
        query: Callable[[UUID], Query[Any]],
        *,
        is_new: bool = False,
        has_related: bool = True,
    ) -> None:
        super().__init__()
        self.desk, self.shell = desk, shell
        self.kind, self.document_id = kind, document_id
        self.is_new = is_new
        self.record: Any | None = None
        self.is_busy = False
        self.entry: RefusedEntry | None = None  # of Needs attention, whose place is taken by what is performed here
        self._is_entry_begun = self._is_entry_shown = False
        self._question = ""
        self._query = query
        self._asked = 0
        self._are_files_counted = False
        self._primary: QAction | None = None
        self.header = DocumentHeader(self)
        self.banner = Banner(self)
        self.related = RelatedPanel(shell, self) if has_related else None
        self.content = QVBoxLayout()
        self.content.setSpacing(10)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addLayout(self.content, 1)
        if self.related is not None:
            middle.addWidget(self.related)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(self.header)
        layout.addWidget(self.banner)
        layout.addLayout(middle, 1)
        self.below = LowerArea(self)
        layout.addWidget(self.below)
        self.history = HistoryPart(desk, shell, kind, document_id)
        if has_history(kind):
            title = translate("DocumentPage", "History")
            self.below.add_part(title, "clock", self.history, self.history.refresh, "Ctrl+Shift+H")
        owner = files_kind(kind)
        self.files = None if owner is None else FilesPart(desk, shell, self, owner, document_id)
        if self.files is not None:
            title = translate("DocumentPage", "Attachments")
            button = self.below.add_part(title, "attach", self.files, self.files.refresh, KEYS)
            self.files.on_count = lambda count: button.setText(f"{title} ({count})" if count else title)
        self.below.setVisible(bool(self.below.buttons) and not is_new)
        here = Qt.ShortcutContext.WidgetWithChildrenShortcut
        for keys, run in (
            ("Ctrl+Return", self.do_primary),
            ("Ctrl+Enter", self.do_primary),
            ("F5", self._read_again),
        ):
            QShortcut(QKeySequence(keys), self, run, context=here)
        self._refreshing = QTimer(self, singleShot=True, interval=_REFRESH_PAUSE_MS)
        self._refreshing.timeout.connect(self.refresh)
        self._tables = frozenset(getattr(query, "tables", frozenset()))
        desk.changed.connect(self._notice)

    # --- what a page overrides

    def show_record(self, record: Any) -> None:
        """Shows the document as it is now."""

    def offer_actions(self) -> None:
        """Offers what can be done in the present state (`offer`, `allow`)."""

    def read_for_entry(self, entry: RefusedEntry, then: Callable[[], object]) -> None:
        """Reads what stands beside a refused entry in this form, where that is more than what its records are called."""
        then()

    def show_entry(self, entry: RefusedEntry) -> int:
        """Shows a refused entry as it was typed. Answers how many of its lines have no place here any more."""
        return 0

    # --- what a page uses

    def take_up(self, entry: RefusedEntry) -> None:
        """Opens a refused entry to be put right, unless something else is being typed here."""
        if self.is_dirty and (self.entry is None or self.entry.item_id != entry.item_id):
            self.show_problem(
                translate(
                    "DocumentPage",
                    "Something else is typed here and still open. Save it or discard it first, then edit the refused entry.",
                )
            )
            return
        if self.entry is None or self.entry.item_id != entry.item_id:
            self.entry = entry
            self._is_entry_begun = self._is_entry_shown = False
            self._show_entry()

    def add_page_action(
        self, key: str, text: str, run: Callable[[], object], shortcut: str = "", icon: str = ""
    ) -> QAction:
        """An action with its icon's name, so that its button can wear it in its own colour."""
        action = self.add_command(key, text, run, shortcut, icon)
        action.setProperty("iconName", icon)
        action.setProperty("usualTip", action.toolTip())
        return action

    def offer(self, primary: QAction | None, others: tuple[QAction, ...] = (), more: tuple[QAction, ...] = ()) -> None:
        """The buttons of the present state; `primary` also answers to Ctrl+Enter."""
        self._primary = primary
        if primary is not None:
            tip = translate("DocumentPage", "{action} (Ctrl+Enter)").format(action=primary.text())
            primary.setProperty("primaryTip", tip)
            if primary.isEnabled():
                primary.setToolTip(tip)
        self.header.offer(primary, others, more)

    def allow(self, action: QAction, reason: str = "") -> None:
        """Lets `action` be used, or says in its tooltip why it cannot be now."""
        action.setEnabled(not reason and not self.is_busy)
        action.setToolTip(reason or str(action.property("usualTip") or action.text()))

    def may(self, permission: str) -> str:
        """Why this person may not do what needs `permission`; empty if they may."""
        if permission in self.desk.permissions:
            return ""
        return translate("DocumentPage", "Your role does not allow this.")

    def sees(self, model: type[Replicated], column: str) -> bool:
        """Whether this person may see a column; its figures are not on this desk if not."""
        return column not in hidden_columns(model, self.desk.permissions)

    def do_primary(self) -> None:
        """Ctrl+Enter. What is being typed in a field counts."""
        if self._primary is not None and self._primary.isEnabled():
            self._primary.trigger()

    def ask(self, sentence: str, verb: str, then: Callable[[], object]) -> None:
        """Says the consequence of something first, with a button that does it and one that goes back. Where something is typed
        before it is answered, a page withdraws it."""

        def go() -> None:
            self.banner.hide()
            then()

        self._question = sentence
        back = translate("DocumentPage", "Go back")
        self.banner.show_sentence("warning", sentence, ((verb, go), (back, self.banner.hide)))
        self.banner.take_keyboard()

    def withdraw_question(self) -> None:
        """What was asked about is not what stands in the form any more: it has to be asked anew."""
        if self._question and self.banner.sentence.text() == self._question:
            self.banner.hide()
        self._question = ""

    def perform(
        self,
        action: Action,
        then: Callable[[], object] | None = None,
        on_refused: Callable[[Refused], object] | None = None,
    ) -> None:
        """Performs `action` beside the window, in the place of the refused entry that it corrects; a refusal is said here and
        nothing typed is lost."""
        self._set_busy(True)
        corrected = self.entry if self.entry is not None and self.entry.takes_its_place(action) else None

        def done(_nothing: None) -> None:
            self._set_busy(False)
            if corrected is not None:
                self.entry = None
            self.banner.hide()
            self.is_new = False
            if then is not None:
                then()
            self.refresh()

        def refused(refusal: Refused) -> None:
            self._set_busy(False)
            (on_refused or self.show_refusal)(refusal)

        def failed(failure: Failure) -> None:
            self._set_busy(False)
            announcements().failed.emit(failure)

        performed = self.desk.perform(action) if corrected is None else self.desk.amend(corrected.item_id, action)
        when_done(performed, self, done, refused, failed)

    def show_refusal(self, refusal: Refused) -> None:
        """The sentence of a refusal that belongs to no field."""
        self.banner.show_sentence("late", refusal.problem.sentence)

    def say_refusal(self, refused: Refused) -> None:
        """A refusal of what the page's form says: at its field or line, where it has one."""
        self.show_refusal(refused)

    def show_problem(self, sentence: str) -> None:
        self.banner.show_sentence("late", sentence)

    def tell(self, sentence: str) -> None:
        say(sentence)

    def refresh(self) -> None:
        """Reads the document again. Stale answers are dropped."""
        if self.is_new:
            return
        self._asked += 1
        number = self._asked
        when_done(
            self.desk.ask(_FoundOrNone(self._query(self.document_id))),
            self,
            partial(self._take, number),
        )

    # --- inside

    def _read_again(self) -> None:
        """F5: the document, and the lists on its page."""
        self.refresh()
        for table in self.findChildren(RecordTable):
            if table.isVisible():
                table.refresh()

    def _take(self, number: int, record: Any) -> None:
        if number != self._asked:
            return
        if record is None:
            self._say_missing()
            return
        self.record = record
        self.set_title(self.title_of(record))
        self._show_below(record)
        if self.related is not None and hasattr(record, "related"):
            self.related.show_documents(record.related)
        self.show_record(record)
        self._show_entry()
        self.offer_actions()

    def _show_below(self, record: Any) -> None:
        """What stands below the document is there once it is; what is open follows its changes."""
        self.history.number = getattr(record, "number", None) or getattr(record, "code", None)
        self.below.setVisible(bool(self.below.buttons))
        if self.below.is_shown(self.history):
            self.history.refresh()
        if self.files is not None and not self._are_files_counted:
            self._are_files_counted = True
            self.files.refresh()

    def _show_entry(self) -> None:
        """Shows the entry that was taken up, as soon as there is something to show it in."""
        if self.entry is None or self._is_entry_begun or (self.record is None and not self.is_new):
            return
        self._is_entry_begun = True
        self.read_for_entry(self.entry, partial(self._take_entry, self.entry))

    def _take_entry(self, entry: RefusedEntry) -> None:
        if entry is not self.entry:
            return
        self._is_entry_shown = True
        left_out = self.show_entry(entry)
        self.banner.show_sentence("warning", introduction(left_out))
        self.say_refusal(entry.problem.as_refusal())

    def title_of(self, record: Any) -> str:
        """What the tab is called once the document is read."""
        return str(record.number or self.new_title())

    def new_title(self) -> str:
        """What a document is called that nobody has saved yet, or that has no number yet."""
        text = (
            translate("DocumentPage", "New: {document}")
            if self.is_new
            else translate("DocumentPage", "{document}, new")
        )
        return text.format(document=kind_text(self.kind))

    def _say_missing(self) -> None:
        sentence = translate(
            "DocumentPage",
            "This document is not here: it was never saved, has not arrived yet, or is not for your role.",
        )
        self.banner.show_sentence("warning", sentence)

    def _notice(self, tables: frozenset[str]) -> None:
        if not self._tables or tables & self._tables:
            self._refreshing.start()

    def _set_busy(self, busy: bool) -> None:
        self.is_busy = busy
        self.offer_actions()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.files is not None:
            self.files.drag_over(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if self.files is not None:
            self.files.drop(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc that nothing inside has used: first the message goes, then the page."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def _leave(self) -> None:
        if not self.banner.isHidden():
            self.banner.hide()
        else:
            self.close_asked.emit()
