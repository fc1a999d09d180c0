"""Which column of the file fills which field: one line for each field, guessed from the headings, to be mended here."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from erp_desktop.i18n import translate
from erp_desktop.integrations.fields import ImportTarget
from erp_desktop.integrations.mapping import Matching
from erp_desktop.integrations.tables.cells import as_text

_LONGEST_SAMPLE = 60


class MappingPane(QScrollArea):
    """Field, column, and what stands in that column in the first rows."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.boxes: dict[str, QComboBox] = {}
        self._samples: dict[str, QLabel] = {}
        self._rows: Sequence[Sequence[Any]] = ()
        self._matching: Matching | None = None

    def show_matching(self, target: ImportTarget, matching: Matching, rows: Sequence[Sequence[Any]]) -> None:
        """Shows the guess; `rows` are the first ones below the headings."""
        self._matching, self._rows = matching, rows
        self.boxes, self._samples = {}, {}
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        for place, text in enumerate(
            (
                translate("ImportWindow", "Field"),
                translate("ImportWindow", "Column of the file"),
                translate("ImportWindow", "First rows"),
            )
        ):
            heading = QLabel(text)
            heading.setProperty("tone", "secondary")
            grid.addWidget(heading, 0, place)
        for row, known in enumerate(target.fields, start=1):
            title = translate("Import", known.heading)
            is_needed = known.required or known.name in target.key
            label = QLabel(f"{title} *" if is_needed else title)
            box = QComboBox()
            box.setMinimumWidth(240)
            box.setAccessibleName(title)
            box.addItem(translate("ImportWindow", "(no column)"), None)
            for column, heading_text in enumerate(matching.headings):
                if column != matching.reason_column:
                    unnamed = translate("ImportWindow", "Column {number}").format(number=column + 1)
                    box.addItem(heading_text or unnamed, column)
            box.setCurrentIndex(max(box.findData(matching.columns.get(known.name)), 0))
            box.currentIndexChanged.connect(lambda _n: self._chosen())
            label.setBuddy(box)
            sample = QLabel()
            sample.setProperty("tone", "secondary")
            self.boxes[known.name], self._samples[known.name] = box, sample
            for place, widget in enumerate((label, box, sample)):
                grid.addWidget(widget, row, place)
        grid.setColumnStretch(2, 1)
        grid.setRowStretch(len(target.fields) + 1, 1)
        self.setWidget(page)
        self._show_samples()

    @property
    def matching(self) -> Matching | None:
        """The file's headings with the columns as they are chosen now."""
        if self._matching is None:
            return None
        columns = {name: box.currentData() for name, box in self.boxes.items() if box.currentData() is not None}
        return replace(self._matching, columns=columns)

    def _chosen(self) -> None:
        self._show_samples()
        self.changed.emit()

    def _show_samples(self) -> None:
        for name, box in self.boxes.items():
            column = box.currentData()
            cells = [as_text(row[column]).strip() for row in self._rows if column is not None and column < len(row)]
            text = "  ·  ".join(cell for cell in cells if cell)
            self._samples[name].setText(text if len(text) <= _LONGEST_SAMPLE else text[:_LONGEST_SAMPLE] + "…")
            self._samples[name].setTextFormat(Qt.TextFormat.PlainText)
