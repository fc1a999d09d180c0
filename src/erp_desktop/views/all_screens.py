"""Every screen of the program: importing this file registers them all."""

from erp_desktop.views import ledger, masters, purchasing, reports, selling, shell, stock, warehouse

__all__ = ["ledger", "masters", "purchasing", "reports", "selling", "shell", "stock", "warehouse"]
