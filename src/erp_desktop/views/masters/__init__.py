"""Master data: products and parties, and what they are counted, stored, priced and sold by."""

from functools import partial

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import ScreenFactory, later, register_screen


def register_own_screens() -> None:
    """Each list stands in the rail where its people look for it; pages are opened from them."""
    noop = QT_TRANSLATE_NOOP
    kinds = "erp_desktop.views.masters.kinds"
    lists = "erp_desktop.views.masters.lists"
    factory: ScreenFactory
    permission: str | frozenset[str]
    read, books = "master.read", frozenset({"cost.read", "ledger.read", "budget.read", "purchasing.write"})
    for key, title, icon, module, factory, permission in (
        ("products", noop("Screen", "Products"), "product", "stock", later(lists, "products_screen"), read),
        ("low_stock", noop("Screen", "Low stock"), "triangle", "stock", later(lists, "low_stock_screen"), read),
        ("categories", noop("Screen", "Categories"), "product", "stock", later(lists, "categories_screen"), read),
        ("units", noop("Screen", "Units"), "product", "stock", later(lists, "units_screen"), read),
        ("parties", noop("Screen", "Customers and suppliers"), "party", "sell", later(lists, "parties_screen"), read),
        ("prices", noop("Screen", "Prices"), "sell", "sell", later(lists, "prices_screen"), read),
        ("price_levels", noop("Screen", "Price levels"), "sell", "sell", later(lists, "price_levels_screen"), read),
        ("channels", noop("Screen", "Channels"), "sell", "sell", later(lists, "channels_screen"), read),
        ("suppliers", noop("Screen", "Suppliers"), "party", "buy", later(lists, "suppliers_screen"), read),
        ("warehouses", noop("Screen", "Warehouses"), "warehouse", "warehouse", later(lists, "warehouses_screen"), read),
        ("bins", noop("Screen", "Bins"), "warehouse", "warehouse", later(lists, "bins_screen"), read),
        (
            "cost_centres",
            noop("Screen", "Cost centres"),
            "budget",
            "ledger",
            later(lists, "cost_centres_screen"),
            books,
        ),
        (
            "exchange_rates",
            noop("Screen", "Exchange rates"),
            "ledger",
            "ledger",
            later(lists, "exchange_rates_screen"),
            books,
        ),
        ("employees", noop("Screen", "Employees"), "user", "settings", later(lists, "employees_screen"), "people.read"),
    ):
        register_screen(key, title, icon, module, factory, permission)
    for key, title, icon, module, factory, permission in (
        (
            "product",
            noop("Screen", "Product"),
            "product",
            "stock",
            later("erp_desktop.views.masters.product_page", "ProductPage"),
            read,
        ),
        (
            "party",
            noop("Screen", "Party"),
            "party",
            "sell",
            later("erp_desktop.views.masters.other_pages", "PartyPage"),
            read,
        ),
        (
            "warehouse",
            noop("Screen", "Warehouse"),
            "warehouse",
            "warehouse",
            later("erp_desktop.views.masters.other_pages", "WarehousePage"),
            read,
        ),
        (
            "category",
            noop("Screen", "Category"),
            "product",
            "stock",
            partial(later(kinds, "record_page"), key="category"),
            read,
        ),
        ("unit", noop("Screen", "Unit"), "product", "stock", partial(later(kinds, "record_page"), key="unit"), read),
        (
            "price_level",
            noop("Screen", "Price level"),
            "sell",
            "sell",
            partial(later(kinds, "record_page"), key="price_level"),
            read,
        ),
        ("price", noop("Screen", "Price"), "sell", "sell", partial(later(kinds, "record_page"), key="price"), read),
        (
            "channel",
            noop("Screen", "Channel"),
            "sell",
            "sell",
            partial(later(kinds, "record_page"), key="channel"),
            read,
        ),
        ("bin", noop("Screen", "Bin"), "warehouse", "warehouse", partial(later(kinds, "record_page"), key="bin"), read),
        (
            "cost_centre",
            noop("Screen", "Cost centre"),
            "budget",
            "ledger",
            partial(later(kinds, "record_page"), key="cost_centre"),
            books,
        ),
        (
            "exchange_rate",
            noop("Screen", "Exchange rate"),
            "ledger",
            "ledger",
            partial(later(kinds, "record_page"), key="exchange_rate"),
            books,
        ),
        (
            "employee",
            noop("Screen", "Employee"),
            "user",
            "settings",
            partial(later(kinds, "record_page"), key="employee"),
            "people.read",
        ),
    ):
        register_screen(key, title, icon, module, factory, permission, is_listed=False)


register_own_screens()
