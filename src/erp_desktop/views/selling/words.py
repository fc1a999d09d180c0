"""The way of a sales order, and the words for its priorities."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.models.sales import SalesOrderStatus

PATH = tuple(
    str(status)
    for status in (
        SalesOrderStatus.DRAFT,
        SalesOrderStatus.CONFIRMED,
        SalesOrderStatus.ALLOCATED,
        SalesOrderStatus.PART_SHIPPED,
        SalesOrderStatus.SHIPPED,
    )
)

PRIORITIES = {
    1: QT_TRANSLATE_NOOP("SalesOrderPage", "1 first"),
    2: QT_TRANSLATE_NOOP("SalesOrderPage", "2 high"),
    3: QT_TRANSLATE_NOOP("SalesOrderPage", "3 normal"),
    4: QT_TRANSLATE_NOOP("SalesOrderPage", "4 low"),
    5: QT_TRANSLATE_NOOP("SalesOrderPage", "5 last"),
}


def priority_text(priority: int) -> str:
    return translate("SalesOrderPage", PRIORITIES[priority]) if priority in PRIORITIES else str(priority)
