"""Who may do what at this moment: read from the tables for every request and every transaction, never remembered."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from erp_desktop.actions.tied import works_in
from erp_desktop.database import filled_up
from erp_desktop.models.company import Role, User, UserRole, UserWarehouse

# written down once: it is asked for every request
_RIGHTS = (
    select(User.id, Role.permissions, UserWarehouse.warehouse_id)
    .outerjoin(UserRole, (UserRole.company_id == User.company_id) & (UserRole.user_id == User.id))
    .outerjoin(Role, (Role.company_id == UserRole.company_id) & (Role.id == UserRole.role_id))
    .outerjoin(UserWarehouse, (UserWarehouse.company_id == User.company_id) & (UserWarehouse.user_id == User.id))
    .where(User.company_id == bindparam("company"), User.id.in_(bindparam("users", expanding=True)), User.is_active)
)


@dataclass(frozen=True)
class Rights:
    """What somebody may do, and in which warehouses (none: in every one)."""

    permissions: frozenset[str] = frozenset()
    warehouses: frozenset[UUID] = frozenset()


def rights_of(connection: Connection, company_id: UUID, user_id: UUID) -> Rights | None:
    """None for someone unknown or no longer active."""
    return rights_of_all(connection, company_id, [user_id]).get(user_id)


def rights_of_all(connection: Connection, company_id: UUID, user_ids: Collection[UUID]) -> dict[UUID, Rights]:
    """By user; those who are unknown or no longer active are left out."""
    rows = connection.execute(_RIGHTS, {"company": company_id, "users": filled_up(sorted(user_ids))})
    permissions: dict[UUID, set[str]] = {}
    tied: dict[UUID, set[UUID]] = {}
    for user_id, of_a_role, warehouse_id in rows:
        permissions.setdefault(user_id, set()).update(of_a_role or ())
        tied.setdefault(user_id, set()).update([warehouse_id] if warehouse_id is not None else [])
    return {
        user_id: Rights(frozenset(theirs), works_in(company_id, frozenset(theirs), tied[user_id]))
        for user_id, theirs in permissions.items()
    }


def permissions_of(connection: Connection, company_id: UUID, user_id: UUID) -> frozenset[str] | None:
    """What the user's roles allow together; None for someone unknown or no longer active."""
    rights = rights_of(connection, company_id, user_id)
    return None if rights is None else rights.permissions
