"""The commands that the window has whatever stands in its tabs."""

from functools import partial
from typing import TYPE_CHECKING

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.about import show_about
from erp_desktop.views.shell.checking_data import check_data
from erp_desktop.views.shell.commands import Command

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow

NUMBERED_TABS = 9


def register(window: "MainWindow") -> None:
    """Registers them all; each shortcut is given once."""
    add = window.commands.register
    noop = QT_TRANSLATE_NOOP
    for command in (
        Command(
            "palette", noop("Command", "Search screens and commands"), window.open_palette, "Ctrl+K", "search", False
        ),
        Command("save", noop("Command", "Save"), window.save_current, "Ctrl+S", "save"),
        Command("rail", noop("Command", "Show or hide the module names"), window.toggle_rail, "Ctrl+B", "menu"),
        Command("close_tab", noop("Command", "Close the tab"), window.close_current, "Ctrl+W", "close"),
        Command(
            "reopen_tab", noop("Command", "Reopen the tab closed last"), window.reopen_closed, "Ctrl+Shift+T", "undo"
        ),
        Command("next_tab", noop("Command", "Next tab"), lambda: window.tabs.step(1), "Ctrl+Tab"),
        Command("previous_tab", noop("Command", "Previous tab"), lambda: window.tabs.step(-1), "Ctrl+Shift+Tab"),
        Command("back", noop("Command", "Back"), window.go_back, "Alt+Left"),
        Command("forward", noop("Command", "Forward"), window.go_forward, "Alt+Right"),
        Command(
            "attention",
            noop("Command", "Needs attention"),
            lambda: window.open_screen("attention"),
            "Ctrl+Shift+A",
            "alerts",
        ),
        Command(
            "waiting",
            noop("Command", "Changes that wait for the central service"),
            lambda: window.open_screen("waiting"),
            "Ctrl+Shift+W",
            "sync",
        ),
        Command("sync_now", noop("Command", "Sync now"), window.desk.sync_now, "", "sync"),
        Command(
            "check_data",
            noop("Command", "Check this computer's data"),
            lambda: check_data(window),
            "",
            "sync",
        ),
        Command("offline", noop("Command", "Work offline or go online"), window.toggle_offline, "", "cloud_off"),
        Command("theme_light", noop("Command", "Light theme"), lambda: window.choose_theme("light"), "", "theme"),
        Command("theme_dark", noop("Command", "Dark theme"), lambda: window.choose_theme("dark"), "", "theme"),
        Command(
            "about", noop("Command", "About ERP Desktop"), lambda: show_about(window, window.desk.key_store), "", "info"
        ),
        Command("sign_out", noop("Command", "Sign out"), window.sign_out, "", "sign_out"),
    ):
        add(command)
    for number in range(1, NUMBERED_TABS + 1):
        add(
            Command(
                f"tab_{number}",
                noop("Command", "Tab by its number"),
                partial(window.tabs_go_to, number - 1),
                f"Ctrl+{number}",
                in_palette=False,
            )
        )
