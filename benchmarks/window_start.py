"""A start of the program in a process of its own, as a person has it; prints how long it took, then ends. See window.py."""

import gc
import json
import os
import sys
import time
from argparse import Namespace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
gc.disable()  # as the command line does before it opens the window


def seconds_since_the_process_began() -> float:
    """From the operating system's own record, so that the interpreter's start counts."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from erp_desktop import app as program
    from erp_desktop.views.shell.main_window import MainWindow

    def look() -> None:
        if any(isinstance(window, MainWindow) and window.isVisible() for window in QApplication.topLevelWidgets()):
            print(json.dumps({"usable_s": round(seconds_since_the_process_began(), 3)}), flush=True)
            timer.stop()
            QApplication.quit()
        elif time.monotonic() > deadline:
            QApplication.exit(1)

    deadline = time.monotonic() + 60
    program.make_application("en")
    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(5)
    sys.exit(program.run(Namespace(data_dir=Path(sys.argv[1]), language="en")))


if __name__ == "__main__":
    main()
