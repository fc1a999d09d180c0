"""The ledger: journal entries, accounts, periods, and what an accountant posts by hand."""

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
