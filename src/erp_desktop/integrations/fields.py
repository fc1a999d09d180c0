"""What a file may fill: a field with the headings it goes by and its kind, a table of such fields, and those that many share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from erp_desktop.actions.saving import Save
from erp_desktop.i18n import QT_TRANSLATE_NOOP


@dataclass(frozen=True)
class ImportField:
    """A field that a column may fill. kind: text, code, qty, price, rate, exchange_rate, whole, day, yes_no, ref
    (a code in `table`), or unit (code or name of a unit of the row's product)."""

    name: str  # of the action's argument
    heading: str  # as screens call it; translated where it is shown
    also: tuple[str, ...] = ()  # further headings that it goes by, in either language
    kind: str = "text"
    table: str = ""  # of a ref: the table whose code stands in the cell
    required: bool = False  # for a row that is not here yet
    usual_code: str = ""  # of a ref: what a new row gets where nothing is given
    length: int = 200  # of a text or code that no column of the database limits


@dataclass(frozen=True)
class ImportTarget:
    """One thing to import. A row is known by `key`; `fixed` are values that every row gets."""

    name: str
    title: str
    fields: tuple[ImportField, ...]
    key: tuple[str, ...]
    permission: str = "master.write"
    save: type[Save] | None = None  # master data: the action that saves one row
    bulk: str = ""  # the argument of SaveMasters that takes many of them
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def field(self, name: str) -> ImportField:
        return next(known for known in self.fields if known.name == name)


WAREHOUSE = QT_TRANSLATE_NOOP("Import", "Warehouse")
UNIT_PRICE = QT_TRANSLATE_NOOP("Import", "Unit price")
PRODUCT_REF = ImportField(
    "product_id",
    QT_TRANSLATE_NOOP("Import", "Product"),
    (
        "商品",
        "商品编码",
        "产品",
        "产品编码",
        "货号",
        "sku",
        "product code",
        "item",
        "item code",
        "stock code",
        "stockcode",
    ),
    "ref",
    "product",
    required=True,
)
QTY_UNIT = ImportField(
    "unit_id",
    QT_TRANSLATE_NOOP("Import", "Unit"),
    ("单位", "计量单位", "包装单位", "uom", "unit of measure", "unit code", "pack"),
    "unit",
)
