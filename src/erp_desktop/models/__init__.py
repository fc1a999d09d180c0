"""What is stored: typed tables, one file per business area, no behaviour. Importing this package knows them all."""

from erp_desktop.models import (
    attachment,
    company,
    cost_to_serve,
    costing,
    ledger,
    party,
    product,
    purchasing,
    sales,
    stock,
    sync,
    valuation,
)
from erp_desktop.models.base import Base, Replicated, replicated_tables

__all__ = [
    "Base",
    "Replicated",
    "attachment",
    "company",
    "cost_to_serve",
    "costing",
    "ledger",
    "party",
    "product",
    "purchasing",
    "replicated_tables",
    "sales",
    "stock",
    "sync",
    "valuation",
]
