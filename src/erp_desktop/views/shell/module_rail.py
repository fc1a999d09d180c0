"""The parts of the program down the left edge: icons, or icons with names. Only what the role may use stands there."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.shell.screens import MODULES, Module, Screen
from erp_desktop.views.widgets.icons import icon, set_icon

NARROW = 56
WIDE = 168
LEAST_FOR_NAMES = 1180  # pixels of the window; below, the screens need the room


class ModuleRail(QWidget):
    """A module with one screen opens it; one with several offers them in a menu."""

    screen_chosen = Signal(str)

    def __init__(self, screens: list[Screen], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("moduleRail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 6, 0, 6)
        self._layout.setSpacing(0)
        self._screens: dict[str, list[Screen]] = {}
        self.buttons: dict[str, QToolButton] = {}
        self.is_wide = True
        self.wants_names = True  # as it was chosen, whatever room there is
        self._is_in_small_window = False
        for module in MODULES:
            listed = [screen for screen in screens if screen.module == module.key and screen.is_listed]
            if listed:
                self._screens[module.key] = listed
                self._add(module)
        self._layout.addStretch(1)
        self.retranslate()
        self.set_wide(True)

    def _add(self, module: Module) -> None:
        button = QToolButton(self)
        button.setCheckable(True)
        button.setIconSize(QSize(22, 22))
        set_icon(button, module.icon)
        button.clicked.connect(lambda _checked=False: self._choose(module.key))
        earlier = [known.key for known in MODULES[: MODULES.index(module)] if known.key in self.buttons]
        self.buttons[module.key] = button
        self._layout.insertWidget(len(earlier), button)

    def offer(self, screens: list[Screen]) -> None:
        """Another role, other screens: a module without any is not shown."""
        self._screens = {}
        for module in MODULES:
            listed = [screen for screen in screens if screen.module == module.key and screen.is_listed]
            if listed:
                self._screens[module.key] = listed
                if module.key not in self.buttons:
                    self._add(module)
            if module.key in self.buttons:
                self.buttons[module.key].setVisible(bool(listed))
        self.retranslate()
        self._show_names(self.is_wide)

    def _choose(self, module: str) -> None:
        button, screens = self.buttons[module], self._screens[module]
        self.show_current(self._current)
        if len(screens) == 1:
            self.screen_chosen.emit(screens[0].key)
            return
        menu = self.menu_of(module)
        menu.popup(button.mapToGlobal(QPoint(button.width(), 0)))

    def menu_of(self, module: str) -> QMenu:
        """The screens of a module as a menu; it goes away by itself."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for screen in self._screens[module]:
            action = menu.addAction(icon(screen.icon), screen.shown_title)
            action.triggered.connect(lambda _checked=False, key=screen.key: self.screen_chosen.emit(key))
        return menu

    _current = "home"

    def show_current(self, module: str) -> None:
        """Marks the module of the tab in front."""
        self._current = module
        for key, button in self.buttons.items():
            button.setChecked(key == module)

    def set_wide(self, wide: bool) -> None:
        """With names, or icons only, as a person wants it."""
        self.wants_names = wide
        self._show_names(wide)

    def fit(self, window_width: int) -> None:
        """Icons only while the window is small; a choice made then holds until it is another window again."""
        is_small = window_width < LEAST_FOR_NAMES
        if is_small != self._is_in_small_window:
            self._is_in_small_window = is_small
            self._show_names(self.wants_names and not is_small)

    def _show_names(self, wide: bool) -> None:
        self.is_wide = wide
        self.setFixedWidth(WIDE if wide else NARROW)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if wide else Qt.ToolButtonStyle.ToolButtonIconOnly
        for button in self.buttons.values():
            button.setToolButtonStyle(style)
            button.setFixedWidth((WIDE if wide else NARROW) - 1)

    def retranslate(self) -> None:
        for module in MODULES:
            button = self.buttons.get(module.key)
            if button is not None:
                title = translate("Module", module.title)
                button.setText("  " + title)
                button.setToolTip(title)
                button.setAccessibleName(title)
