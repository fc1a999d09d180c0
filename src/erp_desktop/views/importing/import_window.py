"""Taking in a table from a file: choose it, say which column is what, see every row's verdict, then import.

Nothing is written before the last step. All of it happens beside the window and can be cancelled; stopping an import leaves
what is taken in, and importing the file again goes on from there.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from erp_desktop.actions.base import Action
from erp_desktop.i18n import translate
from erp_desktop.integrations.fields import ImportTarget
from erp_desktop.integrations.importing import ImportPlan, ImportResult, data_rows, make_plan, take_in
from erp_desktop.integrations.judging import Verdict
from erp_desktop.integrations.mapping import ImportRefused, Matching, match_columns
from erp_desktop.integrations.tables import Table, UnreadableTable, open_table
from erp_desktop.integrations.tables.bad_rows import bad_rows_path
from erp_desktop.integrations.targets import TARGETS
from erp_desktop.views.documents.printing import open_file, print_folder
from erp_desktop.views.importing.mapping_pane import MappingPane
from erp_desktop.views.importing.preview import Preview
from erp_desktop.views.shell.jobs import Cancelled
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.jobs import Job
    from erp_desktop.views.shell.main_window import MainWindow

SAMPLE_ROWS = 3


@dataclass(frozen=True)
class _Opened:
    """A file as it was opened: its table, the guessed columns, and its first rows."""

    table: Table
    matching: Matching
    rows: tuple[tuple[Any, ...], ...]


def ask_for_table(parent: ScreenView) -> Path | None:
    """The file that the person chooses, None if they think better of it."""
    kinds = translate("ImportWindow", "Tables (*.xlsx *.xlsm *.xls *.csv *.tsv *.txt *.gz)")
    chosen, _ = QFileDialog.getOpenFileName(parent, translate("ImportWindow", "Choose a file"), "", kinds)
    return Path(chosen) if chosen else None


class ImportWindow(ScreenView):
    """One file into one kind of record. `plan` is what was judged last, `result` what came of it."""

    preview: Preview | None
    stack: QStackedWidget
    mapping: MappingPane
    state: StatePage

    def __init__(self, desk: "Desk", shell: "MainWindow", target: str = "", file: str = "") -> None:
        super().__init__()
        self._desk, self._shell = desk, shell
        self._asked = 0
        self.opened: _Opened | None = None
        self.plan: ImportPlan | None = None
        self.result: ImportResult | None = None
        self._build()
        if target:
            self.show_args(target=target)
        if file:
            self.open_path(Path(file))
        self.setAcceptDrops(True)
        self._show_step()

    @property
    def target(self) -> ImportTarget:
        """What the file is imported as."""
        return TARGETS[self.target_box.currentData()]

    def show_args(self, **args: object) -> None:
        place = self.target_box.findData(args.get("target"))
        if place >= 0:
            self.target_box.setCurrentIndex(place)

    # --- step by step

    def choose_file(self) -> None:
        path = ask_for_table(self)
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path, sheet: str = "") -> None:
        """Opens a file and guesses its columns."""
        self.path.setText(str(path))
        self.opened, self.plan, self.result = None, None, None
        target, dates = self.target, self.dates_box.currentData()

        def work(_job: "Job") -> _Opened | str:
            try:
                table = open_table(path, sheet)
                matching = replace(match_columns(target, table), dates=dates)
                rows = tuple(row.cells for row in islice(data_rows(table, matching), SAMPLE_ROWS))
            except (UnreadableTable, ImportRefused) as problem:
                return problem.sentence
            return _Opened(table, matching, rows)

        text = translate("ImportWindow", "Opening {file}").format(file=path.name)
        self._run(text, work, self._show_opened)

    def check_rows(self) -> None:
        """Judges every row; writes nothing."""
        matching = self.mapping.matching
        if self.opened is None or matching is None:
            return
        target, table = self.target, self.opened.table
        matching = replace(matching, dates=self.dates_box.currentData())

        def work(job: "Job") -> ImportPlan | str:
            try:
                return make_plan(target, table, matching, lambda query: self._desk.ask(query).result(), job.report)
            except (UnreadableTable, ImportRefused) as problem:
                return problem.sentence

        self._run(translate("ImportWindow", "Checking {file}").format(file=table.path.name), work, self._show_plan)

    def take_in(self) -> None:
        """Performs what the preview says."""
        plan = self.plan
        if plan is None:
            return

        def perform(action: Action) -> None:
            self._desk.perform(action).result()

        def work(job: "Job") -> ImportResult | str:
            def progress(done: int, total: int) -> None:
                with contextlib.suppress(Cancelled):  # stopping is asked between batches, where nothing is lost
                    job.report(done, total)

            try:
                return take_in(plan, perform, progress, lambda: job.is_cancelled, _place_for_bad_rows(plan.table.path))
            except UnreadableTable as problem:
                return problem.sentence

        text = translate("ImportWindow", "Importing {file}").format(file=plan.table.path.name)
        self._run(text, work, self._show_outcome)

    def open_bad_rows(self) -> None:
        if self.result is not None and self.result.bad_file is not None:
            open_file(self.result.bad_file)

    def start_again(self) -> None:
        """Another file."""
        self.opened, self.plan, self.result = None, None, None
        self.path.clear()
        self._show_step()
        self.choose_button.setFocus()

    # --- showing

    def _run(self, title: str, work: Callable[["Job"], Any], show: Callable[[Any], None]) -> None:
        self._asked += 1
        number = self._asked
        self.banner.hide()
        self._set_busy(title)

        def done(outcome: Any) -> None:
            if not isValid(self):  # the tab was closed meanwhile; the import went on to its end
                self._tell_unseen(outcome)
                return
            if number != self._asked:
                return
            if isinstance(outcome, str):
                self.banner.show_sentence("late", outcome)
                self._show_step()
            else:
                show(outcome)

        def failed(_told: object) -> None:
            if number == self._asked:
                self._show_step()  # cancelled, or our own fault, which the window tells

        when_done(self._shell.jobs.run(title, work, done), self, lambda _told: None, on_failed=failed)

    def _tell_unseen(self, outcome: Any) -> None:
        if isinstance(outcome, ImportResult):
            text = translate("ImportWindow", "Imported: {taken}, to mend: {bad}")
            self._shell.say(text.format(taken=f"{outcome.taken:,}", bad=f"{outcome.bad:,}"))

    def _set_busy(self, title: str) -> None:
        for action in (self.do_check, self.do_import):
            action.setEnabled(False)
        self.state.show_state("clock", title)
        self.stack.setCurrentWidget(self.state)

    def _show_opened(self, opened: _Opened) -> None:
        self.opened = opened
        self.sheet_box.blockSignals(True)
        self.sheet_box.clear()
        for name in opened.table.sheets:
            self.sheet_box.addItem(name, name)
        self.sheet_box.setCurrentIndex(self.sheet_box.findData(opened.table.sheet))
        self.sheet_box.blockSignals(False)
        for widget in (self.sheet_label, self.sheet_box):
            widget.setVisible(len(opened.table.sheets) > 1)
        self.mapping.show_matching(self.target, opened.matching, opened.rows)
        self._show_step()

    def _show_plan(self, plan: ImportPlan) -> None:
        self.plan = plan
        old = self.preview
        self.preview = preview = Preview(plan, self)
        self.stack.addWidget(preview)
        if old is not None:
            self.stack.removeWidget(old)
            old.deleteLater()
        self._show_step()
        preview.setFocus()

    def _show_outcome(self, result: ImportResult) -> None:
        self.result = result
        self._show_step()

    def _show_step(self) -> None:
        """The page and the buttons of where the import is now."""
        todo = 0
        if self.plan is not None:
            todo = self.plan.count(Verdict.NEW) + self.plan.count(Verdict.CHANGED)
        is_open = self.opened is not None
        self.do_check.setEnabled(is_open and self.result is None)
        self.do_import.setEnabled(bool(todo) and self.result is None)
        text = translate("ImportWindow", "Import rows: {count}") if todo else translate("ImportWindow", "Import rows")
        self.do_import.setText(text.format(count=f"{todo:,}"))
        if self.result is not None:
            self._show_result(self.result)
        elif self.plan is not None and self.preview is not None:
            self.hint.setText(
                translate("ImportWindow", "Nothing is written yet. Rows to mend are left out and come back in a file.")
            )
            self.stack.setCurrentWidget(self.preview)
        elif is_open:
            self.hint.setText(translate("ImportWindow", "Say which column fills which field, then check the rows."))
            self.stack.setCurrentWidget(self.mapping)
        else:
            self.hint.setText("")
            self.state.show_state(
                "import",
                translate("ImportWindow", "Choose what to import, and the file"),
                translate("ImportWindow", "Excel or CSV; a file can also be dropped here."),
                ((translate("ImportWindow", "Choose a file"), self.choose_file),),
            )
            self.stack.setCurrentWidget(self.state)

    def _show_result(self, result: ImportResult) -> None:
        parts = [
            translate("ImportWindow", "New: {count}").format(count=f"{result.new:,}"),
            translate("ImportWindow", "Changed: {count}").format(count=f"{result.changed:,}"),
            translate("ImportWindow", "Here already: {count}").format(count=f"{result.same:,}"),
            translate("ImportWindow", "To mend: {count}").format(count=f"{result.bad:,}"),
        ]
        if result.not_reached:
            parts.append(translate("ImportWindow", "Not reached: {count}").format(count=f"{result.not_reached:,}"))
        title = (
            translate("ImportWindow", "Stopped; import the file again to go on")
            if result.not_reached
            else translate("ImportWindow", "Imported")
        )
        detail = "    ".join(parts)
        buttons: list[tuple[str, Callable[[], object]]] = []
        if result.bad_file is not None:
            detail += "\n" + translate("ImportWindow", "The rows to mend are in {file}").format(file=result.bad_file)
            buttons.append((translate("ImportWindow", "Open the rows to mend"), self.open_bad_rows))
        buttons.append((translate("ImportWindow", "Import another file"), self.start_again))
        self.hint.setText("")
        self.state.show_state("triangle" if result.bad else "check", title, detail, tuple(buttons))
        self.stack.setCurrentWidget(self.state)

    # --- building

    def _build(self) -> None:
        self.set_title(translate("ImportWindow", "Import"))
        self.header = PageHeader(self.title, self)
        self.do_check = self.add_command(
            "import.check", translate("ImportWindow", "Check the rows"), self.check_rows, "F5", "search"
        )
        self.do_import = self.add_command(
            "import.run", translate("ImportWindow", "Import rows"), self.take_in, "Ctrl+Return", "import"
        )
        self.header.add_button(self.do_check, "search")
        self.header.add_button(self.do_import, "import", primary=True)
        self.banner = Banner(self)
        self.target_box, self.sheet_box, self.dates_box = QComboBox(), QComboBox(), QComboBox()
        for name, target in TARGETS.items():
            if target.permission in self._desk.permissions:
                self.target_box.addItem(translate("Import", target.title), name)
        for code, text in (
            ("", translate("ImportWindow", "2024-03-31 only")),
            ("dmy", translate("ImportWindow", "31/03/2024")),
            ("mdy", translate("ImportWindow", "03/31/2024")),
        ):
            self.dates_box.addItem(text, code)
        self.path = QLineEdit(readOnly=True)
        self.choose_button = QPushButton(translate("ImportWindow", "Choose a file"))
        self.choose_button.clicked.connect(self.choose_file)
        self.hint = QLabel()
        self.hint.setProperty("tone", "secondary")
        self.sheet_label = QLabel(translate("ImportWindow", "Sheet"))
        line = QHBoxLayout()
        line.setSpacing(8)
        parts: tuple[tuple[QLabel | None, QWidget, int], ...] = (
            (QLabel(translate("ImportWindow", "Import")), self.target_box, 0),
            (QLabel(translate("ImportWindow", "File")), self.path, 1),
            (None, self.choose_button, 0),
            (self.sheet_label, self.sheet_box, 0),
            (QLabel(translate("ImportWindow", "Dates")), self.dates_box, 0),
        )
        for label, widget, stretch in parts:
            if label is not None:
                label.setBuddy(widget)
                widget.setAccessibleName(label.text())
                line.addWidget(label)
            line.addWidget(widget, stretch)
        for hidden in (self.sheet_label, self.sheet_box):
            hidden.hide()
        self.target_box.currentIndexChanged.connect(self._read_again)
        self.sheet_box.currentIndexChanged.connect(self._read_again)
        self.dates_box.currentIndexChanged.connect(self._judge_anew)
        self.mapping, self.state = MappingPane(self), StatePage(self)
        self.mapping.changed.connect(self._judge_anew)
        self.preview = None
        self.stack = QStackedWidget(self)
        for page in (self.state, self.mapping):
            self.stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(self.header)
        layout.addWidget(self.banner)
        layout.addLayout(line)
        layout.addWidget(self.hint)
        layout.addWidget(self.stack, 1)
        self.setFocusProxy(self.target_box)

    def _read_again(self, _place: int = 0) -> None:
        """Another target or sheet: the same file, guessed anew."""
        if self.path.text():
            self.open_path(Path(self.path.text()), self.sheet_box.currentData() or "")

    def _judge_anew(self, _place: int = 0) -> None:
        """Another column or order of dates: what was judged before counts no more."""
        if self.opened is not None and self.result is None:
            self.plan = None
            self._show_step()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.open_path(Path(event.mimeData().urls()[0].toLocalFile()))


def _place_for_bad_rows(source: Path) -> Path:
    """Beside the file; among the person's own documents where nothing may be written there."""
    if os.access(source.parent, os.W_OK):
        return bad_rows_path(source)
    return bad_rows_path(print_folder() / source.name)
