"""One field of a form as the binder sees it: reading and writing its widget, its dot when changed, its sentence when wrong."""

import re
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QWidget,
)

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.fields import DateField, NumberField
from erp_desktop.views.widgets.lookup import LookupField
from erp_desktop.views.widgets.reading import NotReadable

_DOT = 6


class FormField(QObject):
    """A field's widget with what stands around it. `edited` at every change by the person, `left` when they leave it."""

    edited = Signal(str)
    left = Signal(str)

    def __init__(self, name: str, widget: QWidget, label: QLabel | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.widget = widget
        self.label = label
        self.saved: Any = None
        self.problem_line: QLabel | None = None
        self._dot: QFrame | None = None
        self.is_required = bool(widget.property("required"))
        self._readonly_when = frozenset(str(widget.property("readonlyWhen") or "").split())
        if self.is_required and label is not None and not label.text().endswith("*"):
            label.setText(label.text() + " *")
        if widget.property("help"):
            widget.setToolTip(str(widget.property("help")))
        if not widget.accessibleName() and label is not None:
            widget.setAccessibleName(self.title)
        self._listen()

    @property
    def title(self) -> str:
        """What the field is called on the form."""
        if self.label is not None:
            return re.sub(r"\(&\w\)", "", self.label.text()).replace("&", "").rstrip("* ").rstrip(":：")
        return self.widget.accessibleName() or self.name

    @property
    def is_shown_only(self) -> bool:
        return isinstance(self.widget, QLabel)

    # Value

    def read(self) -> Any:
        """The typed value; None for nothing. Raises NotReadable for what cannot be read."""
        widget = self.widget
        match widget:
            case NumberField() | DateField() | LookupField():
                return widget.value()
            case QCheckBox():
                return widget.isChecked()
            case QComboBox():
                return widget.currentData()
            case QPlainTextEdit():
                return widget.toPlainText().strip()
            case QLineEdit() | QLabel():
                return widget.text().strip()
        raise TypeError(f"the field {self.name} is a {type(widget).__name__}, which no form can read")

    def read_or_none(self) -> Any:
        """As `read`; None also for what cannot be read."""
        try:
            return self.read()
        except NotReadable:
            return None

    def write(self, value: Any) -> None:
        """Shows `value` as saved: no dot, no problem."""
        widget = self.widget
        match widget:
            case NumberField() | DateField() | LookupField():
                widget.set_value(value)
            case QCheckBox():
                widget.setChecked(bool(value))
            case QComboBox():
                widget.blockSignals(True)
                widget.setCurrentIndex(widget.findData(value))
                widget.blockSignals(False)
            case QPlainTextEdit():
                widget.blockSignals(True)
                widget.setPlainText(value or "")
                widget.blockSignals(False)
            case QLineEdit() | QLabel():
                widget.setText("" if value is None else str(value))
                if isinstance(widget, QLineEdit) and not widget.hasFocus():
                    widget.setCursorPosition(0)  # a text longer than its field shows its beginning
        self.accept(self.read_or_none())
        self.show_problem("")

    def accept(self, value: Any) -> None:
        """`value` counts as saved, whether it still stands in the field or not."""
        self.saved = value
        self._show_dot(self.is_dirty)

    @property
    def is_dirty(self) -> bool:
        if self.is_shown_only:
            return False
        try:
            return bool(self.read() != self.saved)
        except NotReadable:
            return True

    def problem(self, *, complete: bool) -> str:
        """The sentence about what is wrong with the field, empty if nothing is."""
        try:
            value = self.read()
        except NotReadable as error:
            return error.sentence
        if complete and self.is_required and (value is None or value == ""):
            return translate("Field", "Fill in {field}.").format(field=self.title)
        return ""

    # Looks

    def show_problem(self, sentence: str) -> None:
        """Puts the sentence under the field and marks it; empty takes both away."""
        if sentence and self.problem_line is None:
            self._wrap()
        if self.problem_line is not None:
            self.problem_line.setText(sentence)
            self.problem_line.setVisible(bool(sentence))
        if bool(self.widget.property("problem")) != bool(sentence):
            self.widget.setProperty("problem", bool(sentence))
            self.widget.style().unpolish(self.widget)
            self.widget.style().polish(self.widget)
        self.widget.setAccessibleDescription(sentence)

    def show_state(self, status: str) -> None:
        """Read-only in the document states that the form names in `readonlyWhen` (`*`: always)."""
        locked = status in self._readonly_when or "*" in self._readonly_when
        match self.widget:
            case QLineEdit() | QPlainTextEdit():
                self.widget.setReadOnly(locked)
                self.widget.style().unpolish(self.widget)
                self.widget.style().polish(self.widget)
            case QComboBox() | QAbstractButton():
                self.widget.setEnabled(not locked)

    def _wrap(self) -> None:
        """Puts the widget into a box of its own, with room for a dot beside it and a sentence under it."""
        parent = self.widget.parentWidget()
        layout = parent.layout() if parent is not None else None
        box = QWidget(parent)
        policy = self.widget.sizePolicy()
        if policy.verticalPolicy() == QSizePolicy.Policy.Fixed:  # the field stays at the top when its neighbours grow
            policy.setVerticalPolicy(QSizePolicy.Policy.Preferred)
        box.setSizePolicy(policy)
        if layout is None or layout.replaceWidget(self.widget, box) is None:
            box.deleteLater()
            return
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        dot = QFrame(box)
        dot.setObjectName("changedDot")
        dot.setFixedSize(_DOT, _DOT)
        keeps_room = dot.sizePolicy()
        keeps_room.setRetainSizeWhenHidden(True)
        dot.setSizePolicy(keeps_room)
        dot.hide()
        line = QLabel(box)
        line.setObjectName("problemLine")
        line.setWordWrap(True)
        line.hide()
        grid.addWidget(self.widget, 0, 0)
        grid.addWidget(dot, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(line, 1, 0, 1, 2)
        if self.widget.sizePolicy().verticalPolicy() == QSizePolicy.Policy.Fixed:
            grid.setRowStretch(2, 1)
        self._dot, self.problem_line = dot, line

    def prepare(self) -> None:
        """Makes room for dot and sentence, once the whole form is there."""
        if not self.is_shown_only and self.problem_line is None:
            self._wrap()

    def _show_dot(self, dirty: bool) -> None:
        if self._dot is not None:
            self._dot.setVisible(dirty)
            self._dot.setToolTip(translate("Field", "Changed, not saved yet") if dirty else "")

    # What happens to it

    def _listen(self) -> None:
        match self.widget:
            case LookupField():
                self.widget.edited.connect(self._note)
                self.widget.settled.connect(partial(self._settled, self.widget))
            case NumberField() | DateField():
                self.widget.edited.connect(self._note)
            case QLineEdit():
                self.widget.textEdited.connect(lambda _: self._note())
            case QPlainTextEdit():
                self.widget.textChanged.connect(self._note)
            case QComboBox():
                self.widget.currentIndexChanged.connect(lambda _: self._note())
            case QCheckBox():
                self.widget.toggled.connect(lambda _: self._note())
        self.widget.installEventFilter(self)

    def _settled(self, lookup: LookupField) -> None:
        """With its list open somebody is still choosing: what stands in the field is not judged yet."""
        if not lookup.results.isVisible():
            self.left.emit(self.name)

    def _note(self) -> None:
        self._show_dot(self.is_dirty)
        self.edited.emit(self.name)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            waits = isinstance(self.widget, LookupField) and self.widget.is_undecided
            if not waits:
                self.left.emit(self.name)
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            escape = event.key() == Qt.Key.Key_Escape and self.is_dirty
            if escape and not (isinstance(self.widget, LookupField) and self.widget.results.isVisible()):
                saved = self.saved
                self.write(saved)
                self.edited.emit(self.name)
                return True
        return super().eventFilter(watched, event)
