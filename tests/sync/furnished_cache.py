"""A cache as it is after a first fill, made here and now: its tests need no centre."""

from uuid import UUID

import msgspec
from sqlalchemy import Connection, insert

from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.ids import new_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.company import Company
from erp_desktop.models.product import Category, Unit
from erp_desktop.models.stock import Bin, Warehouse
from erp_desktop.sync.cache import set_state
from erp_desktop.sync.signing_in import SignedIn

COMPANY_ID, USER_ID, UNIT_ID, CATEGORY_ID, WAREHOUSE_ID, BIN_ID = (new_id() for _ in range(6))

ADA = SignedIn(
    company_id=COMPANY_ID, user_id=USER_ID, user_name="Ada", company="ACME", login="ada", permissions=ALL_PERMISSIONS
)


def furnish(connection: Connection) -> None:
    """A company with a unit, a category and a warehouse, as the centre's rows (tick 1), and Ada signed in."""
    centres = {"company_id": COMPANY_ID, "tick": 1}
    connection.execute(
        insert(Company),
        {
            **centres,
            "id": COMPANY_ID,
            "code": "ACME",
            "name": "Acme",
            "currency": "CNY",
            "time_zone": "Asia/Shanghai",
            "chart": "cn",
        },
    )
    connection.execute(insert(Unit), {**centres, "id": UNIT_ID, "code": "PC", "name": "Piece"})
    connection.execute(insert(Category), {**centres, "id": CATEGORY_ID, "code": "GENERAL", "name": "General"})
    connection.execute(insert(Warehouse), {**centres, "id": WAREHOUSE_ID, "code": "MAIN", "name": "Main"})
    connection.execute(insert(Bin), {**centres, "id": BIN_ID, "warehouse_id": WAREHOUSE_ID, "code": "STOCK"})
    set_state(
        connection, session=msgspec.json.encode(ADA).decode(), filled="yes", cursor="the cursor of tick 1", tick=1
    )


def everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every byte of every replicated table."""
    return {
        name: [tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}" ORDER BY company_id, id')]
        for name in replicated_tables()
    }


def product_row(product_id: UUID, code: str, **more: object) -> dict[str, object]:
    return {
        "company_id": COMPANY_ID,
        "id": product_id,
        "code": code,
        "name": code,
        "category_id": CATEGORY_ID,
        "unit_id": UNIT_ID,
        **more,
    }
