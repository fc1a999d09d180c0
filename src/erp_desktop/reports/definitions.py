"""Every report that is offered: importing this file makes them all known to the registry."""

from erp_desktop.reports import (
    cost_composition,
    cost_layers,
    cost_of_sales,
    cost_to_serve,
    general_ledger,
    inventory_reconciliation,
    inventory_valuation,
    landed_allocation,
    margin,
    method_comparison,
    price_variance,
    statements,
    stock_ledger,
    trial_balance,
    unit_story,
)

__all__ = [
    "cost_composition",
    "cost_layers",
    "cost_of_sales",
    "cost_to_serve",
    "general_ledger",
    "inventory_reconciliation",
    "inventory_valuation",
    "landed_allocation",
    "margin",
    "method_comparison",
    "price_variance",
    "statements",
    "stock_ledger",
    "trial_balance",
    "unit_story",
]
