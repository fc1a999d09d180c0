"""What the sample company trades in, with whom, and where. Plain data; no actions, no database."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Family:
    """A category and how its products are named: `sizes` times `kinds`, with the cost of the first size."""

    code: str
    name: str
    name_zh: str
    product: str  # "PET bottle {size} ml {kind}"
    product_zh: str
    sizes: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    cost: str  # of the smallest size, company currency
    weight_kg: str
    volume_m3: str
    method: str | None = None  # None: the book's own
    pool: str = "company"  # what is costed together
    keeps_days: int | None = None  # how long a lot keeps; None: it is not kept by lots


COLOURS = (("clear", "透明"), ("white", "白色"), ("amber", "茶色"), ("blue", "蓝色"))

FAMILIES = (
    Family(
        "BTL",
        "Bottles",
        "瓶子",
        "PET bottle {size} ml {kind}",
        "{kind}PET瓶 {size} ml",
        ("100", "250", "500", "750", "1000"),
        COLOURS,
        "0.62",
        "0.014",
        "0.0004",
    ),
    Family(
        "CAP",
        "Caps and closures",
        "瓶盖",
        "Cap {size} mm {kind}",
        "{kind}瓶盖 {size} mm",
        ("20", "24", "28", "32", "38"),
        COLOURS,
        "0.08",
        "0.003",
        "0.00003",
        "periodic_average",
    ),
    Family(
        "JAR",
        "Jars",
        "广口罐",
        "Jar {size} ml {kind}",
        "{kind}广口罐 {size} ml",
        ("50", "100", "200", "300", "500"),
        COLOURS,
        "0.85",
        "0.030",
        "0.0005",
        "fifo",
    ),
    Family(
        "PMP",
        "Pumps and sprayers",
        "泵头喷头",
        "{kind} {size} mm",
        "{kind} {size} mm",
        ("18", "20", "24", "28"),
        (
            ("Lotion pump", "乳液泵"),
            ("Foam pump", "泡沫泵"),
            ("Fine mist sprayer", "细雾喷头"),
            ("Trigger sprayer", "扳机喷头"),
            ("Dropper", "滴管"),
        ),
        "0.95",
        "0.018",
        "0.0001",
    ),
    Family(
        "CTN",
        "Cartons",
        "纸箱",
        "Carton {size} cm {kind}",
        "{kind}纸箱 {size} cm",
        ("20", "30", "40", "50", "60"),
        (("3-ply", "三层"), ("5-ply", "五层"), ("printed", "印刷"), ("white", "白色")),
        "1.10",
        "0.180",
        "0.0020",
        "fifo",
    ),
    Family(
        "TAP",
        "Packing tape",
        "胶带",
        "Packing tape {size} mm {kind}",
        "{kind}封箱胶带 {size} mm",
        ("24", "36", "48", "60", "72"),
        (("clear", "透明"), ("brown", "棕色"), ("printed", "印字"), ("fragile", "易碎标识")),
        "2.30",
        "0.210",
        "0.0003",
        "specific",
        "lot",
        keeps_days=720,  # the glue dries
    ),
    Family(
        "LBL",
        "Labels",
        "标签",
        "Label {size} {kind}, roll of 1,000",
        "{kind}标签 {size},每卷1000张",
        ("A6", "A7", "60x40", "50x30", "100x150"),
        (("paper", "铜版纸"), ("thermal", "热敏"), ("waterproof", "防水"), ("removable", "可移除")),
        "9.80",
        "0.420",
        "0.0009",
        "standard",
    ),
    Family(
        "PCH",
        "Pouches",
        "自立袋",
        "Stand-up pouch {size} g {kind}",
        "{kind}自立袋 {size} g",
        ("100", "250", "500", "1000", "2000"),
        (("kraft", "牛皮纸"), ("foil", "铝箔"), ("clear", "透明"), ("window", "开窗")),
        "0.42",
        "0.009",
        "0.00008",
    ),
    Family(
        "FLM",
        "Stretch film",
        "缠绕膜",
        "Stretch film {size} cm {kind}",
        "{kind}缠绕膜 {size} cm",
        ("30", "45", "50", "60", "75"),
        (("clear", "透明"), ("black", "黑色"), ("pre-stretched", "预拉伸"), ("machine", "机用")),
        "14.50",
        "1.900",
        "0.0060",
    ),
    Family(
        "GLV",
        "Gloves",
        "手套",
        "{kind} gloves {size}, box of 100",
        "{kind}手套 {size}码,每盒100只",
        ("S", "M", "L", "XL"),
        (("Nitrile", "丁腈"), ("Latex", "乳胶"), ("Vinyl", "PVC"), ("Cotton", "棉质"), ("Work", "劳保")),
        "16.00",
        "0.550",
        "0.0025",
        "fifo",
    ),
    Family(
        "TEA",
        "Tea ware",
        "茶具",
        "{kind} {size} ml",
        "{kind} {size} ml",
        ("80", "150", "300", "500"),
        (
            ("Gaiwan", "盖碗"),
            ("Teapot", "茶壶"),
            ("Fair cup", "公道杯"),
            ("Tea cup", "茶杯"),
            ("Travel tea set", "旅行茶具"),
        ),
        "12.50",
        "0.320",
        "0.0014",
        "fifo",
    ),
    Family(
        "KIT",
        "Kitchen storage",
        "厨房收纳",
        "{kind} {size} l",
        "{kind} {size} l",
        ("0.5", "1", "2", "5", "10"),
        (
            ("Storage box", "收纳盒"),
            ("Grain keeper", "米桶"),
            ("Glass container", "玻璃保鲜盒"),
            ("Lunch box", "便当盒"),
        ),
        "6.40",
        "0.240",
        "0.0030",
    ),
    Family(
        "CBL",
        "Cables",
        "数据线",
        "{kind} cable {size} m",
        "{kind}线 {size} m",
        ("0.5", "1", "1.5", "2", "3"),
        (("USB-C", "USB-C"), ("Lightning", "Lightning"), ("HDMI", "HDMI"), ("Cat 6", "六类网")),
        "4.90",
        "0.045",
        "0.0002",
    ),
    Family(
        "STA",
        "Stationery",
        "文具",
        "{kind} {size}",
        "{kind} {size}",
        ("A4", "A5", "A6", "B5"),
        (
            ("Notebook", "笔记本"),
            ("Sketchbook", "速写本"),
            ("Folder", "文件夹"),
            ("Clipboard", "写字板"),
            ("Envelope pack", "信封"),
        ),
        "3.20",
        "0.260",
        "0.0006",
    ),
    Family(
        "BAG",
        "Carrier bags",
        "手提袋",
        "Carrier bag {size} cm {kind}",
        "{kind}手提袋 {size} cm",
        ("22", "26", "32", "36", "42"),
        (("kraft", "牛皮纸"), ("white", "白卡"), ("non-woven", "无纺布"), ("cotton", "棉布")),
        "0.78",
        "0.060",
        "0.0004",
    ),
)

# code, name, Chinese name, city, Chinese city
SUPPLIERS = tuple(
    (f"{city} {trade}", f"{city_zh}{trade_zh}", city, city_zh)
    for city, city_zh, trade, trade_zh in (
        ("Hangzhou", "杭州", "Plastics", "塑料制品有限公司"),
        ("Ningbo", "宁波", "Closures", "瓶盖有限公司"),
        ("Yuyao", "余姚", "Pump Works", "喷雾泵厂"),
        ("Dongguan", "东莞", "Carton Mill", "纸箱厂"),
        ("Wenzhou", "温州", "Adhesives", "胶粘制品有限公司"),
        ("Suzhou", "苏州", "Label Printing", "标签印刷有限公司"),
        ("Cangzhou", "沧州", "Flexible Packaging", "软包装有限公司"),
        ("Qingdao", "青岛", "Film", "薄膜有限公司"),
        ("Zibo", "淄博", "Protective Products", "防护用品有限公司"),
        ("Jingdezhen", "景德镇", "Porcelain", "瓷业有限公司"),
        ("Taizhou", "台州", "Houseware", "日用品有限公司"),
        ("Shenzhen", "深圳", "Cable Company", "线缆有限公司"),
        ("Yiwu", "义乌", "Stationery", "文具有限公司"),
        ("Cangnan", "苍南", "Bags", "制袋有限公司"),
        ("Foshan", "佛山", "Glass", "玻璃制品有限公司"),
        ("Xiamen", "厦门", "Packaging", "包装材料有限公司"),
        ("Wuxi", "无锡", "Polymers", "高分子材料有限公司"),
        ("Jinan", "济南", "Paper", "纸业有限公司"),
        ("Chaozhou", "潮州", "Ceramics", "陶瓷有限公司"),
        ("Zhongshan", "中山", "Kitchenware", "厨具有限公司"),
        ("Huizhou", "惠州", "Electronics", "电子有限公司"),
        ("Jiaxing", "嘉兴", "Nonwovens", "无纺布有限公司"),
        ("Nantong", "南通", "Textiles", "纺织有限公司"),
        ("Hefei", "合肥", "Moulding", "模塑有限公司"),
        ("Changsha", "长沙", "Trading", "贸易有限公司"),
    )
)  # fmt: skip


@dataclass(frozen=True)
class SupplierAbroad:
    """Somebody abroad from whom a family of products comes too, in a currency of their own."""

    code: str
    name: str
    name_zh: str
    city: str
    country: str
    currency: str
    places: int  # decimals of a unit price in that currency
    family: str


ABROAD = (
    SupplierAbroad("S101", "Lakeside Pump & Spray", "湖畔喷雾器材公司", "Milwaukee 密尔沃基", "US", "USD", 3, "PMP"),
    SupplierAbroad("S102", "Tokoname Kiln", "常滑窑业株式会社", "Tokoname 常滑", "JP", "JPY", 0, "TEA"),
)
FORWARDER = ("PAC", "Pacific Air Cargo", "太平洋航空货运")

# What one unit is worth in company currency, from the first of each month of a year on
RATES = {
    "USD": ("7.18", "7.16", "7.21", "7.24", "7.20", "7.17", "7.15", "7.13", "7.10", "7.12", "7.09", "7.14"),
    "JPY": (
        "0.0466", "0.0471", "0.0478", "0.0482", "0.0495", "0.0490",
        "0.0484", "0.0479", "0.0481", "0.0473", "0.0469", "0.0475",
    ),
}  # fmt: skip

DISTRIBUTOR_CITIES = (
    ("Beijing", "北京"), ("Tianjin", "天津"), ("Shijiazhuang", "石家庄"), ("Taiyuan", "太原"), ("Shenyang", "沈阳"),
    ("Dalian", "大连"), ("Changchun", "长春"), ("Harbin", "哈尔滨"), ("Nanjing", "南京"), ("Xuzhou", "徐州"),
    ("Fuzhou", "福州"), ("Nanchang", "南昌"), ("Zhengzhou", "郑州"), ("Luoyang", "洛阳"), ("Wuhan", "武汉"),
    ("Yichang", "宜昌"), ("Zhuhai", "珠海"), ("Nanning", "南宁"), ("Haikou", "海口"), ("Chongqing", "重庆"),
)  # fmt: skip
DISTRIBUTOR_TRADES = (("Packaging Supply", "包装供应商行"), ("Home Goods", "家居用品经营部"))

CARRIERS = (
    ("SF", "SF Express", "顺丰速运"),
    ("YTO", "YTO Express", "圆通速递"),
    ("ZTO", "ZTO Express", "中通快递"),
    ("JDL", "JD Logistics", "京东物流"),
    ("DEPPON", "Deppon", "德邦物流"),
)

CHANNELS = (
    ("WEB", "Own web shop", "官网商城"),
    ("TMALL", "Tmall store", "天猫旗舰店"),
    ("JD", "JD store", "京东旗舰店"),
    ("DIST", "Distributors", "分销商"),
)

WAREHOUSES = (
    ("SH", "Shanghai", "上海仓", "Building 4, 88 Jinhai Road, Pudong, Shanghai"),
    ("GZ", "Guangzhou", "广州仓", "12 Kaifa Avenue, Huangpu, Guangzhou"),
    ("CD", "Chengdu", "成都仓", "6 Wuliu Road, Qingbaijiang, Chengdu"),
)

SURNAMES = (
    ("Wang", "王"), ("Li", "李"), ("Zhang", "张"), ("Liu", "刘"), ("Chen", "陈"), ("Yang", "杨"), ("Zhao", "赵"),
    ("Huang", "黄"), ("Zhou", "周"), ("Wu", "吴"), ("Xu", "徐"), ("Sun", "孙"), ("Hu", "胡"), ("Zhu", "朱"), ("Gao", "高"),
)  # fmt: skip
GIVEN_NAMES = (
    ("Wei", "伟"), ("Min", "敏"), ("Jing", "静"), ("Lei", "磊"), ("Na", "娜"), ("Qiang", "强"), ("Yan", "艳"),
    ("Jun", "军"), ("Jie", "洁"), ("Tao", "涛"), ("Xia", "霞"), ("Peng", "鹏"), ("Ying", "莹"), ("Bo", "波"),
)  # fmt: skip
CONSUMER_CITIES = (
    ("Shanghai", "上海"),
    ("Guangzhou", "广州"),
    ("Chengdu", "成都"),
    ("Hangzhou", "杭州"),
    ("Shenzhen", "深圳"),
)

JOBS = (
    ("General manager", 1),
    ("Accountant", 2),
    ("Purchasing clerk", 2),
    ("Sales clerk", 3),
    ("Warehouse lead", 3),
    ("Picker", 6),
    ("Human resources", 1),
)

# code of the role, login, name, Chinese name
USERS = (
    ("warehouse", "warehouse", "Sun Lei 孙磊"),
    ("purchasing", "purchasing", "Chen Jing 陈静"),
    ("sales", "sales", "Zhou Na 周娜"),
    ("accountant", "accountant", "Zhao Min 赵敏"),
    ("manager", "manager", "Gao Wei 高伟"),
)


@dataclass(frozen=True)
class SampleProduct:
    """A product as the sample company knows it. Money in company currency, weight and volume of one piece."""

    code: str
    name: str
    name_zh: str
    family: Family
    cost: Decimal
    list_price: Decimal
    weight_kg: Decimal
    volume_m3: Decimal


def sample_products() -> list[SampleProduct]:
    """Every product of every family, in a fixed order."""
    products = []
    for family in FAMILIES:
        number = 0
        for step, size in enumerate(family.sizes):
            for place, (kind, kind_zh) in enumerate(family.kinds):
                number += 1
                growth = Decimal(100 + 45 * step + 7 * place) / 100
                cost = (Decimal(family.cost) * growth).quantize(Decimal("0.001"))
                products.append(
                    SampleProduct(
                        code=f"{family.code}-{number:03d}",
                        name=family.product.format(size=size, kind=kind),
                        name_zh=family.product_zh.format(size=size, kind=kind_zh),
                        family=family,
                        cost=cost,
                        list_price=(cost * Decimal("1.85")).quantize(Decimal("0.01")),
                        weight_kg=(Decimal(family.weight_kg) * growth).quantize(Decimal("0.000001")),
                        volume_m3=(Decimal(family.volume_m3) * growth).quantize(Decimal("0.000001")),
                    )
                )
    return products
