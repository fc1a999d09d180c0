"""What a report is asked with: one field for each of its parameters, and what this person chose last time."""

import json
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QCompleter, QLabel, QLineEdit, QVBoxLayout, QWidget

from erp_desktop.i18n import translate
from erp_desktop.queries.base import ListPage, ListRequest
from erp_desktop.queries.company import CostBooks
from erp_desktop.queries.details import PartyDetail, ProductDetail
from erp_desktop.queries.ledger import Accounts
from erp_desktop.queries.masters import Categories, Channels, Warehouses
from erp_desktop.reports.report import Parameter, ParameterKind, ReportDefinition
from erp_desktop.views.documents import lookups
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.fields import DateField, company_today
from erp_desktop.views.widgets.lookup import LookupField, LookupSpec
from erp_desktop.views.widgets.reading import NotReadable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.settings import WindowSettings

MOST_CHOICES = 2_000
_LISTS: dict[ParameterKind, Any] = {
    ParameterKind.WAREHOUSE: partial(Warehouses, with_transit=True),
    ParameterKind.CATEGORY: Categories,
    ParameterKind.COST_BOOK: CostBooks,
    ParameterKind.CHANNEL: Channels,
}


class ParameterPane(QWidget):
    """The parameters of one report. `read()` gives them typed; None means that a field must be put right first."""

    changed = Signal()
    run_asked = Signal()  # Enter in a field

    def __init__(
        self, desk: "Desk", definition: ReportDefinition, given: Mapping[str, Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self.definition = definition
        self.fields: dict[str, QWidget] = {}
        self._problems: dict[str, QLabel] = {}
        self._given = dict(given)  # records to choose once their list has come
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        for parameter in definition.parameters:
            self._add(parameter, given.get(parameter.name, default_of(parameter)))
        self._column.addStretch(1)

    def read(self) -> dict[str, Any] | None:
        """The values that were chosen (those left empty are not in it), or None after saying what to put right."""
        values: dict[str, Any] = {}
        first_wrong: QWidget | None = None
        for parameter in self.definition.parameters:
            widget = self.fields[parameter.name]
            problem = ""
            try:
                value = self._read(parameter, widget)
                if value is None and parameter.is_required:
                    problem = translate("ReportParameters", "Fill in {field}.").format(field=_heading(parameter))
            except NotReadable as error:
                value, problem = None, error.sentence
            self._problems[parameter.name].setText(problem)
            self._problems[parameter.name].setVisible(bool(problem))
            widget.setAccessibleDescription(problem)
            if problem and first_wrong is None:
                first_wrong = widget
            if value is not None:
                values[parameter.name] = value
        if first_wrong is not None:
            first_wrong.setFocus()
            return None
        return values

    @property
    def is_complete(self) -> bool:
        """Every parameter that is needed holds something."""
        return self.first_wanted is None

    @property
    def first_wanted(self) -> QWidget | None:
        """The field of the first parameter that is needed and holds nothing yet."""
        for parameter in self.definition.parameters:
            if parameter.is_required and default_of(parameter) is None and parameter.name not in self._given:
                return self.fields[parameter.name]
        return None

    # --- fields

    def _add(self, parameter: Parameter, value: Any) -> None:
        widget = self._field(parameter, value)
        heading = _heading(parameter)
        widget.setAccessibleName(heading)
        widget.setObjectName(parameter.name)
        if not isinstance(widget, QCheckBox):
            label = QLabel(heading + (" *" if parameter.is_required else ""))
            label.setBuddy(widget)
            self._column.addWidget(label)
        problem = QLabel()
        problem.setObjectName("problemLine")
        problem.setWordWrap(True)
        problem.hide()
        self._column.addWidget(widget)
        self._column.addWidget(problem)
        self._column.addSpacing(6)
        self.fields[parameter.name] = widget
        self._problems[parameter.name] = problem

    def _field(self, parameter: Parameter, value: Any) -> QWidget:
        match parameter.kind:
            case ParameterKind.DATE:
                day = DateField()
                day.set_value(value)
                day.returnPressed.connect(self.run_asked)
                day.edited.connect(self.changed)
                return day
            case ParameterKind.YES_NO:
                tick = QCheckBox(_heading(parameter))
                tick.setChecked(bool(value))
                tick.toggled.connect(lambda _on: self.changed.emit())
                return tick
            case ParameterKind.CHOICE:
                box = QComboBox()
                box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
                box.setMinimumContentsLength(12)
                for stored, text in parameter.choices:
                    box.addItem(translate("Report", text), stored)
                box.setCurrentIndex(max(box.findData(value), 0))
                box.currentIndexChanged.connect(lambda _n: self.changed.emit())
                return box
            case ParameterKind.PRODUCT:
                placeholder = translate("ReportParameters", "Code, name or barcode")
                return self._lookup_field(parameter, lookups.products(), placeholder, ProductDetail, value)
            case ParameterKind.PARTY:
                placeholder = translate("ReportParameters", "Code or name")
                return self._lookup_field(parameter, lookups.parties(), placeholder, PartyDetail, value)
            case ParameterKind.ACCOUNT:
                return self._account_field(value)
            case ParameterKind.WAREHOUSE | ParameterKind.CATEGORY | ParameterKind.COST_BOOK | ParameterKind.CHANNEL:
                return self._record_box(parameter)
        line = QLineEdit(str(value or ""))
        line.returnPressed.connect(self.run_asked)
        line.textEdited.connect(lambda _text: self.changed.emit())
        return line

    def _record_box(self, parameter: Parameter) -> QComboBox:
        box = QComboBox()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(12)
        first = (
            translate("ReportParameters", "Main book")
            if parameter.kind is ParameterKind.COST_BOOK
            else translate("ReportParameters", "All")
        )
        box.addItem(first, None)
        box.currentIndexChanged.connect(lambda _n: self.changed.emit())
        request = ListRequest(limit=MOST_CHOICES, rows_only=True)
        when_done(self._desk.ask(_LISTS[parameter.kind](request)), self, partial(self._fill, box, parameter.name))
        return box

    def _fill(self, box: QComboBox, name: str, page: ListPage[Any]) -> None:
        box.blockSignals(True)
        for row in page.rows:
            box.addItem(f"{row.code}  {cell_value(row, 'name')}", row.id)
        box.setCurrentIndex(max(box.findData(self._given.get(name)), 0))
        box.blockSignals(False)

    def _lookup_field(
        self, parameter: Parameter, spec: LookupSpec, placeholder: str, detail: Any, value: UUID | None
    ) -> LookupField:
        field = LookupField()
        field.use(self._desk, spec)
        field.setPlaceholderText(placeholder)
        field.edited.connect(self.changed)
        field.returnPressed.connect(self.run_asked)
        if value is not None:
            self._given[parameter.name] = value

            def show(record: Any) -> None:
                field.set_value(lookups.item(record.id, record.code, record.name, record.name_zh))

            when_done(self._desk.ask(detail(value)), field, show, on_failed=lambda _gone: None)
        return field

    def _account_field(self, value: str | None) -> QLineEdit:
        """Codes, separated by commas; the first letters of a code offer the accounts."""
        field = QLineEdit(value or "")
        field.setPlaceholderText(translate("ReportParameters", "All accounts, or codes: 1001, 1002"))
        field.textEdited.connect(lambda _text: self.changed.emit())
        field.returnPressed.connect(self.run_asked)
        offered = QStandardItemModel(field)
        completer = QCompleter(offered, field)
        completer.setCompletionRole(Qt.ItemDataRole.UserRole)
        completer.setMaxVisibleItems(12)
        field.setCompleter(completer)

        def fill(page: ListPage[Any]) -> None:
            for row in page.rows:
                item = QStandardItem(f"{row.code}  {cell_value(row, 'name')}")
                item.setData(row.code, Qt.ItemDataRole.UserRole)
                offered.appendRow(item)

        request = ListRequest(limit=MOST_CHOICES, rows_only=True)
        when_done(self._desk.ask(Accounts(request)), field, fill, on_failed=lambda _unseen: None)
        return field

    def _read(self, parameter: Parameter, widget: QWidget) -> Any:
        match widget:
            case LookupField():
                item = widget.value()
                if item is None and not widget.isModified():  # its name is still on the way
                    return self._given.get(parameter.name)
                return item.id if item is not None else None
            case DateField():
                return widget.value()
            case QCheckBox():
                return widget.isChecked()
            case QComboBox():
                return widget.currentData() or (self._given.get(parameter.name) if widget.count() <= 1 else None)
            case QLineEdit():
                return widget.text().strip() or None
        raise TypeError(type(widget).__name__)


def default_of(parameter: Parameter) -> Any:
    """What a parameter starts with today."""
    return parameter.default(company_today()) if parameter.default is not None else None


def _heading(parameter: Parameter) -> str:
    return translate("Report", parameter.heading)


# --- what this person chose last time


def remember(settings: "WindowSettings", login: str, definition: ReportDefinition, values: Mapping[str, Any]) -> None:
    """Keeps what differs from the defaults, so that "today" stays today tomorrow."""
    chosen = {
        parameter.name: _as_text(values[parameter.name])
        for parameter in definition.parameters
        if parameter.name in values and values[parameter.name] != default_of(parameter)
    }
    settings.put(f"report/{login}/{definition.name}", json.dumps(chosen))


def remembered(settings: "WindowSettings", login: str, definition: ReportDefinition) -> dict[str, Any]:
    """What `remember` kept; what cannot be read any more is left out."""
    try:
        kept = dict(json.loads(settings.text(f"report/{login}/{definition.name}") or "{}"))
    except (ValueError, TypeError):
        return {}
    found = {}
    for parameter in definition.parameters:
        try:
            if parameter.name in kept:
                found[parameter.name] = _from_text(parameter.kind, kept[parameter.name])
        except (ValueError, TypeError, AttributeError):
            continue
    return found


def _as_text(value: Any) -> Any:
    return value if isinstance(value, bool) else str(value)


def _from_text(kind: ParameterKind, stored: Any) -> Any:
    match kind:
        case ParameterKind.DATE:
            return date.fromisoformat(stored)
        case ParameterKind.YES_NO:
            return bool(stored)
        case ParameterKind.TEXT | ParameterKind.CHOICE | ParameterKind.ACCOUNT:
            return str(stored)
    return UUID(stored)
