"""The fields of forms that Qt does not have: exact numbers and dates, typed as people type them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from erp_desktop.numbers import MONEY_PLACES, QTY_PLACES, RATE_PLACES, UNIT_PRICE_PLACES
from erp_desktop.views.widgets.cells import shown_number
from erp_desktop.views.widgets.reading import NotReadable, read_date, read_number

_PLACES = {"money": MONEY_PLACES, "qty": QTY_PLACES, "unit_price": UNIT_PRICE_PLACES, "rate": RATE_PLACES, "integer": 0}

_zone = ZoneInfo("UTC")


def use_company_time_zone(name: str) -> None:
    """Business dates are dates there: what "today" means in every date field."""
    global _zone  # noqa: PLW0603
    _zone = ZoneInfo(name)


def company_today() -> date:
    """Today's business date."""
    return datetime.now(UTC).astimezone(_zone).date()


class NumberField(QLineEdit):
    """An exact number. Property `kind` in the form: money, qty, unit_price, rate or integer, hence how many decimals."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.textEdited.connect(lambda _: self.edited.emit())

    @property
    def places(self) -> int:
        return _PLACES.get(str(self.property("kind") or "money"), MONEY_PLACES)

    def value(self) -> Decimal | None:
        """The number, None for an empty field. Raises NotReadable."""
        typed = self.text().strip()
        return read_number(typed, self.places) if typed else None

    def set_value(self, value: Decimal | None) -> None:
        least = 2 if self.property("kind") in (None, "money", "unit_price") else 0
        self.setText("" if value is None else shown_number(value, least))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        try:
            self.set_value(self.value())
        except NotReadable:
            return  # what was typed stays for the person to put right


class DateField(QLineEdit):
    """A business date."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("2024-03-15")
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("2024-12-28") + 36)  # a date is never cut
        self.textEdited.connect(lambda _: self.edited.emit())

    def value(self) -> date | None:
        """The date, None for an empty field. Raises NotReadable."""
        typed = self.text().strip()
        return read_date(typed, company_today()) if typed else None

    def set_value(self, value: date | None) -> None:
        self.setText("" if value is None else value.isoformat())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        try:
            self.set_value(self.value())
        except NotReadable:
            return
