"""The window around the screens: rail, tabs, sync pill, palette, jobs; and the screens that every role has."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import later, register_screen


def register_own_screens() -> None:
    """Home, Needs attention, and what waits for the centre."""
    from erp_desktop.views.shell.home import HomeView

    attention = later("erp_desktop.views.shell.needs_attention", "NeedsAttentionView")
    register_screen("home", QT_TRANSLATE_NOOP("Screen", "Home"), "home", "home", HomeView)
    register_screen("attention", QT_TRANSLATE_NOOP("Screen", "Needs attention"), "alerts", "alerts", attention)
    waiting = later("erp_desktop.views.shell.waiting_changes", "WaitingChangesView")
    register_screen("waiting", QT_TRANSLATE_NOOP("Screen", "Waiting changes"), "sync", "alerts", waiting)


register_own_screens()
