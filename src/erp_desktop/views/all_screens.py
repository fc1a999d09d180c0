"""Every screen of the program: importing this file registers them all."""

from erp_desktop.views import shell

__all__ = ["shell"]
