"""Which warehouses a user works in."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from erp_desktop.models.company import UserWarehouse
from erp_desktop.models.stock import Warehouse


@dataclass(frozen=True)
class WorkPlace:
    """A warehouse, and whether the user is tied to it."""

    id: UUID
    code: str
    name: str
    name_zh: str
    is_tied: bool


@dataclass(frozen=True)
class WorkPlaces:
    """The warehouses that a user may be tied to, by code; tied to none, they work in all of them. One that
    is not used any more stays in sight while somebody is tied to it: without it they would see all."""

    tables: ClassVar[frozenset[str]] = frozenset({"warehouse", "user_warehouse"})

    user_id: UUID

    def run(self, session: Session, company_id: UUID) -> tuple[WorkPlace, ...]:
        tie = and_(
            UserWarehouse.company_id == Warehouse.company_id,
            UserWarehouse.warehouse_id == Warehouse.id,
            UserWarehouse.user_id == self.user_id,
        )
        found = session.execute(
            select(Warehouse.id, Warehouse.code, Warehouse.name, Warehouse.name_zh, UserWarehouse.id)
            .outerjoin(UserWarehouse, tie)
            .where(
                Warehouse.company_id == company_id,
                Warehouse.is_transit.is_(False),
                or_(Warehouse.is_active.is_(True), UserWarehouse.id.is_not(None)),
            )
            .order_by(Warehouse.code)
        )
        return tuple(WorkPlace(id, code, name, name_zh, tied is not None) for id, code, name, name_zh, tied in found)
