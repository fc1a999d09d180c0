"""A small company at a real centre that knows one price well, and the desks of people who play one role each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import PASSWORD, TODAY, SmallCompany, open_small_company
from erp_desktop.actions.masters import SaveBin, SaveEmployee, SaveParty, SaveWarehouse
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.central.accounts import set_password
from erp_desktop.central.serving import served
from erp_desktop.database import open_engine
from erp_desktop.desk import Desk
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.transport import Timing

PRICE, RATE = Decimal("7654.321098"), Decimal("0.0717171717")  # nothing else in the company looks like them
BOUGHT, SENT_BACK = Decimal("765432.11"), Decimal("15308.64")  # a hundred at that price, and two


@dataclass
class Firm:
    """A small company at a real centre: it has bought at PRICE, sold, counted, transferred and sent back."""

    company: SmallCompany
    url: str
    folder: Path
    desks: list[Desk]
    roles: dict[str, UUID]
    passwords: set[str] = field(default_factory=set)

    def desk_of(self, *roles: str) -> Desk:
        """The desk of somebody who plays `roles`."""
        login = "-".join(roles)
        if login not in self.roles:
            self.roles[login] = new_id()
            self.play(login, *roles)
        if login not in self.passwords:
            self.passwords.add(login)
            set_password(self.company.centre.engine, self.company.company_id, self.roles[login], PASSWORD)
        path = cache_path("the centre", "ACME", login, self.folder)
        secrets = Secrets(path.parent, use_keyring=False)
        timing = Timing(connect=60, answer=60)
        self.desks.append(Desk.open(path, self.url, "ACME", login, PASSWORD, secrets=secrets, timing=timing))
        return self.desks[-1]

    def play(self, login: str, *roles: str) -> None:
        self.company.perform(SaveUser(user_id=self.roles[login], login=login, name=login.title(), role_codes=roles))

    def first(self, column: Any, **which: Any) -> Any:
        """What the centre has in `column` of the one row that `which` tells."""
        with self.company.session() as session:
            return session.scalars(select(column).filter_by(**which)).one()


@pytest.fixture
def firm(sqlite_url: str, tmp_path: Path, qapp: object) -> Iterator[Firm]:
    engine = open_engine(sqlite_url)
    company = open_small_company(engine)
    receipt = company.stock("BX-204", "100", str(PRICE))
    company.perform(
        SaveEmployee(employee_id=new_id(), code="E1", name="Wang Fang"),
        SaveParty(party_id=new_id(), code="D1", name="Gold River", is_distributor=True, commission_rate=RATE),
        SaveWarehouse(warehouse_id=derived_id("far", company.company_id), code="FAR", name="Far away"),
        SaveBin(derived_id("far bin", company.company_id), derived_id("far", company.company_id), "F-1"),
        CountStock(
            new_id(), company.warehouse, TODAY,
            (CountedLine(company.products["BX-204"], company.bin, Decimal(101), unit_cost=PRICE),),
        ),
    )  # fmt: skip
    company.ship(company.sales_order(("BX-204", "3", "20")), "3")
    with company.session() as session:
        line = session.scalars(select(GoodsReceiptLine.id).filter_by(receipt_id=receipt)).one()
    company.perform(ReturnToSupplier(new_id(), receipt, TODAY, (SentBackLine(line, Decimal(2), PRICE),)))
    desks: list[Desk] = []
    with served(engine) as server:
        yield Firm(company, server.url, tmp_path, desks, {})
        for desk in desks:
            desk.close()
    engine.dispose()
