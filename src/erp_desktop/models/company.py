"""The company, its settings, and the people who use the program."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import EVERYBODY, Base, Replicated, belongs_to
from erp_desktop.models.types import Instant, String


class Company(Replicated):
    """One set of books. Its `id` is its own `company_id`."""

    __tablename__ = "company"
    read_permission = EVERYBODY

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200), default="")
    currency: Mapped[str] = mapped_column(String(3))
    currency_places: Mapped[int] = mapped_column(default=2)  # decimals of the minor unit: CNY 2, JPY 0, KWD 3
    time_zone: Mapped[str] = mapped_column(String(64))  # IANA name; business dates are dates there
    chart: Mapped[str] = mapped_column(String(40))  # the chart template it was opened with
    address: Mapped[str] = mapped_column(String(400), default="")
    tax_number: Mapped[str] = mapped_column(String(40), default="")
    revenue_at: Mapped[str] = mapped_column(
        String(20), default="shipment"
    )  # or "delivery", "invoice": when revenue is posted
    window_months: Mapped[int] = mapped_column(default=18)  # how far back desks hold documents; 0: all of them


class ClockDay(Replicated):
    """A day on which the centre performed something, and the first tick of it: tells what was known at the end of a day.

    The day is the centre's, in the company's time zone, not a business date. Its id derives from it.
    """

    __tablename__ = "clock_day"
    read_permission = EVERYBODY

    day: Mapped[date]
    first_tick: Mapped[int] = mapped_column(BigInteger)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "day"),)


class User(Replicated):
    """A person who signs in. The password's hash is at the centre only (UserSecret)."""

    __tablename__ = "app_user"
    read_permission = EVERYBODY

    login: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(10), default="en")
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "login"),)


class Role(Replicated):
    """A named set of permissions: warehouse, purchasing, sales, accountant, manager, hr, administrator."""

    __tablename__ = "role"
    read_permission = EVERYBODY

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    permissions: Mapped[list[str]] = mapped_column(JSON)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)


class UserRole(Replicated):
    """A user plays a role; they may play several."""

    __tablename__ = "user_role"
    read_permission = EVERYBODY

    user_id: Mapped[UUID]
    role_id: Mapped[UUID]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("user_id", "app_user"),
            belongs_to("role_id", "role"),
            UniqueConstraint("company_id", "user_id", "role_id"),
        )


class UserWarehouse(Replicated):
    """A user works in a warehouse, and sees documents and stock of those alone. Without any they work in all of them."""

    __tablename__ = "user_warehouse"
    read_permission = EVERYBODY

    user_id: Mapped[UUID]
    warehouse_id: Mapped[UUID]

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (
            belongs_to("user_id", "app_user"),
            belongs_to("warehouse_id", "warehouse"),
            UniqueConstraint("company_id", "user_id", "warehouse_id"),
        )


class UserSecret(Base):
    """Centre only: what proves who a user is."""

    __tablename__ = "user_secret"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200))  # Argon2id
    changed_at: Mapped[Instant]
    must_change: Mapped[bool] = mapped_column(default=False)  # set by somebody else: good for choosing one's own
