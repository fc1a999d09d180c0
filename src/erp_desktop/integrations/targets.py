"""What can be imported: the tables that a file may fill, master data here and documents in document_targets.py.

Data only: of each table its fields, the headings they go by and their kinds. How a file is matched, judged and taken in:
mapping.py, importing.py.
"""

from erp_desktop.actions.exchanging import SaveExchangeRate
from erp_desktop.actions.masters import (
    SaveBarcode,
    SaveBin,
    SaveCategory,
    SaveChannel,
    SaveEmployee,
    SaveParty,
    SavePrice,
    SavePriceLevel,
    SaveProduct,
    SaveProductUnit,
    SaveUnit,
    SaveWarehouse,
)
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.integrations.document_targets import CHANNEL_ORDERS, OPENING_STOCK
from erp_desktop.integrations.fields import PRODUCT_REF, QTY_UNIT, UNIT_PRICE, WAREHOUSE, ImportField, ImportTarget

CODE = QT_TRANSLATE_NOOP("Import", "Code")
NAME = QT_TRANSLATE_NOOP("Import", "Name")
NAME_ZH = QT_TRANSLATE_NOOP("Import", "Chinese name")
ACTIVE = QT_TRANSLATE_NOOP("Import", "Active")


def _code(*also: str) -> ImportField:
    return ImportField("code", CODE, ("编码", "编号", "代码", "id", "no", "number", *also), "code", required=True)


def _name(*also: str) -> ImportField:
    return ImportField("name", NAME, ("名称", "英文名称", "english name", "description", *also), required=True)


_NAME_ZH = ImportField("name_zh", NAME_ZH, ("中文名称", "中文名", "name zh"))
_ACTIVE = ImportField("is_active", ACTIVE, ("启用", "有效", "is active", "在用"), "yes_no")


def _party_fields(*names: str) -> tuple[ImportField, ...]:
    return (
        _code(
            *(f"{name} code" for name in names), *(f"{name} id" for name in names), "供应商编码", "客户编码", "客户编号"
        ),
        _name(
            "company", "company name", *names, *(f"{name} name" for name in names), "供应商名称", "客户名称", "单位名称"
        ),
        _NAME_ZH,
        ImportField("contact", QT_TRANSLATE_NOOP("Import", "Contact"), ("联系人", "contact name", "attention")),
        ImportField("email", QT_TRANSLATE_NOOP("Import", "E-mail"), ("邮箱", "电子邮件", "电子邮箱", "mail", "email")),
        ImportField(
            "phone", QT_TRANSLATE_NOOP("Import", "Phone"), ("电话", "手机", "联系电话", "telephone", "mobile", "tel")
        ),
        ImportField("address", QT_TRANSLATE_NOOP("Import", "Address"), ("地址", "street")),
        ImportField("city", QT_TRANSLATE_NOOP("Import", "City"), ("城市", "town")),
        ImportField(
            "postal_code", QT_TRANSLATE_NOOP("Import", "Postal code"), ("邮编", "邮政编码", "zip", "postcode"), "code"
        ),
        ImportField("country", QT_TRANSLATE_NOOP("Import", "Country"), ("国家", "国家/地区")),
        ImportField(
            "tax_number", QT_TRANSLATE_NOOP("Import", "Tax number"), ("税号", "纳税人识别号", "vat number"), "code"
        ),
        ImportField(
            "payment_days", QT_TRANSLATE_NOOP("Import", "Payment days"), ("账期", "付款天数", "terms"), "whole"
        ),
        ImportField(
            "price_level_id",
            QT_TRANSLATE_NOOP("Import", "Price level"),
            ("价格等级", "price list"),
            "ref",
            "price_level",
        ),
        ImportField(
            "commission_rate",
            QT_TRANSLATE_NOOP("Import", "Commission rate"),
            ("佣金率", "佣金比例", "commission"),
            "rate",
        ),
        _ACTIVE,
    )


