"""The history of one record: who did what to it, what that changed, and nothing that the reader may not hold."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from central_desk import OpenedCompany, RemoteDesk, pushed
from sqlalchemy import Engine, select

from erp_desktop.actions.masters import SaveBin, SaveCategory, SaveParty, SaveProduct, SaveUnit, SaveWarehouse
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.central import subjects
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.ledger import JournalEntry

DAY = date(2026, 3, 2)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = open_engine(database_url)
    yield made
    made.dispose()


class Office:
    """A company that buys bottles."""

    def __init__(self, company: OpenedCompany) -> None:
        self.company = company
        self.unit, self.category, self.product, self.supplier, self.other, self.warehouse, self.bin, self.order = (
            new_id() for _ in range(8)
        )
        self.receipt = new_id()
        self.line = new_id()
        self.done(
            SaveUnit(unit_id=self.unit, code="PC9", name="piece"),
            SaveCategory(category_id=self.category, code="BTL", name="Bottles"),
            SaveProduct(
                product_id=self.product, code="B5", name="Bottle", category_id=self.category, unit_id=self.unit
            ),
            SaveParty(party_id=self.supplier, code="HZ", name="Hangzhou Plastics", is_supplier=True),
            SaveParty(party_id=self.other, code="NP", name="Nordic Packaging", is_supplier=True),
            SaveWarehouse(warehouse_id=self.warehouse, code="W9", name="Shanghai"),
            SaveBin(bin_id=self.bin, warehouse_id=self.warehouse, code="A-01"),
        )

    def done(self, *actions: Any) -> None:
        for result in self.company.perform(*actions):
            assert result.outcome == "applied", result

    def draft(self, price: str = "2.5", qty: str = "10", **more: Any) -> SavePurchaseOrder:
        line = PurchaseLine(self.line, self.product, Decimal(qty), Decimal(price))
        return replace(
            SavePurchaseOrder(self.order, self.supplier, self.warehouse, DAY, DAY, (line,), currency="CNY"), **more
        )

    def buy(self) -> None:
        self.done(
            self.draft(),
            self.draft(price="2.75", qty="12", supplier_id=self.other),
            ConfirmPurchaseOrder(self.order),
            ReceiveGoods(self.receipt, self.order, DAY, (ReceivedLine(self.line, Decimal(12), self.bin),)),
        )


@pytest.fixture
def office(acme: OpenedCompany) -> Office:
    return Office(acme)


def history(desk: RemoteDesk, kind: str, record_id: UUID) -> Any:
    return desk.post(
        "/v1/sync/history", {"device_id": desk.device_id, "schema_revision": 1, "kind": kind, "id": record_id}
    )


def rows(desk: RemoteDesk, kind: str, record_id: UUID) -> list[dict[str, Any]]:
    answer = history(desk, kind, record_id)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["rows"]
    return told


def test_an_order_tells_who_wrote_changed_and_received_it_and_what_changed(desk: RemoteDesk, office: Office) -> None:
    office.buy()
    desk.results(pushed(office.draft(note="too late"), office.company.owner_id))  # it is confirmed: refused
    told = history(desk, "purchase_order", office.order).json()
    assert [row["what"] for row in told["rows"]] == [
        "ReceiveGoods",
        "ConfirmPurchaseOrder",
        "SavePurchaseOrder",
        "SavePurchaseOrder",
    ]
    received, _, changed, first = told["rows"]
    assert received["record"]["kind"] == "goods_receipt"
    assert received["record"]["number"]
    assert received["person"] == "Lin Wei (lin)"
    assert first["changes"] == []
    found = {change["field"]: (change["was"], change["now"]) for change in changed["changes"]}
    assert found["qty"] == ("10", "12")
    assert found["unit_price"] == ("2.5", "2.75")
    assert [told["names"][id]["number"] for id in found["supplier_id"]] == ["HZ", "NP"]
    assert told["names"][str(office.product)]["name"] == "Bottle"


def test_who_may_not_see_what_goods_cost_sees_no_price_in_a_history_and_nothing_of_documents_of_costs(
    new_desk: Callable[[], RemoteDesk], office: Office
) -> None:
    office.buy()
    office.company.add_user("dock", "warehouse")
    dock = new_desk()
    dock.log_in("dock")
    told = history(dock, "purchase_order", office.order).json()
    fields = {change["field"] for row in told["rows"] for change in row["changes"]}
    assert "qty" in fields
    assert "unit_price" not in fields
    assert "2.75" not in str(told)
    with office.company.engine.connect() as connection:
        entry_id = connection.scalar(select(JournalEntry.id).where(JournalEntry.company_id == office.company.id))
    assert entry_id is not None
    refused = history(dock, "journal_entry", entry_id)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_readable")
    assert history(dock, "employee", new_id()).json()["code"] == "not_readable"
    assert history(dock, "no_table", new_id()).json()["code"] == "not_readable"


def test_an_entry_of_the_ledger_tells_which_document_made_it(desk: RemoteDesk, office: Office) -> None:
    office.buy()
    with office.company.engine.connect() as connection:
        entry_id = connection.scalar(
            select(JournalEntry.id).where(
                JournalEntry.company_id == office.company.id, JournalEntry.document_id == office.receipt
            )
        )
    assert entry_id is not None
    (row,) = rows(desk, "journal_entry", entry_id)
    assert (row["what"], row["record"]["kind"]) == ("ReceiveGoods", "goods_receipt")


def test_what_somebody_of_another_warehouse_may_not_hold_has_no_history_for_them(
    new_desk: Callable[[], RemoteDesk], office: Office
) -> None:
    office.buy()
    elsewhere = new_id()
    office.done(SaveWarehouse(warehouse_id=elsewhere, code="W8", name="Ningbo"))
    user_id = office.company.add_user("ningbo", "warehouse")
    office.done(SaveUser(user_id, "ningbo", "Ningbo", ("warehouse",), warehouse_ids=(elsewhere,)))
    ningbo = new_desk()
    ningbo.log_in("ningbo")
    assert history(ningbo, "purchase_order", office.order).json()["code"] == "not_readable"


def test_a_user_s_history_is_for_administrators_alone(
    desk: RemoteDesk, new_desk: Callable[[], RemoteDesk], office: Office
) -> None:
    user_id = office.company.add_user("dock", "warehouse")
    dock = new_desk()
    dock.log_in("dock")
    assert [row["what"] for row in rows(desk, "app_user", user_id)] == ["SaveUser"]
    assert rows(dock, "app_user", user_id) == []


def test_a_long_log_is_looked_through_a_part_at_a_time_and_nothing_is_missed(
    desk: RemoteDesk, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects, "ENTRIES_AT_A_TIME", 3)
    monkeypatch.setattr(subjects, "MOST_AT_ONCE", 6)
    office.buy()
    answer = history(desk, "purchase_order", office.order).json()
    asked = 1
    while answer["behind"]:
        answer = history(desk, "purchase_order", office.order).json()
        asked += 1
    assert asked > 1
    assert len(answer["rows"]) == 4
    office.done(SaveUnit(unit_id=new_id(), code="LATER", name="later"))
    assert len(rows(desk, "purchase_order", office.order)) == 4
