"""Records by what a person calls them: a document by its number, a product or party by its code or name."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from erp_desktop.actions.numbering import PREFIXES
from erp_desktop.models.base import Base
from erp_desktop.models.purchasing import GoodsReceipt, LandedCost, PriceCorrection, PurchaseOrder, SupplierReturn
from erp_desktop.models.sales import CustomerReturn, SalesInvoice, SalesOrder, Shipment
from erp_desktop.models.stock import GoodsTransfer, StockCount, StockScrap
from erp_desktop.queries.list_shape import TableAlias, table_of
from erp_desktop.queries.lookups import PartyLookup, ProductLookup
from erp_desktop.queries.texts import can_be_found, plain

LEAST_CHARACTERS = 2
LAST_CHARACTER = "\uffff"
_ORDERS: tuple[type[Base], ...] = (SalesOrder, PurchaseOrder)  # their numbers have an index
_OTHERS: tuple[type[Base], ...] = (
    Shipment,
    SalesInvoice,
    CustomerReturn,
    GoodsReceipt,
    SupplierReturn,
    LandedCost,
    PriceCorrection,
    StockCount,
    GoodsTransfer,
    StockScrap,
)


@dataclass(frozen=True)
class FoundRecord:
    """A record that a text may mean. `kind` is its table; `name` is empty for a document."""

    kind: str
    id: UUID
    code: str
    name: str
    name_zh: str


@dataclass(frozen=True)
class RecordsNamed:
    """At most `at_most` records of each kind whose number begins with `text` (or ends with it, if it is digits), or whose
    code or name holds it. Documents first, newest number first."""

    tables: ClassVar[frozenset[str]] = frozenset()

    text: str
    at_most: int = 4

    def run(self, session: Session, company_id: UUID) -> tuple[FoundRecord, ...]:
        text = self.text.strip()
        if len(text) < LEAST_CHARACTERS or not can_be_found(text):
            return ()
        found = [
            FoundRecord(model.__tablename__, id, number, "", "")
            for model in self._kinds(text.upper())
            for id, number in session.execute(self._numbered(table_of(model), company_id, text.upper()))
        ]
        for kind, lookup in (("product", ProductLookup(text, self.at_most)), ("party", PartyLookup(text))):
            chosen = lookup.run(session, company_id)[: self.at_most]
            found += [FoundRecord(kind, one.id, one.code, one.name, one.name_zh) for one in chosen]
        return tuple(found)

    def _kinds(self, text: str) -> tuple[type[Base], ...]:
        """The documents that can be meant: only one kind has numbers that begin so, and only orders are asked by digits."""
        return (*_ORDERS, *(model for model in _OTHERS if text.startswith(f"{PREFIXES[model.__tablename__]}-")))

    def _numbered(self, table: TableAlias, company_id: UUID, text: str) -> Any:
        number = plain(table.c.number)
        matches: ColumnElement[bool] = number.between(text, text + LAST_CHARACTER)
        if text.isdecimal():
            matches = number.endswith(text)
        statement = select(table.c.id, table.c.number).where(table.c.company_id == company_id, matches)
        return statement.order_by(table.c.number.desc()).limit(self.at_most)
