"""The ledger: journal entries, accounts, periods, cost books, and what an accountant posts by hand."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import later, register_screen


def register_own_screens() -> None:
    """The lists stand in the rail, the pages are opened from them."""
    noop = QT_TRANSLATE_NOOP
    lists = "erp_desktop.views.ledger.lists"
    for key, title, icon, factory in (
        ("journal_entries", noop("Screen", "Journal entries"), "journal_entry", later(lists, "journal_entries_screen")),
        ("accounts", noop("Screen", "Accounts"), "ledger", later(lists, "accounts_screen")),
        ("periods", noop("Screen", "Periods"), "clock", later("erp_desktop.views.ledger.periods", "PeriodsScreen")),
    ):
        register_screen(key, title, icon, "ledger", factory, "ledger.read")
    register_screen(
        "period",
        noop("Screen", "Period"),
        "clock",
        "ledger",
        later("erp_desktop.views.ledger.close_page", "ClosePeriodPage"),
        "ledger.read",
        is_listed=False,
    )
    register_screen(
        "cost_books",
        noop("Screen", "Cost books"),
        "costing",
        "costing",
        later("erp_desktop.views.ledger.cost_books", "cost_books_screen"),
        "cost.read",
    )
    register_screen(
        "cost_book",
        noop("Screen", "Cost book"),
        "costing",
        "costing",
        later("erp_desktop.views.ledger.cost_book_page", "CostBookPage"),
        "cost.read",
        is_listed=False,
    )
    register_screen(
        "change_cost_method",
        noop("Screen", "Change the costing method"),
        "costing",
        "costing",
        later("erp_desktop.views.ledger.change_method_page", "ChangeMethodPage"),
        "cost.write",
        is_listed=False,
    )
    register_screen(
        "journal_entry",
        noop("Screen", "Journal entry"),
        "journal_entry",
        "ledger",
        later("erp_desktop.views.ledger.entry_page", "JournalEntryPage"),
        "ledger.read",
        is_listed=False,
    )
    register_screen(
        "post_journal_entry",
        noop("Screen", "New journal entry"),
        "journal_entry",
        "ledger",
        later("erp_desktop.views.ledger.post_page", "PostEntryPage"),
        "ledger.post",
        is_listed=False,
    )


register_own_screens()
