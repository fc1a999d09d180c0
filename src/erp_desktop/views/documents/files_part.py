"""The files at a document or record: what there is, where each is, adding, opening, saving and removing them.

Here: the list and what people do with it. Not here: temporary copies and what is safe to open (opened_files.py), the bytes
(desk.attachments).
"""

from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from erp_desktop.actions.attaching import RemoveAttachment
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.attachment import ATTACHABLE
from erp_desktop.queries.attachments import TABLES, AttachedFile, FilesAt
from erp_desktop.sync.attachments import FileState, Where
from erp_desktop.sync.reads import ReadKind
from erp_desktop.views.documents.opened_files import is_dangerous, open_with_its_program, temporary_copy
from erp_desktop.views.shell.jobs import Cancelled, Job
from erp_desktop.views.widgets.asking import say, when_done
from erp_desktop.views.widgets.cells import CellKind, shown
from erp_desktop.views.widgets.icons import set_icon
from erp_desktop.views.widgets.theme import current_theme, theme_keeper

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.documents.page import DocumentPage
    from erp_desktop.views.shell.main_window import MainWindow

KEYS = "Ctrl+Shift+F"  # show and hide them
_PAUSE_MS = 150  # a file that is sent changes its state with every piece
_ASKED_AGAIN_MS = 5_000  # while somebody looks at a file that is on its way from another computer
_WIDTHS = (300, 150, 140, 90)  # of all columns but the name's
_SIZE = 4  # the last column
_FILE = Qt.ItemDataRole.UserRole
_FILE_NAME = QT_TRANSLATE_NOOP("Report", "File")  # of a note of what was looked at
_Source = Path | QImage


def files_kind(kind: str) -> str | None:
    """The table whose rows the files belong to on a page of this kind; None where there can be none."""
    table = kind.removesuffix("_form")
    return table if table in ATTACHABLE else None


class _FileList(QTreeWidget):
    """Tells of the keys that mean something for a file."""

    removal_asked = Signal()
    pasted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.removal_asked.emit()
        else:
            super().keyPressEvent(event)


