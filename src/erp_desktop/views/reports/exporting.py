"""A report into a file: where to, written beside the window's work, and what can be done with it afterwards."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget
from shiboken6 import isValid

from erp_desktop.i18n import translate
from erp_desktop.reports.excel import write_excel
from erp_desktop.reports.output import CannotWrite
from erp_desktop.reports.pdf import write_pdf
from erp_desktop.reports.report import Report
from erp_desktop.sync.reads import ReadKind
from erp_desktop.views.documents.printing import open_file
from erp_desktop.views.language import current_language
from erp_desktop.views.widgets.fields import company_today

if TYPE_CHECKING:
    from erp_desktop.views.shell.jobs import Job
    from erp_desktop.views.shell.main_window import MainWindow

_last_folder: Path | None = None


def ask_for_file(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """The file that the person chooses to write, None if they think better of it. Replacing one is asked there."""
    global _last_folder  # noqa: PLW0603
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    folder = _last_folder or Path(documents or Path.home())
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(folder / name), kinds)
    if not chosen:
        return None
    path = Path(chosen)
    _last_folder = path.parent
    return path


def save_report(
    parent: QWidget,
    shell: "MainWindow",
    report: Report,
    ending: str,
    on_saved: Callable[[Path], object],
    on_problem: Callable[[str], object],
) -> None:
    """Writes `report` as .xlsx or .pdf where the person says, as a job that can be cancelled without a trace."""
    title = translate("Report", report.title)
    if ending == "xlsx":
        asked = translate("ReportViewer", "Save as Excel")
        kinds = translate("ReportViewer", "Excel workbooks (*.xlsx)")
    else:
        asked, kinds = translate("ReportViewer", "Save as PDF"), translate("ReportViewer", "PDF documents (*.pdf)")
    name = re.sub(r'[\\/:*?"<>|\s]+', "-", f"{title}-{company_today().isoformat()}").strip("-")
    path = ask_for_file(parent, asked, f"{name}.{ending}", kinds)
    if path is None:
        return
    if path.suffix.casefold() != f".{ending}":
        path = path.with_name(f"{path.name}.{ending}")
    language, author = current_language(), shell.desk.user.name

    def work(job: "Job") -> Path | str:
        def progress(done: int, total: int) -> bool:
            job.report(done, total)
            return True

        try:
            if ending == "xlsx":
                write_excel(report, path, language=language, author=author, progress=progress)
            else:
                write_pdf(report, path, language=language, printed_by=author, progress=progress)
        except CannotWrite as problem:
            return problem.sentence
        return path

    def done(outcome: Path | str) -> None:
        if isinstance(outcome, str):
            shell.say(outcome)
            if isValid(parent):
                on_problem(outcome)
            return
        kind = ReadKind.EXCEL if ending == "xlsx" else ReadKind.PDF
        shell.desk.reads.note(kind, report.name, details=asked_for(report))
        shell.say(translate("ReportViewer", "Saved as {file}").format(file=outcome))
        if isValid(parent):
            on_saved(outcome)

    shell.jobs.run(translate("ReportViewer", "Writing {file}").format(file=path.name), work, done)


def asked_for(report: Report) -> dict[str, str]:
    """What a report was asked with, in its own words, for who is told that somebody saw it."""
    return {heading: str(value) for heading, value in report.parameters}


class SavedFile(QWidget):
    """Where the file went, with what people do next: open it, open its folder, copy its path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self.sentence = ""
        self.text = QLabel()
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setMinimumWidth(80)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.text, 1)
        for words, run in (
            (translate("ReportViewer", "Open file"), self.open),
            (translate("ReportViewer", "Open folder"), self.open_folder),
            (translate("ReportViewer", "Copy path"), self.copy_path),
        ):
            button = QPushButton(words)
            button.setAutoDefault(True)  # Enter presses it
            button.setAccessibleName(words)
            button.clicked.connect(run)
            layout.addWidget(button)
        self.hide()

    def show_file(self, path: Path) -> None:
        self.path = path
        self.sentence = translate("ReportViewer", "Saved as {file}").format(file=path)
        self.text.setAccessibleName(self.sentence)
        self.text.setToolTip(str(path))
        self.show()
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        """A long path keeps its beginning and its end; the whole of it stands in the tooltip."""
        measure, room = self.text.fontMetrics(), self.text.width()
        self.text.setText(measure.elidedText(self.sentence, Qt.TextElideMode.ElideMiddle, room))

    def open(self) -> None:
        if self.path is not None:
            open_file(self.path)

    def open_folder(self) -> None:
        if self.path is not None:
            open_file(self.path.parent)

    def copy_path(self) -> None:
        QApplication.clipboard().setText(str(self.path or ""))
