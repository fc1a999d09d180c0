"""The ledger: journal entries, accounts, periods, and what an accountant posts by hand."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import register_screen


def register_own_screens() -> None:
    """The lists stand in the rail, the pages are opened from them."""
    from erp_desktop.views.ledger import lists
    from erp_desktop.views.ledger.entry_page import JournalEntryPage
    from erp_desktop.views.ledger.periods import PeriodsScreen
    from erp_desktop.views.ledger.post_page import PostEntryPage

    noop = QT_TRANSLATE_NOOP
    for key, title, icon, factory in (
        ("journal_entries", noop("Screen", "Journal entries"), "journal_entry", lists.journal_entries_screen),
        ("accounts", noop("Screen", "Accounts"), "ledger", lists.accounts_screen),
        ("periods", noop("Screen", "Periods"), "clock", PeriodsScreen),
    ):
        register_screen(key, title, icon, "ledger", factory, "ledger.read")
    register_screen(
        "journal_entry",
        noop("Screen", "Journal entry"),
        "journal_entry",
        "ledger",
        JournalEntryPage,
        "ledger.read",
        is_listed=False,
    )
    register_screen(
        "post_journal_entry",
        noop("Screen", "New journal entry"),
        "journal_entry",
        "ledger",
        PostEntryPage,
        "ledger.post",
        is_listed=False,
    )


register_own_screens()
