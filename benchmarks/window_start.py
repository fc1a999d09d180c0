"""A start of the program in a process of its own, as a person has it; prints how long it took, then ends. See window.py.

Usable: the window is on the screen, every figure of its first screen is there, and it has answered a key.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
gc.disable()  # as the command line does before it opens the window


def seconds_since_the_process_began() -> float:
    """From the operating system's own record, so that the interpreter's start counts."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    from PySide6.QtCore import QEvent, Qt, QTimer
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QApplication, QWidget

    from erp_desktop import cli
    from erp_desktop.app import make_application
    from erp_desktop.views.shell.home import FigureCard
    from erp_desktop.views.shell.main_window import MainWindow

    focus_before: list[QWidget | None] = []

    def look() -> None:
        if time.monotonic() > deadline:
            QApplication.exit(1)
        shown = [window for window in QApplication.topLevelWidgets() if isinstance(window, MainWindow)]
        if not shown or not shown[0].isVisible() or not shown[0].windowHandle().isExposed():
            return
        cards = shown[0].findChildren(FigureCard)
        if not cards or any(card.figure.text() == "…" for card in cards):
            return
        if not focus_before:
            focus_before.append(QApplication.focusWidget())
            tab = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier, "\t")
            QApplication.postEvent(shown[0].windowHandle(), tab)
        elif QApplication.focusWidget() is not focus_before[0]:
            figures = {"usable_s": seconds_since_the_process_began(), "cpu_s": time.process_time()}
            print(json.dumps(figures), flush=True)
            timer.stop()
            QApplication.quit()

    deadline = time.monotonic() + 60
    make_application("en")
    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(5)
    sys.exit(cli.main(["--data-dir", sys.argv[1], "--language", "en"]))


if __name__ == "__main__":
    main()
