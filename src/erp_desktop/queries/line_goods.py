"""What names the goods of a line, alike in every list of lines: its product and stock unit, and where they lie or lay.

Not here: the unit that the line itself was written in (line_units.py).
"""

from erp_desktop.models.product import Product, Unit
from erp_desktop.models.stock import Bin, Lot
from erp_desktop.queries.line_units import named_unit
from erp_desktop.queries.list_shape import Join, ListColumn, TableAlias, named, plain, table_of

PRODUCT, UNIT, BIN, LOT = table_of(Product), table_of(Unit), table_of(Bin), table_of(Lot)


def goods_names() -> list[ListColumn]:
    """The product's code and names, and its stock unit's; they need `goods_joins`."""
    return [*named(PRODUCT, "code", "name", "name_zh"), *named_unit(UNIT)]


def goods_joins(line: TableAlias) -> list[Join]:
    return [Join(PRODUCT, line.c.product_id), Join(UNIT, PRODUCT.c.unit_id)]


def place_columns(line: TableAlias) -> list[ListColumn]:
    """The line's bin and lot with their codes; they need `place_joins`."""
    return [*plain(line, "bin_id"), *named(BIN, "code"), *plain(line, "lot_id"), *named(LOT, "code")]


def place_joins(line: TableAlias) -> list[Join]:
    return [Join(BIN, line.c.bin_id), Join(LOT, line.c.lot_id)]
