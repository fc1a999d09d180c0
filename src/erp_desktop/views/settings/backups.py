"""Backups: everything that the central service keeps, in one file, in a folder that the administrator chooses."""

import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout

from erp_desktop.actions.refusals import Refused
from erp_desktop.backup_file import Contents
from erp_desktop.i18n import translate
from erp_desktop.sync.restoring import Restoring, Stage
from erp_desktop.views.settings.questions import Question
from erp_desktop.views.settings.restore_question import RestoreQuestion
from erp_desktop.views.widgets.asking import Failure, announcements, when_done
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

SUFFIX = ".erpbackup"
_MEGABYTE = 1_000_000


class BackupsScreen(ScreenView):
    """Backs up while everybody works on, and restores. Closing the tab breaks off, and nothing is left of a backup then."""

    _came = Signal(object)  # bytes so far, from the thread that fetches: more than a C int holds
    _stage = Signal(object)  # Stage of a restore, from the thread that asks

    def __init__(self, desk: "Desk", shell: "MainWindow") -> None:
        super().__init__()
        self._desk = desk
        self._not_wanted = threading.Event()
        self.folder: QFileDialog | None = None
        self.file: QFileDialog | None = None
        self.question: Question | RestoreQuestion | None = None
        self._cancelled = ""  # what is said when it is
        self.header = PageHeader(translate("Backups", "Backups"), self)
        words = QLabel(
            translate(
                "Backups",
                "A backup is one file with everything that the central service keeps: every company, document, entry and "
                "user, and what signs people in. Keep it where only administrators can read it. People work on meanwhile.",
            )
        )
        words.setWordWrap(True)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.cancel_button = QPushButton(translate("Backups", "Cancel"))
        self.cancel_button.setAutoDefault(True)
        self.cancel_button.clicked.connect(self.cancel)
        under_way = QHBoxLayout()
        under_way.addWidget(self.bar, 1)
        under_way.addWidget(self.cancel_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(self.header)
        layout.addWidget(words)
        layout.addLayout(under_way)
        layout.addWidget(self.told)
        layout.addStretch(1)
        self.do_back_up = self.add_command(
            "backup.now", translate("Backups", "Back up now"), self.choose_folder, "", "save"
        )
        self.setFocusProxy(self.header.add_button(self.do_back_up, "save", primary=True))
        self.do_restore = self.add_command(
            "backup.restore", translate("Backups", "Restore a backup"), self.choose_backup, "", "undo"
        )
        self.header.add_button(self.do_restore, "undo")
        self._restoring = Restoring(desk.administration)
        self._stage.connect(self._show_stage)
        self._came.connect(self._show_progress)
        self._show_under_way(False)

    def choose_folder(self) -> None:
        """Where the file goes."""
        self.folder = QFileDialog(self, translate("Backups", "Folder for the backup"))
        self.folder.setFileMode(QFileDialog.FileMode.Directory)
        self.folder.setOption(QFileDialog.Option.ShowDirsOnly)
        self.folder.fileSelected.connect(lambda chosen: self.back_up(Path(chosen)))
        self.folder.open()

    def choose_backup(self) -> None:
        """Which file is restored."""
        self.file = QFileDialog(self, translate("Backups", "Backup to restore"))
        self.file.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.file.setNameFilter(f"*{SUFFIX}")
        self.file.fileSelected.connect(lambda chosen: self.ask_to_restore(Path(chosen)))
        self.file.open()

    def ask_to_restore(self, backup: Path) -> None:
        """Say what happens before it does."""
        if self._desk.administration.bring_back is None:
            self._show_under_way(True)
            self.cancel_button.hide()
            self.told.setText(translate("Backups", "The backup is being read …"))
            looking = self._restoring.look_into(backup, self._desk.company.id)
            when_done(looking, self, lambda contents: self._ask_office(backup, contents), self._refused, self._failed)
            return
        words = translate(
            "Backups",
            "Everything on this computer becomes as it was when {file} was made. What you did since is then done again, as "
            "far as this program remembers it and it can be done. The books of now are kept in a file beside the new ones.",
        )
        title, verb = translate("Backups", "Restore this backup?"), translate("Backups", "Restore")
        self.question = Question(title, words.format(file=backup.name), verb, lambda: self._restore(backup), self)
        self.question.open()

    def _restore(self, backup: Path) -> None:
        self._show_under_way(True)
        self.cancel_button.hide()
        self.told.setText(translate("Backups", "The backup is being restored …"))
        when_done(self._desk.administration.restore(backup), self, self._restored, self._refused, self._failed)

    def _restored(self, before: Path) -> None:
        self._show_under_way(False)
        text = translate("Backups", "Restored. The books of before are kept in {file}.")
        self.told.setText(text.format(file=before))

    def _ask_office(self, backup: Path, contents: Contents) -> None:
        self._show_under_way(False)
        self.told.setText("")
        self.question = RestoreQuestion(
            backup,
            contents,
            lambda password: self._restoring.begin(backup, password),
            lambda restore_id: self._restore_office(restore_id, backup),
            self,
        )
        self.question.open()

    def _restore_office(self, restore_id: UUID, backup: Path) -> None:
        not_wanted = self._begun()
        keep_in = self._name_in(backup.parent, "-before-restore")
        self._cancelled = translate("Backups", "Restoring was cancelled; nothing was changed.")
        restoring = self._restoring.restore(
            restore_id, backup, keep_in, self._stage.emit, lambda: not not_wanted.is_set()
        )
        when_done(restoring, self, lambda _done: self._restored_office(keep_in), self._refused, self._failed)

    def _show_stage(self, stage: Stage) -> None:
        if self._not_wanted.is_set():
            return
        done, of = (f"{count / _MEGABYTE:,.1f}" for count in (stage.done, stage.of))
        if stage.kind == "keeping":
            text = translate("Backups", "The books of now are being kept first: {size} MB so far …").format(size=done)
        elif stage.kind == "sending":
            text = translate("Backups", "The backup is being sent: {size} of {of} MB …").format(size=done, of=of)
            self.bar.setRange(0, 1000)
            self.bar.setValue(1000 * stage.done // max(1, stage.of))
        else:
            text = translate("Backups", "The central service restores the backup; people go on reading meanwhile …")
            self.bar.setRange(0, 0)
            self.cancel_button.hide()  # from here on the centre has it
        self.told.setText(text)

    def _restored_office(self, keep_in: Path) -> None:
        self._show_under_way(False)
        text = translate(
            "Backups",
            "Restored. The books of before are kept in {file}. Every computer now fetches the data anew and gives back what "
            "was done on it since.",
        )
        self.told.setText(text.format(file=keep_in))

    def _name_in(self, folder: Path, why: str = "") -> Path:
        now = datetime.now().astimezone()
        return folder / f"{self._desk.company.code}-{now:%Y-%m-%d-%H%M%S}{why}{SUFFIX}"

    def _begun(self) -> threading.Event:
        """What can be cancelled has begun; the event says that it was."""
        not_wanted = self._not_wanted = threading.Event()  # of this one: another that was cancelled stays so
        self.destroyed.connect(not_wanted.set)
        self._show_under_way(True)
        return not_wanted

    def back_up(self, folder: Path) -> None:
        """Begin to write a backup into `folder`; its name says of what and when."""
        path, not_wanted = self._name_in(folder), self._begun()
        self._cancelled = translate("Backups", "The backup was cancelled; nothing of it is left.")
        self.told.setText(translate("Backups", "The backup is being written …"))
        fetching = self._desk.administration.back_up(path, self._came.emit, lambda: not not_wanted.is_set())
        when_done(fetching, self, lambda _done: self._finished(path, not_wanted), self._refused, self._failed)

    def cancel(self) -> None:
        """Break off."""
        self._not_wanted.set()
        self._show_under_way(False)
        self.told.setText(self._cancelled)

    def _show_progress(self, count: int) -> None:
        if not self._not_wanted.is_set():
            text = translate("Backups", "The backup is being written: {size} MB so far …")
            self.told.setText(text.format(size=f"{count / _MEGABYTE:,.1f}"))

    def _finished(self, path: Path, not_wanted: threading.Event) -> None:
        if not_wanted.is_set():  # it was whole already
            path.unlink(missing_ok=True)
            return
        self._show_under_way(False)
        text = translate("Backups", "Backed up to {file} ({size} MB).")
        self.told.setText(text.format(file=path, size=f"{path.stat().st_size / _MEGABYTE:,.1f}"))

    def _refused(self, refused: Refused) -> None:
        self._show_under_way(False)
        self.told.setText(refused.problem.sentence)

    def _failed(self, failure: Failure) -> None:
        self._show_under_way(False)
        self.told.setText("")
        announcements().failed.emit(failure)

    def _show_under_way(self, is_under_way: bool) -> None:
        self.bar.setRange(0, 0)
        self.bar.setVisible(is_under_way)
        self.cancel_button.setVisible(is_under_way)
        self.do_back_up.setEnabled(not is_under_way)
        self.do_restore.setEnabled(not is_under_way)