_PRODUCT_FIELDS = (
    _code("sku", "product code", "item code", "stock code", "stockcode", "商品编码", "产品编码", "货号", "product id"),
    _name("product", "product name", "item", "商品名称", "产品名称", "品名"),
    _NAME_ZH,
    ImportField(
        "category_id",
        QT_TRANSLATE_NOOP("Import", "Category"),
        ("分类", "类别", "商品分类", "category code"),
        "ref",
        "category",
        required=True,
        usual_code="GENERAL",
    ),
    ImportField(
        "unit_id",
        QT_TRANSLATE_NOOP("Import", "Unit"),
        ("单位", "计量单位", "uom", "unit of measure", "unit code"),
        "ref",
        "unit",
        required=True,
        usual_code="PC",
    ),
    ImportField(
        "supplier_id",
        QT_TRANSLATE_NOOP("Import", "Supplier"),
        ("供应商", "供应商编码", "supplier code"),
        "ref",
        "party",
    ),
    ImportField(
        "list_price", QT_TRANSLATE_NOOP("Import", "List price"), ("标价", "零售价", "价格", "price", "单价"), "price"
    ),
    ImportField("weight_kg", QT_TRANSLATE_NOOP("Import", "Weight (kg)"), ("重量", "毛重", "weight", "重量kg"), "qty"),
    ImportField("volume_m3", QT_TRANSLATE_NOOP("Import", "Volume (m3)"), ("体积", "volume", "体积m3"), "qty"),
    ImportField("minimum_qty", QT_TRANSLATE_NOOP("Import", "Minimum"), ("最低库存", "reorder level", "min"), "qty"),
    ImportField("maximum_qty", QT_TRANSLATE_NOOP("Import", "Maximum"), ("最高库存", "max"), "qty"),
    ImportField("is_stocked", QT_TRANSLATE_NOOP("Import", "Stocked"), ("库存商品", "is stocked"), "yes_no"),
    _ACTIVE,
)

_CODE_AND_NAME = (_code(), _name(), _NAME_ZH)


def _parties(name: str, title: str, role: str, *words: str) -> ImportTarget:
    return ImportTarget(
        name, title, _party_fields(*words), ("code",), save=SaveParty, bulk="parties", fixed={role: True}
    )


