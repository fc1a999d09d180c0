"""ERP Desktop: the back office of a company that distributes goods."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("erp-desktop")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0.0.0"
