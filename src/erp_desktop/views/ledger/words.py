"""The words of the ledger: what accounts are, and what an entry posts."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

ACCOUNT_TYPES = {
    "asset": QT_TRANSLATE_NOOP("Account type", "Asset"),
    "liability": QT_TRANSLATE_NOOP("Account type", "Liability"),
    "equity": QT_TRANSLATE_NOOP("Account type", "Equity"),
    "income": QT_TRANSLATE_NOOP("Account type", "Income"),
    "expense": QT_TRANSLATE_NOOP("Account type", "Expense"),
}

EVENTS = {
    "goods_receipt": QT_TRANSLATE_NOOP("Ledger event", "Goods receipt"),
    "landed_cost": QT_TRANSLATE_NOOP("Ledger event", "Landed cost"),
    "receipt_price": QT_TRANSLATE_NOOP("Ledger event", "Price correction"),
    "cost_adjustment": QT_TRANSLATE_NOOP("Ledger event", "Cost adjustment"),
    "shipment": QT_TRANSLATE_NOOP("Ledger event", "Cost of a shipment"),
    "delivery": QT_TRANSLATE_NOOP("Ledger event", "Delivery of a shipment"),
    "revenue": QT_TRANSLATE_NOOP("Ledger event", "Revenue"),
    "sales_invoice": QT_TRANSLATE_NOOP("Ledger event", "Sales invoice"),
    "customer_return": QT_TRANSLATE_NOOP("Ledger event", "Customer return"),
    "supplier_return": QT_TRANSLATE_NOOP("Ledger event", "Supplier return"),
    "transfer_loss": QT_TRANSLATE_NOOP("Ledger event", "Loss in transit"),
    "stock_scrap": QT_TRANSLATE_NOOP("Ledger event", "Scrapped goods"),
    "stock_count": QT_TRANSLATE_NOOP("Ledger event", "Stock count"),
    "stock_revaluation": QT_TRANSLATE_NOOP("Ledger event", "Stock revaluation"),
    "standard_cost": QT_TRANSLATE_NOOP("Ledger event", "Standard cost change"),
    "write_down": QT_TRANSLATE_NOOP("Ledger event", "Write-down of stock"),
    "opening_stock": QT_TRANSLATE_NOOP("Ledger event", "Opening stock"),
    "manual": QT_TRANSLATE_NOOP("Ledger event", "Manual entry"),
}


def account_type_text(kind: str) -> str:
    return translate("Account type", ACCOUNT_TYPES[kind]) if kind in ACCOUNT_TYPES else kind


def event_text(event: str) -> str:
    return translate("Ledger event", EVENTS[event]) if event in EVENTS else event
