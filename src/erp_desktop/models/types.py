"""How the exact kinds of value are stored, alike on SQLite and PostgreSQL.

Here: one TypeDecorator per kind and the annotated names that tables use. Not here: tables, rules.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import BigInteger, DateTime, Dialect, LargeBinary, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

from erp_desktop.numbers import (
    MONEY_PLACES,
    QTY_PLACES,
    RATE_PLACES,
    UNIT_COST_PLACES,
    UNIT_PRICE_PLACES,
    from_scaled,
    to_scaled,
)


class TextNotStorable(ValueError):
    """A text is longer than its column, or holds a character that a database cannot keep (NUL, half a surrogate pair).

    `reason` is "length" or "character"; `limit` the column's length.
    """

    def __init__(self, text: str, limit: int, reason: str) -> None:
        super().__init__(f"text of {len(text)} characters, at most {limit}: {reason}")
        self.text = text
        self.limit = limit
        self.reason = reason


class String(TypeDecorator[str]):
    """Text of a limited length, checked alike on both databases (SQLite alone would take anything)."""

    impl = sqlalchemy.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if len(value) > self.length:
            raise TextNotStorable(value, self.length, "length")
        if "\x00" in value or (not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)):
            raise TextNotStorable(value, self.length, "character")
        return value


class Scaled(TypeDecorator[Decimal]):
    """A Decimal in a 64-bit integer column. Too many places or too large a number is refused, never rounded."""

    impl = BigInteger
    cache_ok = True
    places = 0

    def bind_processor(self, dialect: Dialect) -> Any:
        """Of each document dozens are written, of a late change thousands, so that nothing is wrapped."""
        places = self.places
        return lambda value: None if value is None else to_scaled(value, places)

    def process_literal_param(self, value: Decimal | int | None, dialect: Dialect) -> str:
        return "NULL" if value is None else str(to_scaled(value, self.places))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        # PostgreSQL's sum() of bigint comes back as a numeric, hence int()
        return None if value is None else from_scaled(int(value), self.places)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return self


class MoneyType(Scaled):
    """Amounts, 4 places; rounded to the currency's minor unit when they are posted."""

    places = MONEY_PLACES
    cache_ok = True


class QtyType(Scaled):
    """Quantities in stock units, 6 places."""

    places = QTY_PLACES
    cache_ok = True


class UnitPriceType(Scaled):
    """Price of one unit, 6 places."""

    places = UNIT_PRICE_PLACES
    cache_ok = True


class UnitCostType(Scaled):
    """Cost of one stock unit in company currency, 6 places."""

    places = UNIT_COST_PLACES
    cache_ok = True


class RateType(Scaled):
    """Rates and fractions (a discount of 5 % is 0.05), 10 places."""

    places = RATE_PLACES
    cache_ok = True


class IdType(TypeDecorator[UUID]):
    """A UUID: PostgreSQL's own type, 16 bytes on SQLite."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Uuid(as_uuid=True))
        return dialect.type_descriptor(LargeBinary(16))

    def bind_processor(self, dialect: Dialect) -> Any:
        """PostgreSQL's driver takes UUIDs as they are; nothing is wrapped, as above."""
        return None if dialect.name == "postgresql" else _bytes

    def process_literal_param(self, value: UUID | None, dialect: Dialect) -> str:
        if value is None:
            return "NULL"
        return f"'{value}'" if dialect.name == "postgresql" else f"X'{value.hex}'"

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """PostgreSQL's driver gives UUIDs already; of the rest a page of a list reads thousands, so nothing is wrapped."""
        return None if dialect.name == "postgresql" else _uuid


def _bytes(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes


def _uuid(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=value)


class InstantType(TypeDecorator[datetime]):
    """A moment in UTC; a naive datetime is our bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        in_utc = value.astimezone(UTC)
        return in_utc if dialect.name == "postgresql" else in_utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True)
class _Kind:
    name: str


# Names for Mapped[...]: to a type checker they are plain Decimal, UUID and datetime.
Money = Annotated[Decimal, _Kind("money")]
Qty = Annotated[Decimal, _Kind("qty")]
UnitPrice = Annotated[Decimal, _Kind("unit_price")]
UnitCost = Annotated[Decimal, _Kind("unit_cost")]
Rate = Annotated[Decimal, _Kind("rate")]
Id = Annotated[UUID, _Kind("id")]
Instant = Annotated[datetime, _Kind("instant")]

TYPE_ANNOTATIONS: dict[Any, Any] = {
    Money: MoneyType(),
    Qty: QtyType(),
    UnitPrice: UnitPriceType(),
    UnitCost: UnitCostType(),
    Rate: RateType(),
    Id: IdType(),
    UUID: IdType(),
    Instant: InstantType(),
    datetime: InstantType(),
}

__all__ = [
    "TYPE_ANNOTATIONS",
    "Id",
    "IdType",
    "Instant",
    "InstantType",
    "Money",
    "MoneyType",
    "Qty",
    "QtyType",
    "Rate",
    "RateType",
    "Scaled",
    "String",
    "TextNotStorable",
    "UnitCost",
    "UnitCostType",
    "UnitPrice",
    "UnitPriceType",
    "date",
]
