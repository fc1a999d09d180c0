"""Which screens there are: each is registered once, and opened by its key from the rail, the palette, or another screen."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.memory import settle_memory

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

ScreenFactory = Callable[..., QWidget]  # (desk: Desk, shell: MainWindow, **args) -> the screen, best a ScreenView


@dataclass(frozen=True)
class Module:
    """A part of the rail. `title` is source text, context "Module"."""

    key: str
    title: str
    icon: str


MODULES = (
    Module("home", QT_TRANSLATE_NOOP("Module", "Home"), "home"),
    Module("sell", QT_TRANSLATE_NOOP("Module", "Sell"), "sell"),
    Module("buy", QT_TRANSLATE_NOOP("Module", "Buy"), "buy"),
    Module("warehouse", QT_TRANSLATE_NOOP("Module", "Warehouse"), "warehouse"),
    Module("stock", QT_TRANSLATE_NOOP("Module", "Stock"), "stock"),
    Module("costing", QT_TRANSLATE_NOOP("Module", "Costing"), "costing"),
    Module("ledger", QT_TRANSLATE_NOOP("Module", "Ledger"), "ledger"),
    Module("budget", QT_TRANSLATE_NOOP("Module", "Budget"), "budget"),
    Module("reports", QT_TRANSLATE_NOOP("Module", "Reports"), "reports"),
    Module("alerts", QT_TRANSLATE_NOOP("Module", "Alerts"), "alerts"),
    Module("settings", QT_TRANSLATE_NOOP("Module", "Settings"), "settings"),
)


@dataclass(frozen=True)
class Screen:
    """A screen as it is offered. `title` is source text, context "Screen"."""

    key: str
    title: str
    icon: str
    module: str
    factory: ScreenFactory
    permission: str | frozenset[str] = ""  # empty: everybody; of several, any
    is_listed: bool = True  # stands in the rail and the palette; a form that needs a record does not

    @property
    def shown_title(self) -> str:
        return translate("Screen", self.title)

    def is_open_to(self, permissions: frozenset[str]) -> bool:
        if isinstance(self.permission, frozenset):
            return bool(self.permission & permissions)
        return not self.permission or self.permission in permissions


_screens: dict[str, Screen] = {}


_modules_of_screens: list[str] = []


def later(module: str, name: str) -> ScreenFactory:
    """The factory `name` of `module`, which is loaded when its screen is first opened: the window starts without it."""
    _modules_of_screens.append(module)

    def make(desk: "Desk", shell: "MainWindow", **args: Any) -> QWidget:
        screen: QWidget = getattr(import_module(module), name)(desk, shell, **args)
        return screen

    return make


def load_screens_ahead() -> Thread:
    """Loads the code of every screen beside a window that is there already, so that none waits when it is opened."""

    def load() -> None:
        for module in dict.fromkeys(_modules_of_screens):
            import_module(module)
        settle_memory()

    thread = Thread(target=load, name="screens", daemon=True)
    thread.start()
    return thread


def register_screen(
    key: str,
    title: str,
    icon: str,
    module: str,
    factory: ScreenFactory,
    permission: str | frozenset[str] = "",
    *,
    is_listed: bool = True,
) -> None:
    """Offers a screen. `title` is source text, marked QT_TRANSLATE_NOOP("Screen", ...); the same key again replaces it.

    Arguments of the factory called `id`, `name` or ending in `_id` name the record: the same record opens only once.
    """
    if module not in {known.key for known in MODULES}:
        raise KeyError(module)
    _screens[key] = Screen(key, title, icon, module, factory, permission, is_listed)


def find_screen(key: str) -> Screen:
    """The screen registered as `key`. Raises KeyError."""
    return _screens[key]


def permitted_screens(permissions: frozenset[str]) -> list[Screen]:
    """What a role may open, in the order of registration."""
    return [screen for screen in _screens.values() if screen.is_open_to(permissions)]


def record_key(key: str, args: dict[str, Any]) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """What makes a tab the same as another: the screen and the arguments that name its record."""
    named = {name: value for name, value in args.items() if name in ("id", "name") or name.endswith("_id")}
    return key, tuple(sorted(named.items()))


def make_screen(screen: Screen, desk: "Desk", shell: "MainWindow", args: dict[str, Any]) -> QWidget:
    """The widget of `screen` for `args`."""
    return screen.factory(desk, shell, **args)
