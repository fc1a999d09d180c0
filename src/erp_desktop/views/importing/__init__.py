"""Taking in tables from files."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import later, register_screen


def register_own_screens() -> None:
    register_screen(
        "import",
        QT_TRANSLATE_NOOP("Screen", "Import from a file"),
        "import",
        "settings",
        later("erp_desktop.views.importing.import_window", "ImportWindow"),
        "import.run",
    )


register_own_screens()