class FilesPart(QWidget):
    """Enter opens, Delete asks whether to remove, Ctrl+V adds what was copied; files can be dropped anywhere on the page."""

    def __init__(self, desk: "Desk", shell: "MainWindow", page: "DocumentPage", kind: str, document_id: UUID) -> None:
        super().__init__()
        self._desk, self._shell, self._page = desk, shell, page
        self._kind, self._document_id = kind, document_id
        self._files: tuple[AttachedFile, ...] = ()
        self._states: dict[str, FileState] = {}
        self._asked = 0
        self.on_count: Callable[[int], object] = lambda count: None
        self.dialog: QFileDialog | None = None
        self.sentence = QLabel()
        self.sentence.setProperty("tone", "secondary")
        self.sentence.setWordWrap(True)
        self.add_button = self._button(translate("Files", "Add file"), "plus", self.choose_files)
        self.open_button = self._button(translate("Files", "Open"), "open", self.open_file)
        self.save_button = self._button(translate("Files", "Save as"), "save", self.choose_where_to_save)
        self.remove_button = self._button(translate("Files", "Remove"), "delete", self.ask_to_remove)
        self.list = _FileList()
        self.list.setColumnCount(5)
        self.list.setHeaderLabels(
            [
                translate("Files", "File"),
                translate("Files", "Where it is"),
                translate("Files", "Added by"),
                translate("Files", "When"),
                translate("Files", "Size"),
            ]
        )
        self.list.setAccessibleName(translate("Files", "Attachments"))
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate(_WIDTHS, start=1):
            self.list.setColumnWidth(column, width)
        self.list.itemActivated.connect(lambda _item, _column: self.open_file())
        self.list.currentItemChanged.connect(lambda _now, _before: self._allow())
        line = QHBoxLayout()
        line.addWidget(self.sentence, 1)
        for button in (self.add_button, self.open_button, self.save_button, self.remove_button):
            line.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.list, 1)
        self.setFocusProxy(self.list)
        self.list.removal_asked.connect(self.ask_to_remove)
        self.list.pasted.connect(self.paste)
        page.setAcceptDrops(True)
        self._looking = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._looking.timeout.connect(self._ask_where)
        self._looking_again = QTimer(self, interval=_ASKED_AGAIN_MS)
        self._looking_again.timeout.connect(self._ask_where)
        desk.changed.connect(self._notice)
        theme_keeper().changed.connect(self._draw)
        desk.files_changed.connect(self._looking.start)
        self._show_files(())

    # --- what is shown

    def refresh(self) -> None:
        """Reads anew which files there are."""
        self._asked += 1
        asked = self._asked
        found = self._desk.ask(FilesAt(self._kind, self._document_id))
        when_done(found, self, lambda files: self._show_files(files) if asked == self._asked else None)

    def current(self) -> AttachedFile | None:
        """The file under the cursor."""
        item = self.list.currentItem()
        return None if item is None else item.data(0, _FILE)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._looking.start()

    # --- adding

    def choose_files(self) -> None:
        """Which files are added."""
        self.dialog = QFileDialog(self, translate("Files", "Add files"))
        self.dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        self.dialog.filesSelected.connect(lambda chosen: self.add([Path(one) for one in chosen]))
        self.dialog.open()

    def paste(self) -> None:
        """Adds the files, or the picture, that were copied."""
        copied = QGuiApplication.clipboard().mimeData()
        files = _local_files(copied)
        if files:
            self.add(files)
        elif copied.hasImage():
            self.add([QGuiApplication.clipboard().image()])
        else:
            say(translate("Files", "Nothing was added: neither files nor a picture were copied."))

    def add(self, sources: Iterable[_Source]) -> None:
        """Attaches files and pictures beside the window; those that cannot be are named, the others are added."""
        wanted = list(sources)
        now = datetime.now().astimezone()
        attachments, kind, document_id = self._desk.attachments, self._kind, self._document_id
        picture = translate("Files", "Picture {when}.png").format(when=f"{now:%Y-%m-%d %H.%M.%S}")

        def work(job: Job) -> list[str]:
            refused = []
            for number, source in enumerate(wanted):
                job.report(number, len(wanted))
                try:
                    if isinstance(source, QImage):
                        attachments.add(kind, document_id, _png(source), picture).result()
                    else:
                        attachments.add(kind, document_id, source).result()
                except Refused as error:
                    refused.append(error.problem.sentence)
                except CancelledError:
                    raise Cancelled(job.title) from None
            return refused

        self._shell.jobs.run(translate("Files", "Adding files"), work, self._while_here(self._added))

    def _added(self, refused: list[str]) -> None:
        if refused:
            self._page.show_problem("\n".join(refused))

    def drag_over(self, event: QDragEnterEvent) -> None:
        """Files are held over the page."""
        if self._page.record is not None and _local_files(event.mimeData()):
            event.acceptProposedAction()

    def drop(self, event: QDropEvent) -> None:
        """Files were dropped on the page."""
        self.add(_local_files(event.mimeData()))
        event.acceptProposedAction()

    # --- opening and saving

    def open_file(self) -> None:
        """Opens a copy with the program that the system has for it."""
        file = self.current()
        if file is None or file.removed_at is not None:
            return
        if is_dangerous(file.name):
            self._page.ask(
                translate(
                    "Files",
                    "{file} may be a program that does something to this computer, so it is not opened from here. Save it, if "
                    "you know who added it and what it is. Nothing was changed.",
                ).format(file=file.name),
                translate("Files", "Save as"),
                self.choose_where_to_save,
            )
            return
        self._fetch(file, temporary_copy(file.sha256, file.name), self._open_copy, ReadKind.FILE_OPENED)

    def _open_copy(self, copy: Path) -> None:
        if not open_with_its_program(copy):
            self._page.show_problem(
                translate(
                    "Files", "No program on this computer opens {file}. Save it and choose one; the attachment is kept."
                ).format(file=copy.name)
            )

    def choose_where_to_save(self) -> None:
        """Where the copy goes."""
        file = self.current()
        if file is None or file.removed_at is not None:
            return
        self.dialog = QFileDialog(self, translate("Files", "Save attachment"))
        self.dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.dialog.selectFile(file.name)
        self.dialog.fileSelected.connect(lambda chosen: self.save(file, Path(chosen)))
        self.dialog.open()

    def save(self, file: AttachedFile, path: Path) -> None:
        """Writes a copy beside the window."""
        told = translate("Files", "Saved as {file}.")
        self._fetch(file, path, lambda saved: say(told.format(file=saved)), ReadKind.FILE_SAVED)

    def _fetch(self, file: AttachedFile, path: Path, then: Callable[[Path], object], noted_as: ReadKind) -> None:
        attachments, reads, of = self._desk.attachments, self._desk.reads, (self._kind, self._document_id)

        def work(job: Job) -> Path:
            path.parent.mkdir(parents=True, exist_ok=True)
            saving = attachments.save(
                file, path, lambda done: job.report(done, file.size), lambda: not job.is_cancelled
            )
            try:
                saved = saving.result()
            except CancelledError:
                raise Cancelled(job.title) from None
            reads.note(noted_as, *of, {_FILE_NAME: file.name})  # also where the page was closed meanwhile
            return saved

        title = translate("Files", "Fetching {file}").format(file=file.name)
        self._shell.jobs.run(title, work, self._while_here(then), self._while_here(self._page.show_refusal))

    def _while_here(self, then: Callable[[Any], object]) -> Callable[[Any], object]:
        """A job may end after its page was closed; then there is nobody to tell."""
        return lambda outcome: then(outcome) if isValid(self) else None

    # --- removing

    def ask_to_remove(self) -> None:
        """A removed file is not handed out any more; its line stays, with who and when."""
        file = self.current()
        if file is None or file.removed_at is not None:
            return
        sentence = translate(
            "Files",
            "Remove {file}? Nobody can open it here any more; that it was here, and who removed it, stays to be seen.",
        )
        self._page.ask(sentence.format(file=file.name), translate("Files", "Remove"), partial(self._remove, file))

    def _remove(self, file: AttachedFile) -> None:
        told = translate("Files", "{file} was removed.").format(file=file.name)
        removing = self._desk.perform(RemoveAttachment(file.id))
        when_done(removing, self, lambda _none: say(told), self._page.show_refusal)

    # --- inside

    def _button(self, text: str, icon: str, run: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(True)
        set_icon(button, icon, "secondary")
        button.clicked.connect(lambda _checked=False: run())
        return button

    def _notice(self, tables: frozenset[str]) -> None:
        if tables & TABLES and self._page.record is not None:
            self.refresh()

    def _show_files(self, files: tuple[AttachedFile, ...]) -> None:
        current = self.current()
        self._files = files
        self.list.clear()
        for file in files:
            item = QTreeWidgetItem()
            item.setData(0, _FILE, file)
            item.setTextAlignment(_SIZE, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.addTopLevelItem(item)
            if current is not None and file.id == current.id:
                self.list.setCurrentItem(item)
        first = self.list.topLevelItem(0)
        if self.list.currentItem() is None and first is not None:
            self.list.setCurrentItem(first)
        count = sum(file.removed_at is None for file in files)
        self.on_count(count)
        self.sentence.setText(_summary(count))
        self._draw()
        self._allow()
        self._looking.start()

    def _ask_where(self) -> None:
        hashes = [file.sha256 for file in self._files if file.removed_at is None]
        if not self.isVisible() or not hashes:
            self._looking_again.stop()
            return
        when_done(self._desk.attachments.states(hashes), self, self._take_states, lambda _refused: None)

    def _take_states(self, states: dict[str, FileState]) -> None:
        self._states = states
        self._draw()
        if any(state.where in (Where.ON_ITS_WAY, Where.UNKNOWN) for state in states.values()):
            self._looking_again.start()
        else:
            self._looking_again.stop()

    def _draw(self) -> None:
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is None:
                continue
            file: AttachedFile = item.data(0, _FILE)
            state = _state_text(file, self._states.get(file.sha256))
            cells = (file.name, state, file.added_by, shown(file.added_at, CellKind.INSTANT), size_text(file.size))
            tone = QColor(current_theme().tokens["secondary" if file.removed_at is not None else "text"])
            for column, text in enumerate(cells):
                item.setForeground(column, tone)
                item.setText(column, text)
                item.setToolTip(column, text)
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(cells))

    def _allow(self) -> None:
        file = self.current()
        for button in (self.open_button, self.save_button, self.remove_button):
            button.setEnabled(file is not None and file.removed_at is None)


def size_text(size: int) -> str:
    """A size as people say it."""
    if size < 1024:
        return translate("Files", "{count} bytes").format(count=size)
    return f"{size / 1024:,.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MB"


def _summary(count: int) -> str:
    if not count:
        return translate("Files", "Nothing is attached. Drop files on the page, paste a picture, or press Add file.")
    if count == 1:
        return translate("Files", "One file is attached.")
    return translate("Files", "{count} files are attached.").format(count=count)


def _state_text(file: AttachedFile, state: FileState | None) -> str:
    if file.removed_at is not None:
        return translate("Files", "Removed by {person}, {when}").format(
            person=file.removed_by, when=shown(file.removed_at, CellKind.INSTANT)
        )
    if state is None:
        return ""
    match state.where:
        case Where.SENDING:
            percent = state.done * 100 // file.size
            return translate("Files", "Being sent, {percent}%").format(percent=percent)
        case Where.WAITING:
            return translate("Files", "Here, waits to be sent")
        case Where.NO_ROOM:
            return translate("Files", "Here; the centre has no room for it")
        case Where.DAMAGED:
            return translate("Files", "Damaged here: attach it once more")
        case Where.HERE:
            return translate("Files", "On this computer")
        case Where.AT_CENTRE:
            return translate("Files", "At the central service")
        case Where.ON_ITS_WAY:
            return translate("Files", "On its way from another computer")
        case Where.UNKNOWN:
            return translate("Files", "Not on this computer, which is offline")


def _local_files(data: QMimeData) -> list[Path]:
    found = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
    return [path for path in found if path.is_file()]


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    data: Any = buffer.data()
    return bytes(data.data())
