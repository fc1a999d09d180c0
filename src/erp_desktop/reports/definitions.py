"""Every report that is offered: importing this file makes them all known to the registry."""

from erp_desktop.reports import (
    cost_of_sales,
    general_ledger,
    inventory_valuation,
    statements,
    stock_ledger,
    trial_balance,
)

__all__ = ["cost_of_sales", "general_ledger", "inventory_valuation", "statements", "stock_ledger", "trial_balance"]
