"""Parties: suppliers, distributors, consumers and carriers. One party may play several of these roles."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from erp_desktop.models.base import Replicated, read_by
from erp_desktop.models.types import Rate, String


class Party(Replicated):
    """A firm or person that the company deals with."""

    __tablename__ = "party"
    read_permission = "master.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200), default="")
    is_supplier: Mapped[bool] = mapped_column(default=False)
    is_distributor: Mapped[bool] = mapped_column(default=False)
    is_consumer: Mapped[bool] = mapped_column(default=False)
    is_carrier: Mapped[bool] = mapped_column(default=False)
    contact: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    address: Mapped[str] = mapped_column(String(400), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str] = mapped_column(String(60), default="")
    tax_number: Mapped[str] = mapped_column(String(40), default="")
    payment_days: Mapped[int] = mapped_column(default=30)
    price_level_id: Mapped[UUID | None]  # what a distributor or consumer pays; None: list price
    currency: Mapped[str] = mapped_column(String(3), default="")  # in which a supplier sells; none: the company's
    # share of net sales that a distributor earns
    commission_rate: Mapped[Rate | None] = read_by("master.write", "cost.read")
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"), Index(None, "company_id", "name"))


class Employee(Replicated):
    """A person who works for the company; only those who may see people hold these rows."""

    __tablename__ = "employee"
    read_permission = "people.read"

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(100), default="")
    manager_id: Mapped[UUID | None]
    email: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    hired_on: Mapped[date | None]
    is_active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def rules(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("company_id", "code"),)
