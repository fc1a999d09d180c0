"""The words of cost to serve: kinds of cost, whose accounts they are on, and what they are shared by."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

KINDS = {
    "storage": QT_TRANSLATE_NOOP("CostToServe", "Storage"),
    "handling": QT_TRANSLATE_NOOP("CostToServe", "Handling labour"),
    "packaging": QT_TRANSLATE_NOOP("CostToServe", "Packaging"),
    "channel_fees": QT_TRANSLATE_NOOP("CostToServe", "Channel fees"),
    "payment_fees": QT_TRANSLATE_NOOP("CostToServe", "Payment fees"),
    "delivery": QT_TRANSLATE_NOOP("CostToServe", "Delivery"),
}
PURPOSES = {
    "storage_expense": QT_TRANSLATE_NOOP("CostToServe", "Storage expense"),
    "wages": QT_TRANSLATE_NOOP("CostToServe", "Wages"),
    "packaging_expense": QT_TRANSLATE_NOOP("CostToServe", "Packaging expense"),
    "channel_fees": QT_TRANSLATE_NOOP("CostToServe", "Channel fees"),
    "gateway_fees": QT_TRANSLATE_NOOP("CostToServe", "Payment fees"),
    "delivery_expense": QT_TRANSLATE_NOOP("CostToServe", "Delivery expense"),
    "commission_expense": QT_TRANSLATE_NOOP("CostToServe", "Commission expense"),
}
DRIVERS = {
    "volume_days": QT_TRANSLATE_NOOP("CostToServe", "Volume-days in stock"),
    "picks": QT_TRANSLATE_NOOP("CostToServe", "Lines shipped"),
    "parcels": QT_TRANSLATE_NOOP("CostToServe", "Parcels shipped"),
    "revenue": QT_TRANSLATE_NOOP("CostToServe", "Invoiced revenue"),
    "qty": QT_TRANSLATE_NOOP("CostToServe", "Quantity shipped"),
    "weight": QT_TRANSLATE_NOOP("CostToServe", "Weight shipped"),
}
USUAL = {  # by kind: the purpose whose accounts hold it, and what it is shared by
    "storage": ("storage_expense", "volume_days"),
    "handling": ("wages", "picks"),
    "packaging": ("packaging_expense", "parcels"),
    "channel_fees": ("channel_fees", "revenue"),
    "payment_fees": ("gateway_fees", "revenue"),
    "delivery": ("delivery_expense", "weight"),
}


def kind_text(kind: str) -> str:
    return translate("CostToServe", KINDS[kind]) if kind in KINDS else kind


def purpose_text(purpose: str) -> str:
    return translate("CostToServe", PURPOSES[purpose]) if purpose in PURPOSES else purpose


def driver_text(driver: str) -> str:
    return translate("CostToServe", DRIVERS[driver]) if driver in DRIVERS else driver
