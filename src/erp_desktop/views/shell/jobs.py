"""Long work beside the window: a job runs on a worker thread, tells how far it is, and can be cancelled."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.views.widgets.asking import Failure, announcements, say, when_done
from erp_desktop.views.widgets.icons import set_icon

_WORKERS = 2


class Cancelled(Exception):
    """A person stopped the job."""


class Job(QObject):
    """One piece of long work, as the worker sees it (`report`, `check`) and as the window shows it."""

    progressed = Signal(int, int)

    def __init__(self, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.done = 0
        self.total = 0
        self._stop = threading.Event()

    def report(self, done: int, total: int = 0) -> None:
        """Says how much is done, from the worker; raises Cancelled if the person stopped the job."""
        self.check()
        self.done, self.total = done, total
        self.progressed.emit(done, total)

    def check(self) -> None:
        """Raises Cancelled if the person stopped the job; for long loops, between two steps."""
        if self._stop.is_set():
            raise Cancelled(self.title)

    def cancel(self) -> None:
        self._stop.set()

    @property
    def is_cancelled(self) -> bool:
        return self._stop.is_set()


_CANCELLED = object()  # what a job gives that was stopped: no answer, and no fault either


class _Errand:
    """What a worker is given: it lets go of the work, and of the screen that the work belongs to, before it is done."""

    def __init__(self, work: Callable[[Job], Any], job: Job) -> None:
        self._parts: tuple[Callable[[Job], Any], Job] | None = (work, job)

    def __call__(self) -> Any:
        assert self._parts is not None, "called once"
        (work, job), self._parts = self._parts, None
        try:
            return work(job)
        except Cancelled:
            return _CANCELLED


def _announce(refused: Refused) -> None:
    announcements().refused.emit(refused.problem.sentence)


class JobTray(QWidget):
    """The running jobs in the status bar: title, how far, Cancel. The newest one is shown; the others are counted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="job")
        self.running: list[Job] = []
        self.label, self.bar, self.cancel_button = QLabel(), QProgressBar(), QToolButton()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(140)
        self.cancel_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(self.cancel_button, "close")
        self.cancel_button.clicked.connect(self._cancel_shown)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for item in (self.label, self.bar, self.cancel_button):
            layout.addWidget(item)
        self.retranslate()

    def run(
        self,
        title: str,
        work: Callable[[Job], Any],
        on_done: Callable[[Any], object] | None = None,
        on_refused: Callable[[Any], object] | None = None,
    ) -> "Future[Any]":
        """Does `work(job)` on a worker thread; `on_done(result)` comes back on the window's thread.

        A job that was cancelled says so in the status bar; another error goes to the banner.
        """
        job = Job(title, self)
        self.running.append(job)
        job.progressed.connect(lambda *_: self._show(), Qt.ConnectionType.QueuedConnection)
        future = self._workers.submit(_Errand(work, job))
        when_done(
            future,
            self,
            lambda result: self._end(job, on_done, result),
            lambda refused: self._end(job, on_refused or _announce, refused),
            lambda failure: self._fail(job, failure),
        )
        self._show()
        return future

    def stop(self) -> None:
        """Asks all jobs to stop and waits for none of them; for the end of the program."""
        for job in self.running:
            job.cancel()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def retranslate(self) -> None:
        self.cancel_button.setText(translate("JobTray", "Cancel"))
        self.cancel_button.setAccessibleName(translate("JobTray", "Cancel the running job"))
        self.bar.setAccessibleName(translate("JobTray", "Progress of the running job"))
        self._show()

    def _end(self, job: Job, then: Callable[[Any], object] | None, outcome: Any) -> None:
        self.running.remove(job)
        self._show()
        if outcome is _CANCELLED:
            say(translate("JobTray", "Cancelled: {job}").format(job=job.title))
        elif then is not None:
            then(outcome)

    def _fail(self, job: Job, failure: Failure) -> None:
        self._end(job, None, failure)
        if job.is_cancelled:
            say(translate("JobTray", "Cancelled: {job}").format(job=job.title))
        else:
            announcements().failed.emit(failure)

    def _cancel_shown(self) -> None:
        if self.running:
            self.running[-1].cancel()

    def _show(self) -> None:
        self.setVisible(bool(self.running))
        if not self.running:
            return
        job = self.running[-1]
        text = job.title
        if len(self.running) > 1:
            text = translate("JobTray", "{job}, and {count} more").format(job=job.title, count=len(self.running) - 1)
        self.label.setText(text)
        self.bar.setRange(0, job.total)
        self.bar.setValue(job.done)
