"""What people do: one class per business action. Importing this package knows them all, as the wire needs it."""

from erp_desktop.actions import (
    accounting,
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
