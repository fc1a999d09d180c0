"""Pictures beside words have as many pixels as the screen can show: nothing is blurred at 200 %."""

import json
import os
import subprocess
import sys

PICTURES = """
import json
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
from erp_desktop.reports.screen import ScreenCheck
from erp_desktop.views.reports.checks_line import ChecksLine
from erp_desktop.views.shell.home import FigureCard
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.picture import Picture
from erp_desktop.views.widgets.problem_bar import ProblemBar
from erp_desktop.views.widgets.state_page import StatePage
from erp_desktop.views.widgets.theme import theme_keeper
theme_keeper().choose("light")
banner, state, bar, line = Banner(), StatePage(), ProblemBar(), ChecksLine()
banner.show_sentence("late", "Not saved")
state.show_state("ring", "Nothing here yet")
bar.show_problems([("A date is missing", None)])
line.show_checks((ScreenCheck("agrees", True),), ())
card = FigureCard("Late orders", "clock", lambda: None)
shown = {}
for widget in (banner, state, bar, line, card):
    widget.show()
    for label in widget.findChildren(QLabel):
        if not label.pixmap().isNull():
            shown[type(widget).__name__] = (label.pixmap().devicePixelRatio(), label.pixmap().width() / label.width() >= 1)
before = banner.findChild(Picture).pixmap().toImage()
theme_keeper().choose("dark")
print(json.dumps([shown, before != banner.findChild(Picture).pixmap().toImage()]))
"""


def test_pictures_beside_words_are_sharp_at_200_percent_and_follow_the_theme():
    ended = subprocess.run(
        [sys.executable, "-c", PICTURES],
        env={**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    shown, follows_theme = json.loads(ended.stdout)
    assert {name: ratio for name, (ratio, _) in shown.items()} == dict.fromkeys(
        ("Banner", "StatePage", "ProblemBar", "ChecksLine", "FigureCard"), 2.0
    )
    assert follows_theme
