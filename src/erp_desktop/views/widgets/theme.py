"""The look: one palette file per theme, turned into Qt's palette, one stylesheet and the program's fonts.

A colour is named by what it means (`accent`, `late_tint`), never by its value; the values are in resources/themes.
"""

import json
import sys
from dataclasses import dataclass
from functools import cache
from typing import cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from erp_desktop.resources import resource_path

THEME_CHOICES = ("light", "dark", "system")

BODY_PX = 13
CAPTION_PX = 12
SECTION_PX = 15
TITLE_PX = 18
FIGURE_PX = 24
FIELD_HEIGHT = 32
ROW_HEIGHT = 34


@dataclass(frozen=True)
class Theme:
    """Colours by meaning."""

    name: str
    is_dark: bool
    tokens: dict[str, str]

    def color(self, token: str) -> QColor:
        """The colour of `token`. Raises KeyError for a name that the palette file does not have."""
        return QColor(self.tokens[token])


@cache
def load_theme(name: str) -> Theme:
    """The theme of resources/themes/NAME.json."""
    stored = json.loads(resource_path(f"themes/{name}.json").read_text(encoding="utf-8"))
    return Theme(stored["name"], stored["is_dark"], stored["tokens"])


class ThemeKeeper(QObject):
    """Which theme is shown. `changed` is sent after the whole program has been given another one."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = "light"
        self.theme = load_theme("light")
        self._dressed = ""
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    def choose(self, choice: str) -> None:
        """Shows "light", "dark", or what the system shows ("system"); anything else counts as "system"."""
        self.choice = choice if choice in THEME_CHOICES else "system"
        name = self.choice
        if name == "system":
            is_dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            name = "dark" if is_dark else "light"
        if name != self._dressed:
            self._dressed = name
            self.theme = load_theme(name)
            _dress(cast(QApplication, QApplication.instance()), self.theme)
            self.changed.emit()

    def _follow_system(self) -> None:
        if self.choice == "system":
            self.choose("system")


_keeper: ThemeKeeper | None = None


def theme_keeper() -> ThemeKeeper:
    """The program's one keeper of the theme; needs a QApplication."""
    global _keeper  # noqa: PLW0603  one theme is shown by one program
    if _keeper is None:
        _keeper = ThemeKeeper()
    return _keeper


def current_theme() -> Theme:
    return theme_keeper().theme


def load_fonts() -> None:
    """Makes the Chinese font that ships with the program known to Qt. Done once, before the first window."""
    for file in sorted(resource_path("fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(file))


def body_font(language: str) -> QFont:
    """The program's font: the system's own on Windows and macOS, Noto elsewhere; tabular digits; larger in Chinese."""
    families = {
        "win32": ["Segoe UI", "Microsoft YaHei UI", "Noto Sans SC"],
        "darwin": [".AppleSystemUIFont", "PingFang SC", "Noto Sans SC"],
    }.get(sys.platform, ["Noto Sans", "Noto Sans SC", "Noto Sans CJK SC", "DejaVu Sans"])
    known = set(QFontDatabase.families())
    font = QFont([name for name in families if name in known or name.startswith(".")] or families)
    font.setPixelSize(BODY_PX + 1 if language.startswith("zh") else BODY_PX)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def sized_font(base: QFont, pixels: int, *, bold: bool = False) -> QFont:
    """`base` at another size; bold means weight 600."""
    font = QFont(base)
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def bold_font(base: QFont) -> QFont:
    """`base` in the weight of headings, at its own size, be that in pixels or in points."""
    font = QFont(base)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    for target, token in (
        (role.Window, "window"),
        (role.WindowText, "text"),
        (role.Base, "surface"),
        (role.AlternateBase, "zebra"),
        (role.Text, "text"),
        (role.Button, "surface"),
        (role.ButtonText, "text"),
        (role.BrightText, "late"),
        (role.ToolTipBase, "surface"),
        (role.ToolTipText, "text"),
        (role.Highlight, "selection"),
        (role.HighlightedText, "text"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.PlaceholderText, "secondary"),
        (role.Light, "surface"),
        (role.Midlight, "hairline"),
        (role.Mid, "border"),
        (role.Dark, "border"),
        (role.Shadow, "hairline"),
        (role.Accent, "accent"),
    ):
        palette.setColor(target, theme.color(token))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, target, theme.color("disabled"))
    return palette


def _dress(app: QApplication, theme: Theme) -> None:
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    sheet = resource_path("themes/program.qss").read_text(encoding="utf-8")
    for token in sorted(theme.tokens, key=len, reverse=True):
        sheet = sheet.replace(f"@{token}", theme.tokens[token])
    app.setStyleSheet(sheet.replace("%theme%", resource_path(f"themes/{theme.name}").as_posix()))
