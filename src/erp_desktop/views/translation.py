"""The language of the window: which catalogues are installed, and that it changes at once."""

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from erp_desktop.i18n import install_translator
from erp_desktop.resources import resource_path
from erp_desktop.views.language import LANGUAGES, current_language, note_language
from erp_desktop.views.widgets.theme import body_font

_installed: list[QTranslator] = []


def known_language(code: str) -> str:
    """The language of LANGUAGES that `code` ("zh", "zh-Hans-CN", "en_GB") means; English for any other."""
    return "zh_CN" if code.lower().startswith("zh") else "en"


def system_language() -> str:
    """The language that the computer is set to, if the program speaks it."""
    return known_language(QLocale.system().name())


def show_language(code: str) -> None:
    """Shows the program in `code` from now on: texts, Qt's own buttons, font size and number format.

    Widgets hear of it by a LanguageChange event.
    """
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    code = known_language(code)
    while _installed:
        app.removeTranslator(_installed.pop())
    note_language(code)
    QLocale.setDefault(QLocale("zh_CN" if code == "zh_CN" else "en_GB"))
    font = body_font(code)
    if font != app.font():
        app.setFont(font)
    if code == "en":
        install_translator(None)
        return
    install_translator(QCoreApplication.translate)
    qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for folder, name in ((qt_folder, f"qtbase_{code}"), (str(resource_path("i18n")), f"erp_{code}")):
        translator = QTranslator(app)
        if translator.load(name, folder):
            _installed.append(translator)
            app.installTranslator(translator)


__all__ = ["LANGUAGES", "current_language", "known_language", "show_language", "system_language"]
