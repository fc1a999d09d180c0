"""Settings: who may sign in, and what company and program this is."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import register_screen


def register_own_screens() -> None:
    from erp_desktop.views.settings.company_page import CompanyPage
    from erp_desktop.views.settings.users import UserPage, users_screen

    noop = QT_TRANSLATE_NOOP
    register_screen("company", noop("Screen", "Company"), "info", "settings", CompanyPage)
    register_screen("users", noop("Screen", "Users"), "user", "settings", users_screen, "admin")
    register_screen("user", noop("Screen", "User"), "user", "settings", UserPage, "admin", is_listed=False)


register_own_screens()
