"""Printing a document: written as PDF beside the window's work, then opened in the computer's own PDF program."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices

from erp_desktop.i18n import translate
from erp_desktop.queries.base import Query
from erp_desktop.reports.output import CannotWrite
from erp_desktop.sync.reads import ReadKind

if TYPE_CHECKING:
    from erp_desktop.views.documents.page import DocumentPage
    from erp_desktop.views.shell.jobs import Job


def print_folder() -> Path:
    """Where printed documents go: "ERP Desktop" among the person's own documents, made if it is not there."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    folder = Path(documents or Path.home()) / "ERP Desktop"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_file(path: Path) -> bool:
    """Opens `path` in the program that the computer has for it; False if it has none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def print_document(page: "DocumentPage", title: str, document: Callable[[Path], Query[Path]]) -> None:
    """Runs `document(folder)` as a job called `title`; says where the file is and opens it.

    The page says so if the file cannot be written, and the centre is told that its document was printed.
    """
    shell, desk = page.shell, page.desk

    def work(job: "Job") -> Path | str:
        job.check()
        try:
            return desk.ask(document(print_folder())).result()
        except CannotWrite as problem:
            return problem.sentence

    def done(outcome: Path | str) -> None:
        if isinstance(outcome, str):
            page.show_problem(outcome)
            return
        desk.reads.note(ReadKind.PRINTED, page.kind, page.document_id)
        shell.say(translate("Printing", "Saved as {file}").format(file=outcome))
        open_file(outcome)

    shell.jobs.run(title, work, done)
