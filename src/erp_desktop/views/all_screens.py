"""Every screen of the program: importing this file registers them all."""

from erp_desktop.views import purchasing, selling, shell, warehouse

__all__ = ["purchasing", "selling", "shell", "warehouse"]
