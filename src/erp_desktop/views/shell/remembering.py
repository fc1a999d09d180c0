"""How a window was left, and finding it so again: where it stood, how it looked, and which tabs were open."""

import json
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtGui import QGuiApplication

from erp_desktop.i18n import translate
from erp_desktop.views.shell.settings import WindowSettings
from erp_desktop.views.translation import current_language, show_language
from erp_desktop.views.widgets.theme import theme_keeper

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow

log = logging.getLogger(__name__)


def choose_look(settings: WindowSettings) -> None:
    """Before anything is built, so that all of it is built once."""
    theme_keeper().choose(settings.text("theme", "light"))
    language = settings.text("language") or current_language()
    if language != current_language():
        show_language(language)


def restore(window: "MainWindow") -> None:
    """As it was left the last time; a first one is of a usual size, with the home screen."""
    geometry = window.settings.state("geometry")
    if geometry is None or not window.restoreGeometry(geometry):
        window.resize(1280, 800)
    _move_on_screen(window)
    window.rail.set_wide(window.settings.text("rail", "wide") == "wide")
    window.open_screen("home")
    for key, args in _read_tabs(window.settings.text("tabs")):
        if window.has_screen(key) and key != "home":
            _reopen(window, key, args)
    front = window.settings.text("front")
    if front.isdigit() and int(front) < window.tabs.count():
        window.tabs.setCurrentIndex(int(front))
    if window.settings.was_damaged:
        window.say(translate("MainWindow", "The window's settings could not be read and were put aside."))


def remember(window: "MainWindow") -> None:
    """Tabs with unsaved changes are left out."""
    window.settings.put("geometry", window.saveGeometry())
    window.settings.put("rail", "wide" if window.rail.wants_names else "narrow")
    window.settings.put("theme", theme_keeper().choice)
    window.settings.put("language", current_language())
    saved = [tab for tab in window.tabs.tabs() if not tab.is_dirty]
    window.settings.put("tabs", json.dumps([[tab.screen.key, _plain(tab.args)] for tab in saved]))
    window.settings.put("front", str(window.tabs.currentIndex()))
    window.settings.write()


def _reopen(window: "MainWindow", key: str, args: dict[str, Any]) -> None:
    """A remembered tab; one that cannot be made any more is left out, it must not keep the window from opening."""
    try:
        window.open_screen(key, **args)
    except Exception:
        log.exception("the remembered tab %s could not be opened", key)


def _move_on_screen(window: "MainWindow") -> None:
    frame = window.frameGeometry()
    if not any(screen.availableGeometry().intersects(frame) for screen in QGuiApplication.screens()):
        window.move(QGuiApplication.primaryScreen().availableGeometry().topLeft())


def _plain(args: dict[str, Any]) -> dict[str, str]:
    """Arguments that an ini file can hold: texts, and ids marked as such."""
    plain = {}
    for name, value in args.items():
        if isinstance(value, UUID):
            plain[name] = "id:" + value.hex
        elif isinstance(value, str):
            plain[name] = "text:" + value
    return plain


def _read_tabs(stored: str) -> list[tuple[str, dict[str, Any]]]:
    """What `_plain` wrote; anything else is left out."""
    try:
        tabs = json.loads(stored) if stored else []
        return [(key, {name: _typed(value) for name, value in args.items()}) for key, args in tabs]
    except (ValueError, TypeError, AttributeError):
        return []


def _typed(value: str) -> UUID | str:
    kind, _, text = value.partition(":")
    return UUID(text) if kind == "id" else text
