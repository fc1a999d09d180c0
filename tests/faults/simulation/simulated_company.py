"""The company of the simulation: few goods in two warehouses, and four people with different roles who share computers."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from simulated_desk import PASSWORD
from sqlalchemy import Engine

from company_fixtures import opening_of
from erp_desktop.actions.masters import SaveBin, SaveParty, SaveProduct, SaveWarehouse
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.central.accounts import set_password
from erp_desktop.central.performing import Centre
from erp_desktop.ids import derived_id, new_id

PEOPLE = {"lin": "administrator", "mei": "administrator", "wang": "warehouse", "sun": "sales"}
GUESTS = {"lin": "mei", "wang": "sun"}  # at whose computer who else signs in now and then


def found_company(engine: Engine) -> UUID:
    """ACME with its people, two warehouses, three products of which little is there, and some parties. Gives its id."""
    centre = Centre(engine)
    lin = derived_id("simulated user", "lin")
    company_id = centre.open_company(opening_of(owner_id=lin, owner_login="lin", owner_name="Lin Wei"), PASSWORD)
    products = [derived_id("simulated product", code) for code in "ABC"]
    warehouse, place = derived_id("warehouse", company_id, "MAIN"), derived_id("bin", company_id, "STOCK")
    north, dock = derived_id("simulated warehouse", "NORTH"), derived_id("simulated bin", "DOCK")
    actions: list[Any] = [
        SaveUser(user_id=derived_id("simulated user", login), login=login, name=login.title(), role_codes=(role,))
        for login, role in PEOPLE.items()
        if login != "lin"
    ]
    actions += [
        SaveWarehouse(warehouse_id=north, code="NORTH", name="North"),
        SaveBin(bin_id=dock, warehouse_id=north, code="DOCK"),
        SaveWarehouse(warehouse_id=north, code="NORTH", name="North", receiving_bin_id=dock),
    ]
    actions += [
        SaveParty(party_id=new_id(), code=f"S-{number}", name=f"Supplier {number}", is_supplier=True)
        for number in range(2)
    ]
    actions += [
        SaveParty(party_id=new_id(), code=f"C-{number}", name=f"Customer {number}", is_consumer=True)
        for number in range(2)
    ]
    actions += [
        SaveProduct(
            product_id=product,
            code=code,
            name=f"Product {code}",
            category_id=derived_id("category", company_id, "GENERAL"),
            unit_id=derived_id("unit", company_id, "PC"),
        )
        for product, code in zip(products, "ABC", strict=True)
    ]
    counted = tuple(CountedLine(product, place, Decimal(2), Decimal("4.25")) for product in products)
    actions.append(CountStock(new_id(), warehouse, date(2026, 1, 1), counted, is_opening=True))
    for result in centre.perform_local(company_id, lin, actions):
        assert result.outcome == "applied", result
    for login in PEOPLE:
        if login != "lin":
            set_password(engine, company_id, derived_id("simulated user", login), PASSWORD)
    return company_id
