"""What can be begun from anywhere, without opening its list first: the palette's "New ..." commands."""

from dataclasses import dataclass

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate


@dataclass(frozen=True)
class Beginning:
    """Something new: the `screen` that opens for it under a new id. Its words are those of its list, in their `context`."""

    screen: str
    context: str
    title: str
    permission: str
    is_new: bool = True  # the screen also shows what is there already, and must be told

    @property
    def shown_title(self) -> str:
        return translate(self.context, self.title)


BEGINNINGS = (
    Beginning("sales_order", "SalesOrders", QT_TRANSLATE_NOOP("SalesOrders", "New sales order"), "sales.write"),
    Beginning(
        "purchase_order",
        "PurchaseOrders",
        QT_TRANSLATE_NOOP("PurchaseOrders", "New purchase order"),
        "purchasing.write",
    ),
    Beginning(
        "enter_landed_cost",
        "LandedCosts",
        QT_TRANSLATE_NOOP("LandedCosts", "Enter landed cost"),
        "cost.write",
        is_new=False,
    ),
    Beginning(
        "count_stock", "StockCounts", QT_TRANSLATE_NOOP("StockCounts", "Count stock"), "goods.count", is_new=False
    ),
    Beginning(
        "scrap_stock", "StockScraps", QT_TRANSLATE_NOOP("StockScraps", "Scrap goods"), "goods.scrap", is_new=False
    ),
    Beginning(
        "return_without_shipment",
        "CustomerReturns",
        QT_TRANSLATE_NOOP("CustomerReturns", "Return without a shipment"),
        "sales.return",
        is_new=False,
    ),
    Beginning(
        "move_stock", "StockOnHand", QT_TRANSLATE_NOOP("StockOnHand", "Move stock"), "goods.transfer", is_new=False
    ),
    Beginning(
        "dispatch_transfer",
        "GoodsTransfers",
        QT_TRANSLATE_NOOP("GoodsTransfers", "Dispatch goods"),
        "goods.transfer",
        is_new=False,
    ),
    Beginning(
        "revalue_stock",
        "StockRevaluations",
        QT_TRANSLATE_NOOP("StockRevaluations", "Revalue stock"),
        "cost.write",
        is_new=False,
    ),
    Beginning(
        "set_standard_cost",
        "StandardCosts",
        QT_TRANSLATE_NOOP("StandardCosts", "Set standard costs"),
        "cost.write",
        is_new=False,
    ),
    Beginning(
        "write_stock_down",
        "WriteDowns",
        QT_TRANSLATE_NOOP("WriteDowns", "Write stock down"),
        "cost.write",
        is_new=False,
    ),
    Beginning(
        "post_journal_entry",
        "PostEntryPage",
        QT_TRANSLATE_NOOP("PostEntryPage", "New journal entry"),
        "ledger.post",
        is_new=False,
    ),
    Beginning("product", "Products", QT_TRANSLATE_NOOP("Products", "New product"), "master.write"),
    Beginning("party", "Parties", QT_TRANSLATE_NOOP("Parties", "New party"), "master.write"),
    Beginning("price", "Prices", QT_TRANSLATE_NOOP("Prices", "New price"), "master.write"),
    Beginning("category", "Masters", QT_TRANSLATE_NOOP("Masters", "New category"), "master.write"),
    Beginning("unit", "Masters", QT_TRANSLATE_NOOP("Masters", "New unit"), "master.write"),
    Beginning("warehouse", "Masters", QT_TRANSLATE_NOOP("Masters", "New warehouse"), "master.write"),
    Beginning("bin", "Masters", QT_TRANSLATE_NOOP("Masters", "New bin"), "master.write"),
    Beginning("channel", "Masters", QT_TRANSLATE_NOOP("Masters", "New channel"), "master.write"),
    Beginning("price_level", "Masters", QT_TRANSLATE_NOOP("Masters", "New price level"), "master.write"),
    Beginning("cost_centre", "Masters", QT_TRANSLATE_NOOP("Masters", "New cost centre"), "master.write"),
    Beginning("employee", "Employees", QT_TRANSLATE_NOOP("Employees", "New employee"), "people.write"),
    Beginning("user", "Users", QT_TRANSLATE_NOOP("Users", "New user"), "admin"),
)
