"""The lists of the ledger: journal entries and the chart of accounts."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.queries.ledger import Accounts, JournalEntries
from erp_desktop.views.documents.listed import Dressed, date_filter, opens
from erp_desktop.views.ledger.words import ACCOUNT_TYPES, EVENTS, account_type_text, event_text
from erp_desktop.views.widgets.cells import CellKind, TableColumn
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.list_model import ListFilter, ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

Filters = tuple[tuple[str, Any], ...]


def journal_entries_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """All journal entries, newest first."""

    def post() -> None:
        shell.open_screen("post_journal_entry", id=new_id())

    spec = ListSpec(
        (
            TableColumn("dated_on", translate("JournalEntries", "Date"), CellKind.DATE),
            TableColumn("number", translate("JournalEntries", "Voucher"), CellKind.INTEGER, 90),
            TableColumn("event", translate("JournalEntries", "Posts"), width=170),
            TableColumn("document_number", translate("JournalEntries", "Document"), width=170),
            TableColumn("text", translate("JournalEntries", "Text"), stretches=True),
            TableColumn("amount", translate("JournalEntries", "Amount"), CellKind.MONEY, 130),
        ),
        lambda request: Dressed(JournalEntries(request), lambda row: replace(row, event=event_text(row.event))),
        tables=JournalEntries.tables,
        filters=(
            ListFilter("event", translate("JournalEntries", "Posts"), tuple((one, event_text(one)) for one in EVENTS)),
            date_filter("dated_on", translate("JournalEntries", "Date"), company_today()),
        ),
        first_filters=filters,
        name=translate("JournalEntries", "Journal entries"),
        empty_text=translate("JournalEntries", "Nothing is posted yet"),
        search_hint=translate("JournalEntries", "Text, document number"),
    )
    may_post = "ledger.post" in desk.permissions
    text = translate("JournalEntries", "New entry")
    screen = ListScreen(desk, spec.name, spec, opens(shell, "journal_entry"), ((text, post),) if may_post else ())
    if may_post:
        screen.header.add_button(
            screen.add_command("journal_entries.new", text, post, "Ctrl+N", "plus"), "plus", primary=True
        )
    return screen


def accounts_screen(desk: "Desk", shell: "MainWindow", filters: Filters = ()) -> ListScreen:
    """The chart of accounts with balances; Enter opens the account's general ledger."""
    spec = ListSpec(
        (
            TableColumn("code", translate("Accounts", "Code"), width=110),
            TableColumn("name", translate("Accounts", "Name"), stretches=True),
            TableColumn("type", translate("Accounts", "Type"), width=120),
            TableColumn("debit", translate("Accounts", "Debit"), CellKind.MONEY, 150),
            TableColumn("credit", translate("Accounts", "Credit"), CellKind.MONEY, 150),
            TableColumn("balance", translate("Accounts", "Balance"), CellKind.MONEY, 150),
        ),
        lambda request: Dressed(Accounts(request), lambda row: replace(row, type=account_type_text(row.type))),
        tables=Accounts.tables,
        filters=(
            ListFilter(
                "type", translate("Accounts", "Type"), tuple((one, account_type_text(one)) for one in ACCOUNT_TYPES)
            ),
        ),
        first_filters=filters,
        name=translate("Accounts", "Accounts"),
        empty_text=translate("Accounts", "No accounts yet"),
        search_hint=translate("Accounts", "Code, name"),
    )

    def open_ledger(row: Any) -> None:
        shell.open_screen("report_general_ledger", parameters={"account": row.code})

    return ListScreen(desk, spec.name, spec, open_ledger)


def account_choices(request: ListRequest) -> Query[ListPage[Any]]:
    """Accounts that may be posted to."""
    return Accounts(replace(request, filters=(*request.filters, ("is_active", True))))
