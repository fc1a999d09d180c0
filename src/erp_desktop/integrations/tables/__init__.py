"""Files that hold a table: read row by row whatever wrote them, and the rows that need mending written back."""

from erp_desktop.integrations.tables.cells import Cell, UnusableCell
from erp_desktop.integrations.tables.reading import Table, TableRow, UnreadableTable, open_table

__all__ = ["Cell", "Table", "TableRow", "UnreadableTable", "UnusableCell", "open_table"]
