"""The report viewer: parameters at the left, the result as a real table, every figure leading to what is behind it.

Here: asking for a report, showing it, walking down and back. Not here: what a report says, how it becomes a file.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from erp_desktop.i18n import translate
from erp_desktop.reports.report import CannotReport, Link, Report, ReportDefinition, report_definition
from erp_desktop.reports.screen import ScreenModel, ScreenReport
from erp_desktop.sync.reads import ReadKind
from erp_desktop.views.language import current_language
from erp_desktop.views.reports.checks_line import ChecksLine
from erp_desktop.views.reports.exporting import SavedFile, asked_for, save_report
from erp_desktop.views.reports.opening import open_document
from erp_desktop.views.reports.parameters import ParameterPane, remember, remembered
from erp_desktop.views.reports.story import SHORTCUT, Told, story_text, tell_story, told_by
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.banner import Banner
from erp_desktop.views.widgets.list_screen import PageHeader
from erp_desktop.views.widgets.report_table import ReportTable
from erp_desktop.views.widgets.screen_view import ScreenView
from erp_desktop.views.widgets.state_page import StatePage

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.jobs import Job
    from erp_desktop.views.shell.main_window import MainWindow

PANE_WIDTH = 242
_LOOK_SECONDS = 0.05
_MOST_CONTENTS = 5  # sections that are listed without scrolling


@dataclass
class Shown:
    """A report as it stands in the viewer: what it was asked with, its result, and where the cursor is."""

    definition: ReportDefinition
    parameters: dict[str, Any] = field(default_factory=dict)
    report: Report | None = None
    screen: ScreenReport | None = None
    as_of: str = ""
    section: int = 0
    row: int = 0
    column: int = 0


class ReportViewer(ScreenView):
    """One tab for one report and all that is opened from it. F5 runs, Enter goes down, Backspace comes back."""

    pane: ParameterPane
    table: ReportTable | None
    state: StatePage
    stack: QStackedWidget
    outline: QListWidget
    _pane_place: QVBoxLayout

    def __init__(
        self, desk: "Desk", shell: "MainWindow", name: str, parameters: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self._desk, self._shell = desk, shell
        self._run_number = 0
        self._above: list[Shown] = []
        definition = report_definition(name)
        first = parameters if parameters is not None else remembered(shell.settings, desk.user.login, definition)
        self.shown = Shown(definition, dict(first))
        self.pane = ParameterPane(desk, definition, self.shown.parameters, self)
        self._build()
        self._show_definition()
        wanted = self.pane.first_wanted
        if wanted is None:
            self.run()
        else:
            self.setFocusProxy(wanted)

    @property
    def report(self) -> Report | None:
        """The result that is shown, None before the first."""
        return self.shown.report

    def show_args(self, **args: object) -> None:
        given = args.get("parameters")
        if isinstance(given, Mapping):
            if self._above:  # what was opened from it goes: this tab is the report's that was asked for
                self.shown = self._above[0]
                self._above.clear()
            self.shown = Shown(self.shown.definition, dict(given))
            self._show_definition()
            self.run()

    # --- running

    def run(self) -> None:
        """Makes the report anew with what stands in the fields; the old result stays until the new one is there."""
        values = self.pane.read()
        if values is None:
            return
        self.shown.parameters = values
        if not self._above:
            remember(self._shell.settings, self._desk.user.login, self.shown.definition, values)
        self._run_number += 1
        number, definition, started = self._run_number, self.shown.definition, time.monotonic()
        self.banner.hide()
        if self.shown.report is None:
            self.state.show_state("clock", translate("ReportViewer", "Making the report"))
            self.stack.setCurrentWidget(self.state)

        def work(job: "Job") -> Report | str | None:
            asked = self._desk.report(definition.name, **values)
            while True:
                try:
                    return asked.result(_LOOK_SECONDS)
                except TimeoutError:
                    if job.is_cancelled:
                        return None
                except CannotReport as problem:
                    return problem.sentence

        def done(outcome: Report | str | None) -> None:
            if isValid(self) and number == self._run_number:  # the tab may be closed by now
                self._take(outcome, time.monotonic() - started)

        title = translate("ReportViewer", "Making {report}").format(report=self.report_title)
        future = self._shell.jobs.run(title, work, done)
        when_done(future, self, _nothing, on_failed=lambda _told: self._show_result())

    def _take(self, outcome: Report | str | None, seconds: float) -> None:
        if not isinstance(outcome, Report):
            if outcome is None:
                self._shell.say(translate("ReportViewer", "Stopped. Run it again with F5."))
            else:
                self.banner.show_sentence("late", outcome)
            self._show_result()
            return
        clock = datetime.now().astimezone().strftime("%H:%M:%S")
        text = translate("ReportViewer", "as of {clock}, {seconds} s")
        self.shown.as_of = text.format(clock=clock, seconds=f"{seconds:.1f}")
        self.shown.report = outcome
        self.shown.screen = ScreenModel(outcome, current_language())
        self._desk.reads.note(ReadKind.REPORT, outcome.name, details=asked_for(outcome))
        self._show_result()

    # --- down and back

    def drill(self, link: Link) -> None:
        """Opens what is behind a figure: a report in this tab, a document in a tab of its own."""
        if link.kind != "report":
            open_document(self._shell, link.kind, link.id)
            return
        definition = report_definition(link.report)
        if definition.permission not in self._desk.permissions:
            self._shell.say(translate("ReportViewer", "Your role may not open the report behind this figure."))
            return
        self._keep_cursor()
        self._above.append(self.shown)
        self.shown = Shown(definition, dict(link.parameters))
        self._show_definition()
        self.run()

    def go_back(self) -> None:
        """Back to the report above, at the figure that was opened."""
        if not self._above:
            return
        self._run_number += 1
        self.shown = self._above.pop()
        self._show_definition()
        self._show_result()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Backspace and self._above:
            self.go_back()
        else:
            super().keyPressEvent(event)

    # --- files

    def save_excel(self) -> None:
        self._save("xlsx")

    def save_pdf(self) -> None:
        self._save("pdf")

    def _save(self, ending: str) -> None:
        if self.shown.report is not None:
            self.saved.hide()
            save_report(self, self._shell, self.shown.report, ending, self.saved.show_file, self._show_problem)

    def _show_problem(self, sentence: str) -> None:
        self.banner.show_sentence("late", sentence)

    # --- showing

    @property
    def report_title(self) -> str:
        return translate("Report", self.shown.definition.title)

    def tell_story(self) -> None:
        """Where the cost in the row under the cursor comes from."""
        told = self._told()
        if told is not None:
            book = self.shown.parameters.get("cost_book")
            tell_story(self._shell, told, **({"cost_book": book} if book else {}))

    def _offer_story(self, place: QPoint) -> None:
        if self.table is not None and self._told() is not None:
            menu = QMenu(self)
            menu.addAction(self.do_tell)
            menu.popup(self.table.viewport().mapToGlobal(place))

    def _told(self) -> Told | None:
        row = self.table.currentIndex().row() if self.table is not None else -1
        return told_by(self.table.link_at(row)) if self.table is not None and row >= 0 else None

    def _show_definition(self) -> None:
        """The fields and the name of the report in front; its result follows."""
        self.set_title(self.report_title)
        self.header.title.setText(self.report_title)
        old = self.pane
        self.pane = ParameterPane(self._desk, self.shown.definition, self.shown.parameters, self)
        self.pane.run_asked.connect(self.run)
        self._pane_place.removeWidget(old)
        self._pane_place.insertWidget(0, self.pane)
        old.hide()
        old.deleteLater()
        self.do_back.setEnabled(bool(self._above))
        self.back_button.setVisible(bool(self._above))
        self.banner.hide()
        self.saved.hide()
        self._show_result()

    def _show_result(self) -> None:
        screen = self.shown.screen
        is_here = screen is not None
        for action in (self.do_excel, self.do_pdf):
            action.setEnabled(is_here)
        self.as_of.setText(self.shown.as_of)
        self.subtitle.setText(f"{screen.company}  ·  {screen.subtitle}" if screen else "")
        self.subtitle.setToolTip(self.subtitle.text())
        self.checks.show_checks(screen.checks if screen else (), screen.notes if screen else ())
        self.checks.setToolTip(screen.as_of if screen else "")
        if screen is None:
            self.outline_box.hide()
            self.state.show_state("reports", translate("ReportViewer", "Fill in what is asked at the left, then run."))
            self.stack.setCurrentWidget(self.state)
            return
        self._show_outline(screen)
        self._show_section(min(self.shown.section, len(screen.sections) - 1))

    def _show_outline(self, screen: ScreenReport) -> None:
        self.outline.blockSignals(True)
        self.outline.clear()
        self.outline.addItems([section.title for section in screen.sections])
        self.outline.setCurrentRow(min(self.shown.section, len(screen.sections) - 1))
        self.outline.blockSignals(False)
        rows = min(len(screen.sections), _MOST_CONTENTS)
        self.outline.setFixedHeight(rows * max(self.outline.sizeHintForRow(0), 1) + 2 * self.outline.frameWidth())
        self.outline_box.setVisible(len(screen.sections) > 1)

    def _show_section(self, number: int) -> None:
        screen = self.shown.screen
        if screen is None or not 0 <= number < len(screen.sections):
            return
        if number != self.shown.section:
            self.shown.section, self.shown.row = number, 0
        section = screen.sections[number]
        had_focus = self.table is not None and (self.table.hasFocus() or self.state.isVisible())
        table = self.table
        if table is None:
            self.table = table = ReportTable(section, self)
            table.drilled.connect(self.drill)
            if "cost.read" in self._desk.permissions:
                table.addAction(self.do_tell)
                table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
                table.customContextMenuRequested.connect(self._offer_story)
            self.stack.addWidget(table)
            self.setFocusProxy(table)
            had_focus = self.isVisible()
        else:
            table.show_section(section)
        table.setAccessibleName(f"{self.report_title} {section.title}".strip())
        if not section.rows:
            self.state.show_state("ring", translate("ReportViewer", "Nothing was found for these parameters."))
            self.stack.setCurrentWidget(self.state)
            return
        self.stack.setCurrentWidget(table)
        row = min(self.shown.row, len(section.rows) - 1)
        table.setCurrentIndex(table.report_model.index(row, self.shown.column))
        if had_focus:
            table.setFocus()

    def _keep_cursor(self) -> None:
        if self.table is not None and self.table.currentIndex().isValid():
            self.shown.row, self.shown.column = self.table.currentIndex().row(), self.table.currentIndex().column()

    # --- building

    def _build(self) -> None:
        self.header = PageHeader("", self)
        self.do_back = self.add_command(
            "report.back", translate("ReportViewer", "Back to the report"), self.go_back, "", "undo"
        )
        self.do_run = self.add_command("report.run", translate("ReportViewer", "Run"), self.run, "F5", "refresh")
        self.do_excel = self.add_command(
            "report.excel", translate("ReportViewer", "Excel"), self.save_excel, "Ctrl+E", "excel"
        )
        self.do_pdf = self.add_command(
            "report.pdf", translate("ReportViewer", "PDF"), self.save_pdf, "Ctrl+Shift+E", "pdf"
        )
        if "cost.read" in self._desk.permissions:
            self.do_tell = self.add_command("report.story", story_text(), self.tell_story, SHORTCUT, "costing")
        self.do_back.setToolTip(translate("ReportViewer", "Back to the figure that was opened (Backspace)"))
        self.as_of = QLabel()
        self.as_of.setProperty("tone", "secondary")
        layout_of_header = self.header.layout()
        if layout_of_header is not None:
            layout_of_header.addWidget(self.as_of)
        self.back_button = self.header.add_button(self.do_back, "undo")
        self.header.add_button(self.do_run, "refresh", primary=True)
        self.header.add_button(self.do_excel, "excel")
        self.header.add_button(self.do_pdf, "pdf")
        self.banner = Banner(self)
        self.saved = SavedFile(self)
        self.subtitle = QLabel()
        self.subtitle.setProperty("tone", "secondary")
        self.subtitle.setWordWrap(True)
        self.subtitle.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.checks = ChecksLine(self)
        self.table = None
        self.state = StatePage(self)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.state)
        result = QVBoxLayout()
        result.setSpacing(8)
        result.addWidget(self.subtitle)
        result.addWidget(self.stack, 1)
        result.addWidget(self.checks)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self._left())
        middle.addLayout(result, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(self.header)
        layout.addWidget(self.banner)
        layout.addWidget(self.saved)
        layout.addLayout(middle, 1)

    def _left(self) -> QWidget:
        left = QFrame()
        left.setObjectName("sidePane")
        left.setFixedWidth(PANE_WIDTH)
        heading = QLabel(translate("ReportViewer", "Parameters"))
        heading.setProperty("tone", "secondary")
        fields = QWidget()
        self._pane_place = QVBoxLayout(fields)
        self._pane_place.setContentsMargins(0, 0, 6, 0)
        self._pane_place.addWidget(self.pane)
        scrolled = QScrollArea()  # as many parameters as a report has, in a window as low as it may be
        scrolled.setWidget(fields)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scrolled.viewport().setAutoFillBackground(False)
        fields.setAutoFillBackground(False)
        self.outline_box = QWidget()
        contents = QLabel(translate("ReportViewer", "Contents"))
        contents.setProperty("tone", "secondary")
        self.outline = QListWidget()
        self.outline.setAccessibleName(contents.text())
        self.outline.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.outline.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.outline.currentRowChanged.connect(self._show_section)
        box = QVBoxLayout(self.outline_box)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(contents)
        box.addWidget(self.outline, 1)
        layout = QVBoxLayout(left)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addWidget(heading)
        layout.addWidget(scrolled, 1)
        layout.addWidget(self.outline_box)
        return left


def _nothing(_answer: object) -> None:
    """The job has told the answer already."""
