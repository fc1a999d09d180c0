"""Every action says which records it is about, so that the list of who did what can name and open them."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from erp_desktop.actions import remedies  # noqa: F401  knows every action that there is
from erp_desktop.actions.base import action_args, action_classes
from erp_desktop.actions.changed_fields import FieldChange, changes, parts_after
from erp_desktop.actions.channel_orders import TakeInChannelOrders, channel_order_id
from erp_desktop.actions.masters import SaveMasters, SaveProduct, SaveUnit
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.refusal_words import is_worded
from erp_desktop.actions.subjects import Subject, is_known, kinds_of, subjects_in
from erp_desktop.ids import new_id
from erp_desktop.models import replicated_tables
from erp_desktop.queries.naming import has_name
from erp_desktop.views.documents.kinds import KINDS

COMPANY = new_id()


@pytest.mark.parametrize("name", sorted(action_classes()))
def test_every_action_says_what_it_is_about(name: str) -> None:
    assert is_known(name), "add what it is about to actions/subjects.py"
    for kind in kinds_of(name):
        assert kind in replicated_tables(), f"{name} is about {kind}, which is no table"
        assert has_name(kind), f"{kind} needs what people call it by in queries/naming.py"
        assert kind in KINDS or is_worded("kind", kind), f"{kind} needs a word in actions/refusal_words.py"


def test_a_batch_is_about_each_of_its_records_and_a_channels_orders_about_each_order() -> None:
    units = tuple(SaveUnit(unit_id=new_id(), code=code, name=code) for code in ("PC", "BOX"))
    batch = SaveMasters(units=units)
    told = subjects_in("SaveMasters", msgspec.json.decode(action_args(batch)), COMPANY)
    assert told == tuple(Subject("unit", unit.unit_id) for unit in units)

    channel = new_id()
    args = {"channel_id": str(channel), "warehouse_id": str(new_id()), "orders": [{"external_number": "A-1"}]}
    told = subjects_in(TakeInChannelOrders.__name__, args, COMPANY)
    assert told == (Subject("sales_order", channel_order_id(channel, "A-1")), Subject("channel", channel))


def test_arguments_that_somebody_made_up_are_about_nothing() -> None:
    made_up: tuple[dict[str, Any], ...] = (
        {},
        {"order_id": 7},
        {"order_id": "no id"},
        {"order_id": ["x", None, {}]},
    )
    for args in made_up:
        assert subjects_in("ConfirmPurchaseOrder", args, COMPANY) == ()
    assert subjects_in("SaveMasters", {"units": "no list"}, COMPANY) == ()
    assert subjects_in("Unknown", {"order_id": str(new_id())}, COMPANY) == ()


def product(price: str | None, name: str = "Bottle") -> SaveProduct:
    return SaveProduct(
        product_id=UUID(int=1),
        code="BTL",
        name=name,
        category_id=UUID(int=2),
        unit_id=UUID(int=3),
        list_price=None if price is None else Decimal(price),
    )


def test_what_saving_a_record_changed_is_what_the_person_says_they_changed() -> None:
    saved = product("12.50").changing(product("12.5000"))
    assert changes(saved, None) == [], "the same price, written otherwise"
    assert changes(product("13", "Flask").changing(product(None)), None) == [
        FieldChange("name", "Bottle", "Flask"),
        FieldChange("list_price", "", "13"),
    ]


def test_an_import_is_compared_with_what_was_saved_before() -> None:
    assert changes(product("1"), None) == [], "a new record has no before"
    before = parts_after(product("1"), None)
    assert changes(product("2"), before) == [FieldChange("list_price", "1", "2")]


def order(*lines: PurchaseLine, note: str = "") -> SavePurchaseOrder:
    day = date(2026, 3, 1)
    return SavePurchaseOrder(UUID(int=9), UUID(int=8), UUID(int=7), day, day, lines, note=note)


def test_lines_of_a_draft_are_told_as_added_changed_and_removed() -> None:
    ten = PurchaseLine(UUID(int=11), UUID(int=21), Decimal(10), Decimal("2.5"))
    four = PurchaseLine(UUID(int=12), UUID(int=22), Decimal(4), Decimal(1))
    six = PurchaseLine(UUID(int=12), UUID(int=22), Decimal(6), Decimal(1))
    first = parts_after(order(ten, four), None)
    bottle, cap = str(UUID(int=21)), str(UUID(int=22))
    found = changes(order(six, note="soon"), first)
    assert FieldChange("note", "", "soon") in found
    assert FieldChange("qty", "10", "", bottle, "removed") in found
    assert FieldChange("qty", "4", "6", cap) in found
    assert len(found) == 3
    assert changes(order(ten, four), parts_after(order(four), None)) == [FieldChange("qty", "", "10", bottle, "added")]
