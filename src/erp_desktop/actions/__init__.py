"""What people do: one class per business action. Importing this package knows them all, as the wire needs it."""

from erp_desktop.actions import (
    accounting,
    cost_books,
    cost_to_serve,
    invoicing,
    landed_costs,
    masters,
    opening,
    periods,
    price_corrections,
    purchasing,
    receiving,
    returning,
    selling,
    shipping,
    stock,
    writing_down,
)

__all__ = [
    "accounting",
    "cost_books",
    "cost_to_serve",
    "invoicing",
    "landed_costs",
    "masters",
    "opening",
    "periods",
    "price_corrections",
    "purchasing",
    "receiving",
    "returning",
    "selling",
    "shipping",
    "stock",
    "writing_down",
]
