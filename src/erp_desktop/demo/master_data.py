"""The sample company's master data: parties, products, prices, places, people."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import (
    SaveBarcode,
    SaveBin,
    SaveCategory,
    SaveChannel,
    SaveCostCentre,
    SaveEmployee,
    SaveMasters,
    SaveParty,
    SavePrice,
    SavePriceLevel,
    SaveProduct,
    SaveProductUnit,
    SaveWarehouse,
)
from erp_desktop.actions.opening import SaveUser
from erp_desktop.demo import catalogue
from erp_desktop.demo.trading import Traded

CONSUMERS = 120
BINS_PER_WAREHOUSE = 16


class MasterData:
    """The actions that enter it. `id_of(kind, code)` is the id that everything is known by from then on."""

    def __init__(self, id_of: Callable[[str, str], UUID], traded: Traded, random: Random) -> None:
        self._id = id_of
        self._traded = traded
        self._random = random

    def actions(self, first_day: date) -> list[Action]:
        """Everything that has a name: parties, products, prices, places, people."""
        return [
            SaveMasters(
                categories=tuple(
                    SaveCategory(
                        category_id=self._id("category", family.code),
                        code=family.code,
                        name=family.name,
                        name_zh=family.name_zh,
                        cost_method=family.method,
                        cost_pool=family.pool,
                    )
                    for family in catalogue.FAMILIES
                ),
                price_levels=(
                    SavePriceLevel(self._id("price_level", "SILVER"), "SILVER", "Silver distributor", "银牌分销商"),
                    SavePriceLevel(self._id("price_level", "GOLD"), "GOLD", "Gold distributor", "金牌分销商"),
                ),
                channels=tuple(
                    SaveChannel(self._id("channel", code), code, name, name_zh)
                    for code, name, name_zh in catalogue.CHANNELS
                ),
                warehouses=tuple(
                    SaveWarehouse(self._id("warehouse", code), code, name, name_zh, address)
                    for code, name, name_zh, address in catalogue.WAREHOUSES
                ),
                bins=tuple(
                    SaveBin(self._id("bin", f"{code}-{n:02d}"), self._id("warehouse", code), f"{code}-{n:02d}", f"Z{n // 6 + 1}")
                    for code, _, _, _ in catalogue.WAREHOUSES
                    for n in range(1, BINS_PER_WAREHOUSE + 1)
                ),
                cost_centres=tuple(
                    SaveCostCentre(self._id("cost_centre", code), code, name, name_zh)
                    for code, name, name_zh in (
                        ("WH", "Warehouses", "仓储部"),
                        ("SALES", "Sales", "销售部"),
                        ("ADMIN", "Administration", "管理部"),
                    )
                ),
                parties=tuple(self._parties()),
            ),
            SaveMasters(warehouses=tuple(
                SaveWarehouse(
                    self._id("warehouse", code), code, name, name_zh, address, receiving_bin_id=self._id("bin", f"{code}-01")
                )
                for code, name, name_zh, address in catalogue.WAREHOUSES
            )),
            *self._product_batches(first_day),
            *self._employees(),
            *(
                SaveUser(self._id("user", login), login, name, (role,))
                for role, login, name in catalogue.USERS
            ),
        ]  # fmt: skip

    def _parties(self) -> list[SaveParty]:
        random = self._random
        parties = []
        for n, (name, name_zh, city, city_zh) in enumerate(catalogue.SUPPLIERS, start=1):
            parties.append(
                SaveParty(
                    party_id=self._id("party", f"S{n:03d}"), code=f"S{n:03d}", name=name, name_zh=name_zh, is_supplier=True,
                    contact=self._person()[0], phone=self._phone(), city=f"{city} {city_zh}", country="CN",
                    address=f"{random.randint(1, 300)} Industry Road, {city}", payment_days=random.choice((30, 45, 60)),
                )
            )  # fmt: skip
        places = [(city, trade) for trade in catalogue.DISTRIBUTOR_TRADES for city in catalogue.DISTRIBUTOR_CITIES]
        for n, ((city, city_zh), (trade, trade_zh)) in enumerate(places, start=1):
            level = "GOLD" if n % 4 == 0 else "SILVER"
            parties.append(
                SaveParty(
                    party_id=self._id("party", f"D{n:03d}"), code=f"D{n:03d}", name=f"{city} {trade}",
                    name_zh=f"{city_zh}{trade_zh}", is_distributor=True, contact=self._person()[0], phone=self._phone(),
                    city=f"{city} {city_zh}", country="CN", address=f"{random.randint(1, 900)} Renmin Road, {city}",
                    price_level_id=self._id("price_level", level), commission_rate=Decimal("0.05" if level == "GOLD" else "0.03"),
                )
            )  # fmt: skip
        for n in range(1, CONSUMERS + 1):
            name, name_zh = self._person()
            city, city_zh = random.choice(catalogue.CONSUMER_CITIES)
            parties.append(
                SaveParty(
                    party_id=self._id("party", f"C{n:04d}"), code=f"C{n:04d}", name=name, name_zh=name_zh, is_consumer=True,
                    phone=self._phone(), city=f"{city} {city_zh}", country="CN", payment_days=0,
                    address=f"{random.randint(1, 200)} Huaihai Road, {city}",
                )
            )  # fmt: skip
        parties.extend(
            SaveParty(self._id("party", code), code, name, name_zh, is_carrier=True)
            for code, name, name_zh in (*catalogue.CARRIERS, catalogue.FORWARDER)
        )
        parties.extend(
            SaveParty(
                self._id("party", abroad.code), abroad.code, abroad.name, abroad.name_zh, is_supplier=True,
                city=abroad.city, country=abroad.country, currency=abroad.currency,
            )
            for abroad in catalogue.ABROAD
        )  # fmt: skip
        return parties

    def _person(self) -> tuple[str, str]:
        surname, surname_zh = self._random.choice(catalogue.SURNAMES)
        given, given_zh = self._random.choice(catalogue.GIVEN_NAMES)
        return f"{surname} {given}", surname_zh + given_zh

    def _phone(self) -> str:
        return f"1{self._random.choice('3589')}{self._random.randrange(10**9):09d}"

    def _product_batches(self, first_day: date) -> list[Action]:
        unit, box = self._id("unit", "PC"), self._id("unit", "BOX")
        batches: list[Action] = []
        products = list(zip(self._traded.products, self._traded.product_ids, strict=True))
        for start in range(0, len(products), 100):
            part = products[start : start + 100]
            batches.append(
                SaveMasters(
                    products=tuple(
                        SaveProduct(
                            product_id=product_id, code=product.code, name=product.name, name_zh=product.name_zh,
                            category_id=self._id("category", product.family.code), unit_id=unit,
                            supplier_id=self._traded.supplier_ids[self._traded.supplier_of(start + place)], list_price=product.list_price,
                            weight_kg=product.weight_kg, volume_m3=product.volume_m3,
                            minimum_qty=Decimal(60), maximum_qty=Decimal(600),
                            tracking="lot" if product.family.keeps_days else "none",
                        )
                        for place, (product, product_id) in enumerate(part)
                    ),
                    product_units=tuple(
                        SaveProductUnit(self._id("product_unit", product.code), product_id, box, 24) for product, product_id in part
                    ),
                    barcodes=tuple(
                        SaveBarcode(self._id("barcode", product.code), f"690{start + place:05d}{7 * (start + place) % 10000:04d}", product_id)
                        for place, (product, product_id) in enumerate(part)
                    ),
                    prices=tuple(
                        SavePrice(
                            self._id("price", f"{product.code} {level}"), self._id("price_level", level), product_id,
                            Decimal(1), first_day, (product.list_price * share).quantize(Decimal("0.01")),
                        )
                        for product, product_id in part
                        for level, share in (("RETAIL", Decimal(1)), ("SILVER", Decimal("0.86")), ("GOLD", Decimal("0.80")))
                    ),
                )
            )  # fmt: skip
        return batches

    def _employees(self) -> list[Action]:
        employees: list[Action] = []
        number = 0
        for title, heads in catalogue.JOBS:
            for _ in range(heads):
                number += 1
                name, name_zh = self._person()
                employees.append(
                    SaveEmployee(
                        self._id("employee", f"E{number:03d}"),
                        f"E{number:03d}",
                        f"{name} {name_zh}",
                        title=title,
                        manager_id=self._id("employee", "E001") if number > 1 else None,
                    )
                )
        return employees
