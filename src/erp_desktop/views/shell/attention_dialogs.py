"""What Needs attention asks before it sends: a reason, another record or date, or the entry itself to correct."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from erp_desktop.actions.base import Action
from erp_desktop.actions.remedies import Question
from erp_desktop.i18n import translate
from erp_desktop.views.documents import lookups
from erp_desktop.views.shell.words_of_entries import argument_text, has_word
from erp_desktop.views.widgets.fields import DateField, NumberField
from erp_desktop.views.widgets.lookup import LookupField, LookupSpec
from erp_desktop.views.widgets.reading import NotReadable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk


class _Dialog(QDialog):
    """A question, a field or several, and two buttons of which the first waits until all is said."""

    def __init__(self, title: str, question: str, do_it: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        self.question = QLabel(question)
        self.question.setWordWrap(True)
        buttons = QDialogButtonBox(self)
        self.do_button = buttons.addButton(do_it, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(translate("DropDialog", "Go back"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.question)
        self.body = QVBoxLayout()
        layout.addLayout(self.body)
        layout.addWidget(buttons)


class DropDialog(_Dialog):
    """Asks why: what is dropped is kept with its reason."""

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(
            translate("DropDialog", "Drop with a reason"),
            translate("DropDialog", "{what} will not be carried out. Why?").format(what=what),
            translate("DropDialog", "Drop"),
            parent,
        )
        self.drop_button = self.do_button
        self.field = QLineEdit(self)
        self.field.setAccessibleName(translate("DropDialog", "Reason"))
        self.question.setBuddy(self.field)
        self.body.addWidget(self.field)
        self.drop_button.setEnabled(False)
        self.field.textChanged.connect(lambda text: self.drop_button.setEnabled(bool(text.strip())))
        self.field.setFocus()

    def reason(self) -> str:
        return self.field.text().strip()


class AnswerDialog(_Dialog):
    """Asks for another record or another date."""

    def __init__(self, desk: "Desk", question: Question, what: str, parent: QWidget | None = None) -> None:
        super().__init__(question.words, what, translate("AnswerDialog", "Send"), parent)
        self.do_button.setEnabled(False)
        self.field: DateField | LookupField
        if question.kind == "date":
            self.field = DateField(self)
            self.field.textChanged.connect(lambda _text: self.do_button.setEnabled(self.answer() is not None))
        else:
            self.field = LookupField(self)
            self.field.use(desk, _spec(question))
            self.field.chosen.connect(lambda item: self.do_button.setEnabled(item is not None))
        self.field.setAccessibleName(question.words)
        self.body.addWidget(self.field)
        self.field.setFocus()

    def answer(self) -> UUID | date | None:
        """What was chosen; None while it is not known."""
        if isinstance(self.field, LookupField):
            held = self.field.value()
            return held.id if held is not None else None
        try:
            return self.field.value()
        except NotReadable:
            return None


def _spec(question: Question) -> LookupSpec:
    if question.kind == "bin":
        return lookups.bins(question.warehouse_id)
    specs = {
        "customer": lookups.customers,
        "supplier": lookups.suppliers,
        "carrier": lookups.carriers,
        "product": lookups.products,
        "warehouse": lookups.warehouses,
        "channel": lookups.channels,
    }
    return specs[question.kind]()


_NOT_TYPED = frozenset(
    {"commission_rate", "cost_method", "cost_pool", "currency", "discount", "kind", "method", "tracking"}
)
_KINDS_OF_NUMBER = {
    "amount": "money",
    "credit": "money",
    "debit": "money",
    "freight": "money",
    "list_price": "unit_price",
    "rate": "rate",
    "unit_cost": "unit_price",
    "unit_price": "unit_price",
}
_Field = QCheckBox | DateField | NumberField | QLineEdit


class CorrectDialog(_Dialog):
    """Shows what was typed when an action was entered, to be corrected: its dates, numbers and texts, line by line."""

    def __init__(self, action: Action, what: str, parent: QWidget | None = None) -> None:
        super().__init__(translate("CorrectDialog", "Edit and send"), what, translate("CorrectDialog", "Send"), parent)
        self._action = action
        self.fields: dict[tuple[int | None, str], _Field] = {}  # by line (None: the entry itself) and argument
        form = QFormLayout()
        self._add_fields(form, None, action)
        for number, line in enumerate(getattr(action, "lines", ())):
            if is_dataclass(line):
                self._add_fields(form, number, line)
        inside = QWidget(self)
        inside.setLayout(form)
        around = QScrollArea(self)
        around.setWidget(inside)
        around.setWidgetResizable(True)
        around.setFrameShape(QScrollArea.Shape.NoFrame)
        around.setMinimumHeight(min(inside.sizeHint().height() + 4, 420))
        self.body.addWidget(around)
        self.problem = QLabel(self)
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        first = next(iter(self.fields.values()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def corrected(self) -> Action:
        """The action with what stands in the fields now. Raises NotReadable."""
        again: Any = self._action
        lines = list(getattr(again, "lines", ()))
        for (number, argument), field in self.fields.items():
            before = getattr(again if number is None else lines[number], argument)
            value = _read(field, before)
            if value == before:
                continue
            if number is None:
                again = replace(again, **{argument: value})
            else:
                lines[number] = replace(lines[number], **{argument: value})
        corrected: Action = replace(again, lines=tuple(lines)) if lines else again
        return corrected

    def accept(self) -> None:
        """Only what can be read is sent; what cannot is said."""
        try:
            self.corrected()
        except NotReadable as error:
            self.problem.setText(error.sentence)
            self.problem.show()
        else:
            super().accept()

    def _add_fields(self, form: QFormLayout, number: int | None, part: Any) -> None:
        for argument in _typed(part):
            field = _field_for(argument, getattr(part, argument))
            label = argument_text(argument)
            if number is not None:
                label = translate("CorrectDialog", "Line {number}: {field}").format(number=number + 1, field=label)
            field.setAccessibleName(label)
            form.addRow(label, field)
            self.fields[number, argument] = field


def can_be_corrected(action: Action | None) -> bool:
    """Whether something of it was typed."""
    return action is not None and bool(
        _typed(action) or any(is_dataclass(line) and _typed(line) for line in getattr(action, "lines", ()))
    )


def _typed(part: Any) -> list[str]:
    """The arguments of an action or of a line that people type."""
    return [
        one.name
        for one in fields(part)
        if one.name not in _NOT_TYPED
        and has_word(one.name)
        and isinstance(getattr(part, one.name), bool | date | Decimal | int | str)
    ]


def _field_for(argument: str, value: Any) -> _Field:
    if isinstance(value, bool):
        box = QCheckBox()
        box.setChecked(value)
        return box
    if isinstance(value, date):
        day = DateField()
        day.set_value(value)
        return day
    if isinstance(value, Decimal | int):
        number = NumberField()
        kind = "integer" if isinstance(value, int) else _KINDS_OF_NUMBER.get(argument, "qty")
        number.setProperty("kind", kind)
        number.set_value(Decimal(value))
        return number
    return QLineEdit(str(value))


def _read(field: _Field, before: Any) -> Any:
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, DateField):
        return field.value() or before
    if isinstance(field, NumberField):
        value = field.value()
        if value is None:
            return before
        return int(value) if isinstance(before, int) else value
    return field.text()
