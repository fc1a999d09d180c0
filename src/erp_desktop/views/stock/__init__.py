"""Stock: what lies where, what moved, counting, moving between bins and transfers between warehouses."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import ScreenFactory, later, register_screen


def register_own_screens() -> None:
    """The lists stand in the rail, the pages are opened from them."""
    noop = QT_TRANSLATE_NOOP
    lists = "erp_desktop.views.stock.lists"
    factory: ScreenFactory
    for key, title, icon, factory, permission in (
        ("stock_on_hand", noop("Screen", "Stock on hand"), "stock", later(lists, "stock_on_hand_screen"), "goods.read"),
        ("stock_moves", noop("Screen", "Stock moves"), "transfer", later(lists, "stock_moves_screen"), "goods.read"),
        (
            "goods_transfers",
            noop("Screen", "Goods transfers"),
            "transfer",
            later("erp_desktop.views.stock.transfers", "goods_transfers_screen"),
            "goods.read",
        ),
        ("stock_counts", noop("Screen", "Stock counts"), "count", later(lists, "stock_counts_screen"), "goods.read"),
        (
            "stock_scraps",
            noop("Screen", "Scrapped goods"),
            "stock",
            later("erp_desktop.views.stock.scrapped", "stock_scraps_screen"),
            "goods.read",
        ),
    ):
        register_screen(key, title, icon, "stock", factory, permission)
    for key, title, icon, factory, permission in (
        (
            "count_stock",
            noop("Screen", "Count stock"),
            "count",
            later("erp_desktop.views.stock.count_page", "CountStockPage"),
            "goods.count",
        ),
        (
            "stock_count",
            noop("Screen", "Stock count"),
            "count",
            later("erp_desktop.views.stock.posted", "stock_count_page"),
            "goods.read",
        ),
        (
            "dispatch_transfer",
            noop("Screen", "Dispatch goods"),
            "transfer",
            later("erp_desktop.views.stock.dispatch_page", "DispatchTransferPage"),
            "goods.transfer",
        ),
        (
            "goods_transfer",
            noop("Screen", "Goods transfer"),
            "transfer",
            later("erp_desktop.views.stock.transfers", "GoodsTransferPage"),
            "goods.read",
        ),
        (
            "receive_transfer",
            noop("Screen", "Take in a transfer"),
            "goods_receipt",
            later("erp_desktop.views.stock.arrival_page", "ReceiveTransferPage"),
            "goods.transfer",
        ),
        (
            "close_transfer",
            noop("Screen", "Close a transfer short"),
            "transfer",
            later("erp_desktop.views.stock.arrival_page", "CloseTransferPage"),
            "goods.count",
        ),
        (
            "scrap_stock",
            noop("Screen", "Scrap goods"),
            "stock",
            later("erp_desktop.views.stock.scrap_page", "ScrapStockPage"),
            "goods.scrap",
        ),
        (
            "stock_scrap",
            noop("Screen", "Scrapped goods"),
            "stock",
            later("erp_desktop.views.stock.scrapped", "stock_scrap_page"),
            "goods.read",
        ),
        (
            "move_stock",
            noop("Screen", "Move stock"),
            "transfer",
            later("erp_desktop.views.stock.move_page", "MoveStockPage"),
            "goods.transfer",
        ),
    ):
        register_screen(key, title, icon, "stock", factory, permission, is_listed=False)
    _register_valuation()


def _register_valuation() -> None:
    """What gives stock another value stands under Costing."""
    noop = QT_TRANSLATE_NOOP
    lists, posted = "erp_desktop.views.stock.valuation_lists", "erp_desktop.views.stock.valuation_posted"
    for key, title, factory in (
        ("stock_revaluations", noop("Screen", "Stock revaluations"), later(lists, "stock_revaluations_screen")),
        ("write_downs", noop("Screen", "Write-downs"), later(lists, "write_downs_screen")),
        ("standard_costs", noop("Screen", "Standard costs"), later(lists, "standard_costs_screen")),
    ):
        register_screen(key, title, "costing", "costing", factory, "cost.read")
    for key, title, factory, permission in (
        (
            "stock_revaluation",
            noop("Screen", "Stock revaluation"),
            later(posted, "stock_revaluation_page"),
            "cost.read",
        ),
        ("write_down", noop("Screen", "Write-down"), later(posted, "write_down_page"), "cost.read"),
        (
            "standard_cost_change",
            noop("Screen", "Standard cost change"),
            later(posted, "standard_cost_change_page"),
            "cost.read",
        ),
        (
            "standard_cost_history",
            noop("Screen", "Standard cost history"),
            later(lists, "standard_cost_history_screen"),
            "cost.read",
        ),
        (
            "revalue_stock",
            noop("Screen", "Revalue stock"),
            later("erp_desktop.views.stock.revalue_page", "RevalueStockPage"),
            "cost.write",
        ),
        (
            "set_standard_cost",
            noop("Screen", "Set standard costs"),
            later("erp_desktop.views.stock.set_standard_page", "SetStandardPage"),
            "cost.write",
        ),
        (
            "write_stock_down",
            noop("Screen", "Write stock down"),
            later("erp_desktop.views.stock.write_down_page", "WriteDownPage"),
            "cost.write",
        ),
    ):
        register_screen(key, title, "costing", "costing", factory, permission, is_listed=False)


register_own_screens()
