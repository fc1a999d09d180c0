"""Master data: products and parties, and what they are counted, stored, priced and sold by."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.views.shell.screens import ScreenFactory, register_screen


def register_own_screens() -> None:
    """Each list stands in the rail where its people look for it; pages are opened from them."""
    from erp_desktop.views.masters import lists
    from erp_desktop.views.masters.kinds import record_page
    from erp_desktop.views.masters.other_pages import PartyPage, WarehousePage
    from erp_desktop.views.masters.product_page import ProductPage

    noop = QT_TRANSLATE_NOOP
    factory: ScreenFactory
    read = "master.read"
    for key, title, icon, module, factory, permission in (
        ("products", noop("Screen", "Products"), "product", "stock", lists.products_screen, read),
        ("low_stock", noop("Screen", "Low stock"), "triangle", "stock", lists.low_stock_screen, read),
        ("categories", noop("Screen", "Categories"), "product", "stock", lists.categories_screen, read),
        ("units", noop("Screen", "Units"), "product", "stock", lists.units_screen, read),
        ("parties", noop("Screen", "Customers and suppliers"), "party", "sell", lists.parties_screen, read),
        ("prices", noop("Screen", "Prices"), "sell", "sell", lists.prices_screen, read),
        ("price_levels", noop("Screen", "Price levels"), "sell", "sell", lists.price_levels_screen, read),
        ("channels", noop("Screen", "Channels"), "sell", "sell", lists.channels_screen, read),
        ("suppliers", noop("Screen", "Suppliers"), "party", "buy", lists.suppliers_screen, read),
        ("warehouses", noop("Screen", "Warehouses"), "warehouse", "warehouse", lists.warehouses_screen, read),
        ("bins", noop("Screen", "Bins"), "warehouse", "warehouse", lists.bins_screen, read),
        ("cost_centres", noop("Screen", "Cost centres"), "budget", "ledger", lists.cost_centres_screen, read),
        ("employees", noop("Screen", "Employees"), "user", "settings", lists.employees_screen, "people.read"),
    ):
        register_screen(key, title, icon, module, factory, permission)
    for key, title, icon, module, factory, permission in (
        ("product", noop("Screen", "Product"), "product", "stock", ProductPage, read),
        ("party", noop("Screen", "Party"), "party", "sell", PartyPage, read),
        ("warehouse", noop("Screen", "Warehouse"), "warehouse", "warehouse", WarehousePage, read),
        ("category", noop("Screen", "Category"), "product", "stock", record_page("category"), read),
        ("unit", noop("Screen", "Unit"), "product", "stock", record_page("unit"), read),
        ("price_level", noop("Screen", "Price level"), "sell", "sell", record_page("price_level"), read),
        ("price", noop("Screen", "Price"), "sell", "sell", record_page("price"), read),
        ("channel", noop("Screen", "Channel"), "sell", "sell", record_page("channel"), read),
        ("bin", noop("Screen", "Bin"), "warehouse", "warehouse", record_page("bin"), read),
        ("cost_centre", noop("Screen", "Cost centre"), "budget", "ledger", record_page("cost_centre"), read),
        ("employee", noop("Screen", "Employee"), "user", "settings", record_page("employee"), "people.read"),
    ):
        register_screen(key, title, icon, module, factory, permission, is_listed=False)


register_own_screens()
