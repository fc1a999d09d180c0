"""A posted journal entry: its lines, and the way to the document that caused it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.details import JournalEntryDetail, JournalEntryRecord
from erp_desktop.queries.ledger import JournalEntries, JournalLines
from erp_desktop.views.documents.kinds import document_text, kind_text
from erp_desktop.views.documents.posted_page import Facts, PostedPage
from erp_desktop.views.ledger.words import event_text
from erp_desktop.views.reports.opening import can_open, open_document
from erp_desktop.views.widgets.cells import CellKind, TableColumn, shown
from erp_desktop.views.widgets.list_model import ListSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


@dataclass(frozen=True)
class EntryOf:
    """The entry with this id; for one posted by hand, also by the id that it was posted under. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = JournalEntryDetail.tables

    id: UUID

    def run(self, session: Any, company_id: UUID) -> JournalEntryRecord:
        by_hand = ListRequest(filters=(("document_kind", "journal_entry"), ("document_id", self.id)), rows_only=True)
        found = JournalEntries(by_hand).run(session, company_id).rows
        return JournalEntryDetail(found[0].id if found else self.id).run(session, company_id)


@dataclass(frozen=True)
class _LinesOf:
    """The lines of that entry."""

    request: ListRequest
    id: UUID

    tables: ClassVar[frozenset[str]] = JournalLines.tables

    def run(self, session: Any, company_id: UUID) -> ListPage[Any]:
        entry_id = EntryOf(self.id).run(session, company_id).id
        filters = (*self.request.filters, ("entry_id", entry_id))
        request = replace(self.request, filters=filters, sort=self.request.sort or "line_no")
        return JournalLines(request).run(session, company_id)


class JournalEntryPage(PostedPage):
    """Nothing of it can be changed: a mistake is put right by another entry."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID) -> None:
        lines = ListSpec(
            (
                TableColumn("account_code", translate("JournalEntryPage", "Account"), width=110),
                TableColumn("account_name", translate("JournalEntryPage", "Name"), stretches=True),
                TableColumn("product_code", translate("JournalEntryPage", "Product"), width=120),
                TableColumn("party_name", translate("JournalEntryPage", "Party"), width=140),
                TableColumn("cost_centre_code", translate("JournalEntryPage", "Cost centre"), width=110),
                TableColumn("debit", translate("JournalEntryPage", "Debit"), CellKind.MONEY, 130),
                TableColumn("credit", translate("JournalEntryPage", "Credit"), CellKind.MONEY, 130),
                TableColumn("currency", translate("JournalEntryPage", "Currency"), width=86),
                TableColumn("amount_in_currency", translate("JournalEntryPage", "Amount in it"), CellKind.MONEY, 104),
            ),
            lambda request: _LinesOf(request, id),
            tables=JournalLines.tables,
            name=translate("JournalEntryPage", "Lines"),
        )
        super().__init__(desk, shell, "journal_entry", id, EntryOf, lines, _facts)
        if self.related is not None:
            self.related.hide()
        self.do_open = self.add_page_action(
            "journal_entry.document",
            translate("JournalEntryPage", "Open the document"),
            self.open_source,
            "",
            "open",
        )
        self.table.opened.connect(self._open_account)
        self.offer_actions()

    def open_source(self) -> None:
        """The document that this entry posts."""
        if self.record is not None:
            open_document(self.shell, self.record.document_kind, self.record.document_id)

    def offer_actions(self) -> None:
        if not hasattr(self, "do_open"):
            return
        if self.record is None:
            self.do_open.setEnabled(False)
            return
        record: JournalEntryRecord = self.record
        reason = ""
        if record.source is None:
            reason = translate("JournalEntryPage", "This entry was made by hand: there is no document behind it.")
        elif not can_open(self.shell, record.document_kind):
            reason = translate("JournalEntryPage", "Your role may not open the document.")
        self.allow(self.do_open, reason)
        self.offer(self.do_open)

    def title_of(self, record: JournalEntryRecord) -> str:
        return f"{record.period:%Y-%m} / {record.number}"

    def show_record(self, record: JournalEntryRecord) -> None:
        self.header.name(f"{kind_text(self.kind)} {self.title_of(record)}", event_text(record.event))
        self.header.path.show_path(("posted",), "posted")
        self.header.path.show()
        self.facts.show_facts(_facts(record))
        is_foreign = any(line.currency for line in record.lines)
        for place, column in enumerate(self.table.spec.columns):
            if column.name in ("currency", "amount_in_currency"):
                self.table.view.setColumnHidden(place, not is_foreign)

    def _open_account(self, row: Any) -> None:
        parameters = {"account": row.account_code, "to": row.dated_on}
        self.shell.open_screen("report_general_ledger", parameters=parameters)


def _facts(record: JournalEntryRecord) -> Facts:
    source = record.source
    return (
        (translate("JournalEntryPage", "Date"), shown(record.dated_on, CellKind.DATE)),
        (translate("JournalEntryPage", "Posted"), shown(record.posted_at, CellKind.INSTANT)),
        (
            translate("JournalEntryPage", "Document"),
            document_text(source.kind, source.number) if source else "",
        ),
        (translate("JournalEntryPage", "Text"), record.text if not source or record.text != source.number else ""),
        (translate("JournalEntryPage", "Amount"), f"{record.currency} {shown(record.amount, CellKind.MONEY)}"),
    )
