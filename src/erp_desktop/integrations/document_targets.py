"""The documents that a file may fill: opening stock and channel orders. Data only, as in targets.py."""

from erp_desktop.actions.lots import LONGEST_LOT_CODE
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.integrations.fields import PRODUCT_REF, QTY_UNIT, UNIT_PRICE, WAREHOUSE, ImportField, ImportTarget

QUANTITY = QT_TRANSLATE_NOOP("Import", "Quantity")

OPENING_STOCK = ImportTarget(
    "opening-stock",
    QT_TRANSLATE_NOOP("Import", "Opening stock"),
    (
        PRODUCT_REF,
        ImportField(
            "warehouse_id", WAREHOUSE, ("仓库", "仓库编码", "warehouse code"), "ref", "warehouse", usual_code="MAIN"
        ),
        ImportField(
            "bin", QT_TRANSLATE_NOOP("Import", "Bin"), ("货位", "库位", "location", "bin code"), "code", length=40
        ),
        ImportField("qty", QUANTITY, ("数量", "qty", "on hand", "现存量", "库存数量"), "qty", required=True),
        ImportField(
            "unit_cost",
            QT_TRANSLATE_NOOP("Import", "Unit cost"),
            ("单位成本", "成本", "成本单价", "cost"),
            "price",
            required=True,
        ),
        ImportField(
            "lot_code",
            QT_TRANSLATE_NOOP("Import", "Lot or serial number"),
            (
                "批次",
                "批号",
                "批次号",
                "序列号",
                "lot",
                "lot number",
                "batch",
                "batch number",
                "serial",
                "serial number",
            ),
            "code",
            length=LONGEST_LOT_CODE,
        ),
        ImportField(
            "expires_on",
            QT_TRANSLATE_NOOP("Import", "Expiry date"),
            ("有效期", "有效期至", "到期日", "到期日期", "expires", "expires on", "expiry", "best before", "use by"),
            "day",
        ),
        ImportField(
            "counted_on", QT_TRANSLATE_NOOP("Import", "Date"), ("日期", "盘点日期", "counted on", "as of"), "day"
        ),
    ),
    key=("product_id",),
    permission="goods.count",
)

CHANNEL_ORDERS = ImportTarget(
    "channel-orders",
    QT_TRANSLATE_NOOP("Import", "Channel orders"),
    (
        ImportField(
            "external_number",
            QT_TRANSLATE_NOOP("Import", "Order number"),
            ("订单号", "订单编号", "order", "order no", "order id", "invoice", "number"),
            "code",
            required=True,
            length=60,
        ),
        ImportField(
            "ordered_on",
            QT_TRANSLATE_NOOP("Import", "Ordered"),
            ("下单日期", "下单时间", "日期", "订单日期", "date", "order date", "ordered on", "invoice date"),
            "day",
            required=True,
        ),
        PRODUCT_REF,
        ImportField("qty", QUANTITY, ("数量", "qty"), "qty", required=True),
        QTY_UNIT,
        ImportField("unit_price", UNIT_PRICE, ("单价", "价格", "price", "成交价"), "price", required=True),
        ImportField("discount", QT_TRANSLATE_NOOP("Import", "Discount"), ("折扣", "折扣率"), "rate"),
        ImportField(
            "customer_id",
            QT_TRANSLATE_NOOP("Import", "Customer"),
            ("客户", "客户编码", "买家", "customer code", "customer id"),
            "ref",
            "party",
        ),
        ImportField(
            "ship_to", QT_TRANSLATE_NOOP("Import", "Ship to"), ("收货地址", "address", "delivery address"), length=600
        ),
        ImportField(
            "channel_id",
            QT_TRANSLATE_NOOP("Import", "Channel"),
            ("渠道", "渠道编码"),
            "ref",
            "channel",
            usual_code="DIRECT",
        ),
        ImportField(
            "warehouse_id", WAREHOUSE, ("仓库", "仓库编码", "warehouse code"), "ref", "warehouse", usual_code="MAIN"
        ),
    ),
    key=("external_number",),
    permission="sales.write",
)
