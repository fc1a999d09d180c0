"""Who may do what at this moment: read from the tables for every request and every transaction, never remembered."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from erp_desktop.actions.tied import works_in
from erp_desktop.models.company import Role, User, UserRole, UserWarehouse


@dataclass(frozen=True)
class Rights:
    """What somebody may do, and in which warehouses (none: in every one)."""

    permissions: frozenset[str] = frozenset()
    warehouses: frozenset[UUID] = frozenset()


def rights_of(connection: Connection, company_id: UUID, user_id: UUID) -> Rights | None:
    """None for someone unknown or no longer active."""
    rows = connection.execute(
        select(User.is_active, Role.permissions, UserWarehouse.warehouse_id)
        .outerjoin(UserRole, (UserRole.company_id == User.company_id) & (UserRole.user_id == User.id))
        .outerjoin(Role, (Role.company_id == UserRole.company_id) & (Role.id == UserRole.role_id))
        .outerjoin(UserWarehouse, (UserWarehouse.company_id == User.company_id) & (UserWarehouse.user_id == User.id))
        .where(User.company_id == company_id, User.id == user_id)
    ).all()
    if not rows or not rows[0].is_active:
        return None
    permissions: frozenset[str] = frozenset().union(*(row.permissions or () for row in rows))
    tied = {row.warehouse_id for row in rows if row.warehouse_id is not None}
    return Rights(permissions, works_in(company_id, permissions, tied))


def permissions_of(connection: Connection, company_id: UUID, user_id: UUID) -> frozenset[str] | None:
    """What the user's roles allow together; None for someone unknown or no longer active."""
    rights = rights_of(connection, company_id, user_id)
    return None if rights is None else rights.permissions
