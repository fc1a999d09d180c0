"""What the records are called that an entry names only by id, so that its form can show them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.models.base import Replicated
from erp_desktop.models.ledger import Account, CostCentre
from erp_desktop.models.party import Employee, Party
from erp_desktop.models.product import Category, PriceLevel, Product, Unit
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Bin, Lot, Warehouse

_MOST_IN_A_STATEMENT = 500

_MODELS: Mapping[str, type[Replicated]] = {  # by what an action's argument is called, without `_id`
    "account": Account,
    "bin": Bin,
    "carrier": Party,
    "category": Category,
    "channel": Channel,
    "cost_centre": CostCentre,
    "customer": Party,
    "distributor": Party,
    "from_bin": Bin,
    "from_warehouse": Warehouse,
    "lot": Lot,
    "manager": Employee,
    "parent": Category,
    "party": Party,
    "price_level": PriceLevel,
    "product": Product,
    "receiving_bin": Bin,
    "supplier": Party,
    "to_bin": Bin,
    "to_warehouse": Warehouse,
    "unit": Unit,
    "warehouse": Warehouse,
}


@dataclass(frozen=True)
class Called:
    """A record's code and names."""

    code: str
    name: str = ""
    name_zh: str = ""


@dataclass(frozen=True)
class EntryRecords:
    """The records that an entry names, and whether the one is here that it makes or changes."""

    called: Mapping[UUID, Called]
    is_known: bool


@dataclass(frozen=True)
class EntryNames:
    """`named`: what its arguments are called and the ids in them, in pairs. `of` and `id`: the record that it makes or changes;
    no model: it always makes one."""

    tables: ClassVar[frozenset[str]] = frozenset()

    named: frozenset[tuple[str, UUID]]
    of: type[Replicated] | None = None
    id: UUID | None = None

    def run(self, session: Session, company_id: UUID) -> EntryRecords:
        wanted: dict[type[Any], set[UUID]] = {}
        for argument, record_id in self.named:
            model = _MODELS.get(argument.removesuffix("_id"))
            if model is not None:
                wanted.setdefault(model, set()).add(record_id)
        called: dict[UUID, Called] = {}
        for model, ids in wanted.items():
            for found in _rows(session, company_id, model, sorted(ids)):
                called[found.id] = Called(
                    found.code, getattr(found, "name", "") or "", getattr(found, "name_zh", "") or ""
                )
        is_known = self.of is not None and session.get(self.of, (company_id, self.id)) is not None
        return EntryRecords(called, is_known)


def _rows(session: Session, company_id: UUID, model: type[Any], ids: list[UUID]) -> list[Any]:
    """Code and names of the rows, without what else they hold."""
    columns = [
        column for name in ("id", "code", "name", "name_zh") if (column := getattr(model, name, None)) is not None
    ]
    found: list[Any] = []
    for start in range(0, len(ids), _MOST_IN_A_STATEMENT):
        some = ids[start : start + _MOST_IN_A_STATEMENT]
        found += session.execute(select(*columns).where(model.company_id == company_id, model.id.in_(some)))
    return found
