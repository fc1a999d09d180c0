"""Who may do what at this moment: read from the tables for every request and every transaction, never remembered."""

from uuid import UUID

from sqlalchemy import Connection, select

from erp_desktop.models.company import Role, User, UserRole


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
