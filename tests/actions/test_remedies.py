"""What helps where an action was refused at the centre: from the refused action to the one in its place."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

import erp_desktop.sync.outbox  # noqa: F401  its refusals
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.base import Action, action_args, read_action
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.invoicing import PostSalesInvoice
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.refusals import Problem, _refusals
from erp_desktop.actions.remedies import _RULES, Question, Refusal, Remedy, ways_out
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.actions.stock import MoveStock

TODAY, MARCH = date(2026, 4, 2), date(2026, 3, 31)
TEN, FOUR = Decimal(10), Decimal(4)
CARRIER, CUSTOMER, PRODUCT = uuid4(), uuid4(), uuid4()


def ship(*qtys: int, **more: Any) -> ShipOrder:
    lines = tuple(ShippedLine(uuid4(), Decimal(qty)) for qty in qtys)
    return ShipOrder(uuid4(), uuid4(), MARCH, lines=lines, **more)


def sale(**more: Any) -> SaveSalesOrder:
    lines = (SalesLine(uuid4(), PRODUCT, TEN, FOUR), SalesLine(uuid4(), uuid4(), FOUR, FOUR))
    return SaveSalesOrder(uuid4(), uuid4(), uuid4(), MARCH, MARCH, lines, customer_id=CUSTOMER, **more)


def ways(action: Action, code: str, /, **fields: str) -> tuple[Any, ...]:
    return ways_out(Refusal(action, code, fields, TODAY))


def remedy(action: Action, code: str, /, **fields: str) -> Remedy:
    found = ways(action, code, **fields)[0]
    assert isinstance(found, Remedy)
    return found


@dataclass(frozen=True)
class Case:
    action: Action
    code: str
    fields: dict[str, str]
    words: str
    lines: tuple[Decimal, ...] = ()  # the quantities that are sent instead


FEWER = (
    Case(
        ship(10, 3),
        "not_enough_free",
        {"asked": "10", "free": "4"},
        "Ship 4 of 10, back-order the other 6",
        (FOUR, Decimal(3)),
    ),
    Case(ship(10), "over_shipment", {"asked": "10", "open": "4"}, "Ship 4 of 10, back-order the other 6", (FOUR,)),
    Case(ship(10, 3), "not_enough_free", {"asked": "10", "free": "0"}, "Leave that line out", (Decimal(3),)),
    Case(
        ReceiveGoods(uuid4(), uuid4(), MARCH, (ReceivedLine(uuid4(), TEN),)),
        "over_receipt",
        {"counted": "10", "open": "4"},
        "Take in 4 of 10",
        (FOUR,),
    ),
    Case(
        ScrapStock(uuid4(), uuid4(), MARCH, (ScrappedLine(PRODUCT, uuid4(), TEN),)),
        "not_free_to_scrap",
        {"asked": "10", "free": "4"},
        "Scrap 4 of 10",
        (FOUR,),
    ),
)


@pytest.mark.parametrize("case", FEWER, ids=lambda case: f"{case.code} {case.words}")
def test_what_there_is_can_be_done_and_the_button_says_how_much(case: Case) -> None:
    found = remedy(case.action, case.code, **case.fields)
    assert found.words == case.words
    assert isinstance(found.action, ShipOrder | ReceiveGoods | ScrapStock)
    assert tuple(line.qty for line in found.action.lines) == case.lines


def test_of_two_lines_with_the_same_quantity_nobody_guesses_which_one_it_is() -> None:
    (only,) = ways(ship(10, 10), "not_enough_free", asked="10", free="4")
    assert only.key == "back-order"


def test_stock_that_is_moved_is_moved_as_far_as_it_is_there() -> None:
    found = remedy(
        MoveStock(uuid4(), PRODUCT, TEN, uuid4(), uuid4(), MARCH), "not_enough_on_hand", asked="10", on_hand="4"
    )
    assert isinstance(found.action, MoveStock)
    assert (found.words, found.action.qty) == ("Move 4 of 10", FOUR)


def test_an_order_that_cannot_be_promised_whole_is_promised_in_part_or_back_ordered() -> None:
    part, later = ways(AllocateSalesOrder(uuid4()), "not_enough_free", asked="10", free="4")
    assert part.words == "Promise 4 of 10, back-order the other 6"
    assert part.action.is_partial
    assert (later.action, later.with_held) == (None, True)  # the order stays open, its shipment is given up with it
    assert [way.key for way in ways(part.action, "not_enough_free", asked="10", free="0")] == ["back-order"]


@pytest.mark.parametrize(
    ("action", "code", "fields", "argument", "day"),
    [
        (ship(4), "period_closed", {"day": "2026-03-31", "open_from": "2026-04-01"}, "shipped_on", date(2026, 4, 1)),
        (ship(4), "no_period", {"day": "2026-03-31"}, "shipped_on", TODAY),
        (ship(4), "dated_ahead", {"day": "2026-03-31"}, "shipped_on", TODAY),
        (sale(), "due_before_ordered", {"ordered_on": "2026-04-05"}, "due_on", date(2026, 4, 5)),
        (
            ConfirmDelivery((uuid4(),), MARCH),
            "delivered_before_shipped",
            {"shipped_on": "2026-04-01"},
            "delivered_on",
            date(2026, 4, 1),
        ),
    ],
)
def test_what_is_dated_wrong_is_posted_on_the_first_day_that_does(
    action: Action, code: str, fields: dict[str, str], argument: str, day: date
) -> None:
    found = remedy(action, code, **fields)
    assert found.action == replace(action, **{argument: day})  # type: ignore[type-var]
    assert found.words == f"Post with {day}"
    assert found.words_for_many.format(count=40) == f"Post all 40 with {day}"
    question = ways(action, code, **fields)[1]
    assert isinstance(question, Question)
    assert question.answered(action, TODAY) == replace(action, **{argument: TODAY})  # type: ignore[type-var]


def test_where_no_period_is_open_only_another_date_is_asked_for() -> None:
    assert [way.key for way in ways(ship(4), "period_closed", day="2026-03-31", open_from="")] == ["date"]


def test_another_customer_is_chosen() -> None:
    order = sale()
    (question,) = ways(order, "not_a_customer", party="Ningbo Film")
    other = uuid4()
    assert question.kind == "customer"
    assert question.answered(order, other) == replace(order, customer_id=other)


def test_another_product_is_chosen_for_the_line_that_named_it_or_the_line_is_left_out() -> None:
    order = sale()
    question, without = ways(order, "product_inactive", product="BX-204", product_id=str(PRODUCT))
    other = uuid4()
    answered = question.answered(order, other)
    assert [line.product_id for line in answered.lines] == [other, order.lines[1].product_id]
    assert without.action.lines == order.lines[1:]


def test_a_parcel_goes_with_another_carrier_or_without() -> None:
    parcel = ship(4, carrier_id=CARRIER)
    question, without = ways(parcel, "not_a_carrier", party="SF")
    assert question.answered(parcel, CUSTOMER).carrier_id == CUSTOMER
    assert without.action == replace(parcel, carrier_id=None)


def test_a_supplier_that_is_gone_is_replaced() -> None:
    order = SavePurchaseOrder(uuid4(), uuid4(), uuid4(), MARCH, MARCH, (PurchaseLine(uuid4(), PRODUCT, TEN, FOUR),))
    (question,) = ways(order, "not_found", kind="party")
    assert (question.kind, question.argument) == ("supplier", "supplier_id")


def test_a_code_that_was_taken_meanwhile_gets_the_next_one() -> None:
    assert remedy(SaveParty(uuid4(), "S9", "Ningbo Film"), "code_taken", code="S9").action.code == "S9-2"  # type: ignore[union-attr]


def test_an_order_of_a_channel_that_another_desk_entered_is_put_away() -> None:
    found = remedy(sale(external_number="A-77"), "code_taken", code="A-77")
    assert (found.action, found.reason, found.with_held) == (None, "Entered already", True)


def test_what_somebody_else_did_already_is_put_away() -> None:
    assert remedy(ConfirmSalesOrder(uuid4()), "wrong_state", status="allocated").reason == "Done already"
    assert remedy(ConfirmSalesOrder(uuid4()), "wrong_state", status="cancelled").with_held
    assert remedy(PostSalesInvoice(uuid4(), uuid4(), MARCH), "nothing_to_invoice").reason == "Done already"


def test_a_draft_that_was_confirmed_meanwhile_can_be_entered_as_a_new_order() -> None:
    order = sale()
    again = remedy(order, "wrong_state", status="confirmed").action
    assert isinstance(again, SaveSalesOrder)
    assert again.order_id != order.order_id
    assert not {line.line_id for line in again.lines} & {line.line_id for line in order.lines}
    assert [line.qty for line in again.lines] == [line.qty for line in order.lines]


ENTRIES = (
    ship(10),
    sale(),
    ReceiveGoods(uuid4(), uuid4(), MARCH, (ReceivedLine(uuid4(), TEN),)),
    AllocateSalesOrder(uuid4()),
    SaveParty(uuid4(), "S9", "Ningbo Film"),
    PostJournalEntry(uuid4(), MARCH, "Taxi", (EntryLine(uuid4(), debit=TEN), EntryLine(uuid4(), credit=TEN))),
)
FACTS = {
    "asked": "10",
    "code": "S9",
    "counted": "10",
    "day": "2026-04-01",
    "kind": "party",
    "open_from": "2026-04-01",
    "product_id": str(PRODUCT),
    "status": "cancelled",
} | dict.fromkeys(("free", "on_hand", "open"), "4")


def test_every_refusal_says_what_to_do_and_what_it_offers_can_be_sent() -> None:
    for code in sorted(_refusals):
        assert len(Problem(code, FACTS).sentence.split()) > 5, code
        for entry in ENTRIES:
            for facts in (FACTS, {}):  # a refusal of an older centre may say less
                for way in ways(entry, code, **facts):
                    assert can_be_sent(entry, way), (code, way)


def can_be_sent(entry: Action, way: Any) -> bool:
    """Whether it says what it does, and does something else than what was refused."""
    if isinstance(way, Question):
        return bool(way.words)
    if way.action is None:
        return bool(way.words and way.reason)
    sent = read_action(type(way.action).__name__, way.action.version, action_args(way.action))
    return bool(way.words) and sent == way.action != entry


def test_what_helps_belongs_to_refusals_that_there_are() -> None:
    assert set(_RULES) <= set(_refusals)
