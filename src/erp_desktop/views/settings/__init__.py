"""Settings: who may sign in, and what company and program this is."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import later, register_screen


def register_own_screens() -> None:
    noop = QT_TRANSLATE_NOOP
    register_screen(
        "company",
        noop("Screen", "Company"),
        "info",
        "settings",
        later("erp_desktop.views.settings.company_page", "CompanyPage"),
    )
    register_screen(
        "users",
        noop("Screen", "Users"),
        "user",
        "settings",
        later("erp_desktop.views.settings.users", "users_screen"),
        "admin",
    )
    register_screen(
        "user",
        noop("Screen", "User"),
        "user",
        "settings",
        later("erp_desktop.views.settings.users", "UserPage"),
        "admin",
        is_listed=False,
    )
    register_screen(
        "computers",
        noop("Screen", "Computers"),
        "sync",
        "settings",
        later("erp_desktop.views.settings.computers", "ComputersScreen"),
        "admin",
    )
    register_screen(
        "backups",
        noop("Screen", "Backups"),
        "save",
        "settings",
        later("erp_desktop.views.settings.backups", "BackupsScreen"),
        "admin",
    )
    register_screen(
        "audit",
        noop("Screen", "Who did what"),
        "search",
        "settings",
        later("erp_desktop.views.settings.audit", "AuditScreen"),
        frozenset({"admin", "audit.read"}),
    )


register_own_screens()
