"""Taking in tables from files."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import register_screen


def register_own_screens() -> None:
    from erp_desktop.views.importing.import_window import ImportWindow

    register_screen(
        "import", QT_TRANSLATE_NOOP("Screen", "Import from a file"), "import", "settings", ImportWindow, "import.run"
    )


register_own_screens()
