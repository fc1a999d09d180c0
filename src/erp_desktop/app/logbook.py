"""The program's log, and what nobody caught."""

import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType
from PySide6.QtWidgets import QApplication

from erp_desktop import __version__
from erp_desktop.views.widgets.asking import announcements, report_failure

log = logging.getLogger(__name__)

LOG_BYTES, LOGS_KEPT = 2_000_000, 5

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.INFO,  # Qt warns about platforms and drivers that nobody here can change
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def qt_says(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    """What Qt has to say goes to the log."""
    logging.getLogger("qt").log(_LEVELS[kind], "%s", message)


def keep_log(directory: Path) -> Path:
    """From now on the program's log goes to a file of its own, a few megabytes at most. Gives the file."""
    path = directory / "logs" / "desk.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    log.info("erp-desktop %s, Python %s, %s", __version__, sys.version.split()[0], sys.platform)
    return path


def catch_what_nobody_caught() -> None:
    """An error in a slot or a thread is logged under a reference and told in the window; the program goes on."""

    def caught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            QApplication.quit()
            return
        announcements().failed.emit(report_failure(error))

    sys.excepthook = caught
    threading.excepthook = lambda args: caught(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