TARGETS: dict[str, ImportTarget] = {
    target.name: target
    for target in (
        _parties("suppliers", QT_TRANSLATE_NOOP("Import", "Suppliers"), "is_supplier", "supplier", "vendor"),
        _parties(
            "distributors", QT_TRANSLATE_NOOP("Import", "Distributors"), "is_distributor", "distributor", "customer"
        ),
        _parties("consumers", QT_TRANSLATE_NOOP("Import", "Consumers"), "is_consumer", "consumer", "customer"),
        _parties("carriers", QT_TRANSLATE_NOOP("Import", "Carriers"), "is_carrier", "carrier", "shipper"),
        ImportTarget(
            "categories",
            QT_TRANSLATE_NOOP("Import", "Categories"),
            (
                *_CODE_AND_NAME,
                ImportField(
                    "parent_id",
                    QT_TRANSLATE_NOOP("Import", "Parent category"),
                    ("上级分类", "parent"),
                    "ref",
                    "category",
                ),
            ),
            ("code",),
            save=SaveCategory,
            bulk="categories",
        ),
        ImportTarget(
            "units",
            QT_TRANSLATE_NOOP("Import", "Units of measure"),
            _CODE_AND_NAME,
            ("code",),
            save=SaveUnit,
            bulk="units",
        ),
        ImportTarget(
            "products",
            QT_TRANSLATE_NOOP("Import", "Products"),
            _PRODUCT_FIELDS,
            ("code",),
            save=SaveProduct,
            bulk="products",
        ),
        ImportTarget(
            "product-units",
            QT_TRANSLATE_NOOP("Import", "Units of products"),
            (
                PRODUCT_REF,
                ImportField(
                    "unit_id",
                    QT_TRANSLATE_NOOP("Import", "Unit"),
                    ("单位", "包装单位", "unit code", "pack"),
                    "ref",
                    "unit",
                    required=True,
                ),
                ImportField(
                    "numerator",
                    QT_TRANSLATE_NOOP("Import", "Stock units"),
                    ("库存单位数量", "换算数量", "装箱数", "qty per pack", "pack size", "factor"),
                    "whole",
                    required=True,
                ),
                ImportField("denominator", QT_TRANSLATE_NOOP("Import", "For so many"), ("换算分母", "per"), "whole"),
            ),
            ("product_id", "unit_id"),
            save=SaveProductUnit,
            bulk="product_units",
        ),
        ImportTarget(
            "warehouses",
            QT_TRANSLATE_NOOP("Import", "Warehouses"),
            (
                _code("warehouse code", "仓库编码"),
                _name("warehouse", "仓库名称"),
                _NAME_ZH,
                ImportField("address", QT_TRANSLATE_NOOP("Import", "Address"), ("地址",)),
                _ACTIVE,
            ),
            ("code",),
            save=SaveWarehouse,
            bulk="warehouses",
        ),
        ImportTarget(
            "bins",
            QT_TRANSLATE_NOOP("Import", "Bins"),
            (
                ImportField(
                    "warehouse_id",
                    WAREHOUSE,
                    ("仓库", "仓库编码", "warehouse code"),
                    "ref",
                    "warehouse",
                    required=True,
                    usual_code="MAIN",
                ),
                _code("bin", "bin code", "货位", "货位编码", "库位"),
                ImportField("zone", QT_TRANSLATE_NOOP("Import", "Zone"), ("库区", "区域")),
                _ACTIVE,
            ),
            ("code", "warehouse_id"),
            save=SaveBin,
            bulk="bins",
        ),
        ImportTarget(
            "channels",
            QT_TRANSLATE_NOOP("Import", "Channels"),
            (*_CODE_AND_NAME, _ACTIVE),
            ("code",),
            save=SaveChannel,
            bulk="channels",
        ),
        ImportTarget(
            "price-levels",
            QT_TRANSLATE_NOOP("Import", "Price levels"),
            _CODE_AND_NAME,
            ("code",),
            save=SavePriceLevel,
            bulk="price_levels",
        ),
        ImportTarget(
            "prices",
            QT_TRANSLATE_NOOP("Import", "Prices"),
            (
                PRODUCT_REF,
                ImportField(
                    "price_level_id",
                    QT_TRANSLATE_NOOP("Import", "Price level"),
                    ("价格等级", "level", "price list"),
                    "ref",
                    "price_level",
                    required=True,
                ),
                ImportField(
                    "from_qty",
                    QT_TRANSLATE_NOOP("Import", "From quantity"),
                    ("起订量", "起始数量"),
                    "qty",
                    required=True,
                ),
                ImportField(
                    "from_date",
                    QT_TRANSLATE_NOOP("Import", "From date"),
                    ("生效日期", "起始日期", "valid from"),
                    "day",
                    required=True,
                ),
                ImportField("unit_price", UNIT_PRICE, ("单价", "价格", "price"), "price", required=True),
                QTY_UNIT,
            ),
            ("product_id", "price_level_id", "from_qty", "from_date"),
            save=SavePrice,
            bulk="prices",
        ),
        ImportTarget(
            "exchange_rates",
            QT_TRANSLATE_NOOP("Import", "Exchange rates"),
            (
                ImportField(
                    "currency",
                    QT_TRANSLATE_NOOP("Import", "Currency"),
                    ("币种", "货币", "currency code"),
                    "code",
                    required=True,
                    length=3,
                ),
                ImportField(
                    "valid_on",
                    QT_TRANSLATE_NOOP("Import", "From date"),
                    ("生效日期", "日期", "date", "valid from"),
                    "day",
                    required=True,
                ),
                ImportField(
                    "rate",
                    QT_TRANSLATE_NOOP("Import", "Rate"),
                    ("汇率", "exchange rate"),
                    "exchange_rate",
                    required=True,
                ),
            ),
            ("currency", "valid_on"),
            save=SaveExchangeRate,
            bulk="exchange_rates",
        ),
        ImportTarget(
            "barcodes",
            QT_TRANSLATE_NOOP("Import", "Barcodes"),
            (
                _code("barcode", "ean", "upc", "gtin", "条码", "条形码"),
                PRODUCT_REF,
                ImportField(
                    "unit_id", QT_TRANSLATE_NOOP("Import", "Unit"), ("单位", "包装单位", "pack"), "ref", "unit"
                ),
            ),
            ("code",),
            save=SaveBarcode,
            bulk="barcodes",
        ),
        ImportTarget(
            "employees",
            QT_TRANSLATE_NOOP("Import", "Employees"),
            (
                _code("employee code", "employee id", "工号", "员工编号"),
                _name("employee", "employee name", "姓名"),
                ImportField("title", QT_TRANSLATE_NOOP("Import", "Job title"), ("职位", "职务", "title")),
                ImportField(
                    "manager_id",
                    QT_TRANSLATE_NOOP("Import", "Manager"),
                    ("上级", "主管", "reports to"),
                    "ref",
                    "employee",
                ),
                ImportField("email", QT_TRANSLATE_NOOP("Import", "E-mail"), ("邮箱", "电子邮件", "email")),
                ImportField("phone", QT_TRANSLATE_NOOP("Import", "Phone"), ("电话", "手机", "telephone")),
                ImportField(
                    "hired_on", QT_TRANSLATE_NOOP("Import", "Hired"), ("入职日期", "hire date", "hired on"), "day"
                ),
                _ACTIVE,
            ),
            ("code",),
            permission="people.write",
            save=SaveEmployee,
        ),
        OPENING_STOCK,
        CHANNEL_ORDERS,
    )
}
