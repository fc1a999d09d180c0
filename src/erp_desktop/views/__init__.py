"""Qt: windows and what is in them. They show and ask; rules and rows are elsewhere."""

from erp_desktop import qt_booleans  # noqa: F401  before the first signal
