"""Who may do what at this moment: read from the tables for every request and every transaction, never remembered."""

from uuid import UUID

from sqlalchemy import Connection, select

from erp_desktop.actions.transit import transit_warehouse_id
from erp_desktop.models.company import Role, User, UserRole, UserWarehouse

WHOLE_COMPANY = frozenset({"cost.read", "ledger.read"})  # figures that are right only over every warehouse


def permissions_of(connection: Connection, company_id: UUID, user_id: UUID) -> frozenset[str] | None:
    """What the user's roles allow together; None for someone unknown or no longer active."""
    rows = connection.execute(
        select(User.is_active, Role.permissions)
        .outerjoin(UserRole, (UserRole.company_id == User.company_id) & (UserRole.user_id == User.id))
        .outerjoin(Role, (Role.company_id == UserRole.company_id) & (Role.id == UserRole.role_id))
        .where(User.company_id == company_id, User.id == user_id)
    ).all()
    if not rows or not rows[0].is_active:
        return None
    return frozenset().union(*(row.permissions or () for row in rows))


def warehouses_of(
    connection: Connection, company_id: UUID, user_id: UUID, permissions: frozenset[str]
) -> frozenset[UUID]:
    """The warehouses whose documents and stock the user sees, goods in transit among them; none: every one.

    Whoever sees costs or the ledger sees every one: a valuation of half the moves would be wrong.
    """
    if permissions & WHOLE_COMPANY:
        return frozenset()
    tied = connection.scalars(
        select(UserWarehouse.warehouse_id).where(
            UserWarehouse.company_id == company_id, UserWarehouse.user_id == user_id
        )
    ).all()
    return frozenset([*tied, transit_warehouse_id(company_id)] if tied else ())
