"""The desktop program: the one place that wires embedded centre, desk, screens and main window together.

Here: how it begins. Where somebody works is in places.py, how a desk is opened in opening.py, the windows from the first to
the last in program.py, one program on one cache in door.py, the log and what nobody caught in logbook.py.
"""

import sys
from argparse import Namespace

from PySide6.QtCore import qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from erp_desktop import __version__
from erp_desktop.app.door import bring_forward
from erp_desktop.app.logbook import keep_log, qt_says
from erp_desktop.app.places import wanted_place
from erp_desktop.app.program import Program
from erp_desktop.sync.cache import data_dir
from erp_desktop.views.translation import show_language, system_language
from erp_desktop.views.widgets.garbage import GarbageCollector
from erp_desktop.views.widgets.theme import load_fonts, theme_keeper


def run(options: Namespace) -> int:
    """Open the window and stay until it is closed; the program's exit code."""
    directory = data_dir(getattr(options, "data_dir", None))
    keep_log(directory)
    app = make_application(getattr(options, "language", None))
    place = wanted_place(options, directory)
    if place is not None and bring_forward(place.cache(directory)):
        return 0
    know_screens()
    program = Program(app, directory, place)
    try:
        return program.run()
    finally:
        program.close()


def make_application(language: str | None = None) -> QApplication:
    """The one QApplication, with the program's fonts, theme and language. What Qt has to say goes to the log."""
    qInstallMessageHandler(qt_says)
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("erp-desktop")
    app.setApplicationDisplayName("ERP Desktop")
    app.setApplicationVersion(__version__)
    if app.findChild(GarbageCollector) is None:
        GarbageCollector(app)
    load_fonts()
    theme_keeper().choose("light")
    show_language(language or system_language())
    return app


def know_screens() -> None:
    """Every area registers its screens when it is imported."""
    from erp_desktop.views import all_screens

    assert all_screens
