"""Checking this computer's data from the window, and telling what a check put right, whoever asked for it."""

from typing import TYPE_CHECKING

from erp_desktop.i18n import translate
from erp_desktop.sync.checking import Checked
from erp_desktop.views.widgets.asking import when_done

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow


def check_data(window: "MainWindow") -> None:
    """Compare everything with the centre; the answer comes as a sentence."""
    window.say(translate("MainWindow", "Checking this computer's data ..."))
    when_done(window.desk.check_data(), window, lambda checked: show_checked(window, checked))


def show_checked(window: "MainWindow", checked: Checked) -> None:
    """What agrees is good news for the status bar; what was put right stays in sight until it is closed."""
    if checked.count:
        window.banner.show_sentence("warning", checked.sentence)
    else:
        window.say(checked.sentence)
