"""Every screen of the program: importing this file registers them all."""

from erp_desktop.views import (
    importing,
    ledger,
    masters,
    purchasing,
    reports,
    selling,
    serving,
    settings,
    shell,
    stock,
    warehouse,
)

__all__ = [
    "importing",
    "ledger",
    "masters",
    "purchasing",
    "reports",
    "selling",
    "serving",
    "settings",
    "shell",
    "stock",
    "warehouse",
]
