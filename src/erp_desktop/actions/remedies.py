"""What would help where an action was refused: from the action and the facts of its refusal to the action in its place.

Here: one table from a refusal's code to what helps, all of it pure. Not here: buttons, dialogs, sending (views, sync).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.both_versions import keeping, versions_of
from erp_desktop.actions.channel_orders import TakeInChannelOrders
from erp_desktop.actions.delivering import ConfirmDelivery
from erp_desktop.actions.purchasing import CancelPurchaseOrder, ConfirmPurchaseOrder, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceiveGoods
from erp_desktop.actions.returning import CloseAnnouncedReturn, TakeInReturn
from erp_desktop.actions.scrapping import ScrapStock
from erp_desktop.actions.selling import (
    AllocateSalesOrder,
    CancelSalesOrder,
    ConfirmSalesOrder,
    ReleaseAllocation,
    SaveSalesOrder,
)
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import MoveStock
from erp_desktop.actions.supplier_returns import ReturnToSupplier
from erp_desktop.actions.transferring import DispatchTransfer, ReceiveTransfer
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.ids import new_id
from erp_desktop.numbers import ZERO

LONGEST_CODE = 40


@dataclass(frozen=True)
class Refusal:
    """A refused action with what is known of its refusal, and the company's date today."""

    action: Action
    code: str
    fields: Mapping[str, str]
    today: date


@dataclass(frozen=True)
class Remedy:
    """One way out. `words` and `words_for_many` (with {count}) say what it does; `key` is the same for the same way out.

    `action` takes the refused one's place. Without one it is put away with `reason`, and with what it held where `with_held`.
    """

    key: str
    words: str
    words_for_many: str
    action: Action | None = None
    reason: str = ""
    with_held: bool = False


@dataclass(frozen=True)
class Question:
    """A way out that a person has to say something for: another record (`kind`) or another date for `argument`."""

    key: str
    words: str
    kind: str  # customer, supplier, carrier, product, warehouse, channel, bin, date
    argument: str  # of the action; for a product: of its lines
    was: UUID | None = None  # the record that does not do
    warehouse_id: UUID | None = None  # in which a bin is to be chosen

    def answered(self, action: Action, answer: UUID | date) -> Action:
        """The action with `answer` in the place of what does not do."""
        if self.was is not None and hasattr(action, "lines"):
            lines = tuple(
                replace(line, **{self.argument: answer}) if getattr(line, self.argument, None) == self.was else line
                for line in action.lines
            )
            return replace(action, lines=lines)  # type: ignore[type-var]  # actions are dataclasses
        return replace(action, **{self.argument: answer})  # type: ignore[type-var]


WayOut = Remedy | Question


def ways_out(refusal: Refusal) -> tuple[WayOut, ...]:
    """What helps, the best first; empty where only correcting, sending again or dropping does."""
    return tuple(found for rule in _RULES.get(refusal.code, ()) for found in rule(refusal))


# --- another date

_FIRST_DAYS = {  # the first day on which it can be: the place of the sentence that names it
    "period_closed": "open_from",
    "before_dispatch": "dispatched_on",
    "before_receipt": "received_on",
    "before_revaluation": "day",
    "changed_later_already": "day",
    "credit_before_cost": "dated_on",
    "delivered_before_shipped": "shipped_on",
    "due_before_ordered": "ordered_on",
    "expected_before_dispatch": "dispatched_on",
    "later_write_down": "day",
    "not_a_period_start": "possible",
    "return_before_delivery": "delivered_on",
    "return_before_receipt": "received_on",
    "return_before_shipment": "shipped_on",
}
_DATES_OF_THEIR_OWN = {"due_before_ordered": "due_on", "expected_before_dispatch": "expected_on"}
_NOT_THE_BUSINESS_DATE = frozenset({"due_on", "expected_on", "invoiced_on", "hired_on"})


def _date_argument(refusal: Refusal) -> str | None:
    """The argument that holds the date which does not do."""
    own = _DATES_OF_THEIR_OWN.get(refusal.code)
    if own is not None:
        return own if hasattr(refusal.action, own) else None
    dates = [
        one.name
        for one in fields(refusal.action)  # type: ignore[arg-type]
        if isinstance(getattr(refusal.action, one.name), date) and one.name not in _NOT_THE_BUSINESS_DATE
    ]
    return dates[0] if dates else None


def _on_the_first_day(refusal: Refusal) -> list[WayOut]:
    argument = _date_argument(refusal)
    day = _day(refusal.fields.get(_FIRST_DAYS[refusal.code], ""))
    return [_dated(refusal, argument, day)] if argument and day else []


def _today(refusal: Refusal) -> list[WayOut]:
    argument = _date_argument(refusal)
    return [_dated(refusal, argument, refusal.today)] if argument else []


def _dated(refusal: Refusal, argument: str, day: date) -> Remedy:
    again: Any = refusal.action
    return Remedy(
        f"date {day}",
        translate("Remedy", "Post with {day}").format(day=day.isoformat()),
        translate("Remedy", "Post all {count} with {day}").format(count="{count}", day=day.isoformat()),
        replace(again, **{argument: day}),
    )


def _on_another_day(refusal: Refusal) -> list[WayOut]:
    argument = _date_argument(refusal)
    words = translate("Remedy", "Choose another date")
    return [Question("date", words, "date", argument)] if argument else []


# --- fewer

_WORDS_FOR_FEWER: dict[type[Action], str] = {
    ShipOrder: QT_TRANSLATE_NOOP("Remedy", "Ship {qty} of {asked}, back-order the other {rest}"),
    AllocateSalesOrder: QT_TRANSLATE_NOOP("Remedy", "Promise {qty} of {asked}, back-order the other {rest}"),
    ReceiveGoods: QT_TRANSLATE_NOOP("Remedy", "Take in {qty} of {asked}"),
    TakeInReturn: QT_TRANSLATE_NOOP("Remedy", "Take in {qty} of {asked}"),
    ReceiveTransfer: QT_TRANSLATE_NOOP("Remedy", "Take in {qty} of {asked}"),
    ReturnToSupplier: QT_TRANSLATE_NOOP("Remedy", "Send back {qty} of {asked}"),
    ScrapStock: QT_TRANSLATE_NOOP("Remedy", "Scrap {qty} of {asked}"),
    MoveStock: QT_TRANSLATE_NOOP("Remedy", "Move {qty} of {asked}"),
    DispatchTransfer: QT_TRANSLATE_NOOP("Remedy", "Send {qty} of {asked}"),
}
_HOW_MANY_CAN_BE = {  # the places of the sentence that hold what was asked for and what can be
    "not_enough_free": ("asked", "free"),
    "not_enough_on_hand": ("asked", "on_hand"),
    "not_free_to_return": ("asked", "free"),
    "not_free_to_scrap": ("asked", "free"),
    "not_there_then": ("asked", "on_hand"),
    "only_expired_left": ("asked", "free"),
    "over_arrival": ("asked", "open"),
    "over_receipt": ("counted", "open"),
    "over_return": ("asked", "open"),
    "over_shipment": ("asked", "open"),
    "over_supplier_return": ("asked", "open"),
}


def _fewer(refusal: Refusal) -> list[WayOut]:
    """As many as there are. The line is known by its quantity; where several have that, nobody guesses which it is."""
    asked, can_be = (_number(refusal.fields.get(place, "")) for place in _HOW_MANY_CAN_BE[refusal.code])
    template = _WORDS_FOR_FEWER.get(type(refusal.action))
    if template is None or asked is None or can_be is None or not ZERO <= can_be < asked:
        return []
    if isinstance(refusal.action, AllocateSalesOrder):
        return _part_of_it(refusal.action, template, asked, can_be)
    fewer = _with_qty(refusal.action, asked, can_be)
    if fewer is None:
        return []
    if not can_be:
        words = translate("Remedy", "Leave that line out")
        return [Remedy("without the line", words, _for_all(words), fewer)]
    words = translate("Remedy", template).format(qty=_shown(can_be), asked=_shown(asked), rest=_shown(asked - can_be))
    return [Remedy("fewer", words, translate("Remedy", "Do as much as possible of all {count}"), fewer)]


def _part_of_it(action: AllocateSalesOrder, template: str, asked: Decimal, free: Decimal) -> list[WayOut]:
    if action.is_partial:  # nothing of any line is free
        return []
    if free:
        words = translate("Remedy", template).format(qty=_shown(free), asked=_shown(asked), rest=_shown(asked - free))
    else:
        words = translate("Remedy", "Promise what is there, back-order the rest")
    for_many = translate("Remedy", "Promise what is there for all {count}")
    return [Remedy("promise what is there", words, for_many, replace(action, is_partial=True))]


def _back_order(refusal: Refusal) -> list[WayOut]:
    """The order stays open; what was to be promised or sent of it is entered when goods are there."""
    if not isinstance(refusal.action, AllocateSalesOrder | ShipOrder):
        return []
    words = translate("Remedy", "Back-order all of it, send nothing now")
    for_many = translate("Remedy", "Back-order all {count}, send nothing now")
    return [Remedy("back-order", words, for_many, reason=translate("Remedy", "Back-ordered"), with_held=True)]


def _with_qty(action: Any, asked: Decimal, qty: Decimal) -> Action | None:
    if isinstance(action, MoveStock):
        return replace(action, qty=qty) if qty and action.qty == asked else None
    alike = [line for line in action.lines if line.qty == asked]
    if len(alike) != 1 or (not qty and len(action.lines) == 1):
        return None
    lines = (replace(line, qty=qty) if line is alike[0] else line for line in action.lines)
    return replace(action, lines=tuple(line for line in lines if line.qty))  # type: ignore[no-any-return]


# --- somebody was there first

_LEADS_TO: dict[type[Action], tuple[str, ...]] = {  # the states in which it is done already
    ConfirmPurchaseOrder: ("confirmed", "part_received", "received"),
    ConfirmSalesOrder: ("confirmed", "allocated", "part_shipped", "shipped"),
    AllocateSalesOrder: ("allocated", "shipped"),
    ReleaseAllocation: ("confirmed",),
    CancelPurchaseOrder: ("cancelled",),
    CancelSalesOrder: ("cancelled",),
    CloseAnnouncedReturn: ("closed", "cancelled"),
    ShipOrder: ("shipped",),
    ReceiveGoods: ("received",),
    ReceiveTransfer: ("received", "closed"),
    ConfirmDelivery: ("delivered",),
}


def _put_away(refusal: Refusal) -> list[WayOut]:
    words = translate("Remedy", "It is done already: put this away")
    for_many = translate("Remedy", "They are done already: put all {count} away")
    return [Remedy("done already", words, for_many, reason=translate("Remedy", "Done already"))]


def _in_another_state(refusal: Refusal) -> list[WayOut]:
    action, status = refusal.action, refusal.fields.get("status", "")
    if status in _LEADS_TO.get(type(action), ()):
        return _put_away(refusal)
    if isinstance(action, SaveSalesOrder | SavePurchaseOrder):
        words = translate("Remedy", "Enter it as a new order")
        for_many = translate("Remedy", "Enter all {count} as new orders")
        lines: Any = tuple(replace(line, line_id=new_id()) for line in action.lines)
        return [Remedy("as a new order", words, for_many, replace(action, order_id=new_id(), lines=lines))]
    if status == "cancelled":
        words = translate("Remedy", "The document was cancelled: put this away")
        for_many = translate("Remedy", "The documents were cancelled: put all {count} away")
        reason = translate("Remedy", "The document was cancelled")
        return [Remedy("cancelled", words, for_many, reason=reason, with_held=True)]
    return []


def _next_code(refusal: Refusal) -> list[WayOut]:
    taken: Any = refusal.action
    code = refusal.fields.get("code", "")
    if isinstance(taken, SaveSalesOrder) and taken.external_number == code:
        words = translate("Remedy", "Another desk entered this order already: put this away")
        for_many = translate("Remedy", "Other desks entered these orders already: put all {count} away")
        reason = translate("Remedy", "Entered already")
        return [Remedy("entered already", words, for_many, reason=reason, with_held=True)]
    if not code or getattr(taken, "code", "") != code or len(code) + 2 > LONGEST_CODE:
        return []
    new = f"{code}-2" if not code.endswith("-2") else f"{code[:-1]}3"
    words = translate("Remedy", "Save it with the code {code}").format(code=new)
    return [Remedy("another code", words, _for_all(words), replace(taken, code=new))]


def _one_version(refusal: Refusal) -> list[WayOut]:
    """All of mine or all of theirs; field by field, a person chooses where both stand side by side."""
    columns = (
        {one.column for one in versions_of(refusal.action, refusal.fields)} if "theirs" in refusal.fields else set()
    )
    if not columns:
        return []
    mine = keeping(refusal.action, refusal.fields, columns)
    theirs = keeping(refusal.action, refusal.fields, frozenset())
    return [
        Remedy(
            "keep mine",
            translate("Remedy", "Keep mine"),
            translate("Remedy", "Keep mine in all {count}"),
            mine,
        ),
        Remedy(
            "keep theirs",
            translate("Remedy", "Keep theirs"),
            translate("Remedy", "Keep theirs in all {count}"),
            theirs,
            reason="" if theirs is not None else translate("Remedy", "Theirs was kept"),
        ),
    ]


# --- another record

_QUESTIONS = {
    "customer": QT_TRANSLATE_NOOP("Remedy", "Choose another customer"),
    "supplier": QT_TRANSLATE_NOOP("Remedy", "Choose another supplier"),
    "carrier": QT_TRANSLATE_NOOP("Remedy", "Choose another carrier"),
    "product": QT_TRANSLATE_NOOP("Remedy", "Choose another product"),
    "warehouse": QT_TRANSLATE_NOOP("Remedy", "Choose another warehouse"),
    "channel": QT_TRANSLATE_NOOP("Remedy", "Choose another channel"),
    "bin": QT_TRANSLATE_NOOP("Remedy", "Choose another bin"),
}
_NAMED_BY = {  # what refusals call it: the arguments that may name it, and what is chosen there
    "party": (
        ("customer_id", "customer"),
        ("distributor_id", "customer"),
        ("supplier_id", "supplier"),
        ("carrier_id", "carrier"),
    ),
    "warehouse": (("warehouse_id", "warehouse"), ("to_warehouse_id", "warehouse")),
    "channel": (("channel_id", "channel"),),
}


def _another_customer(refusal: Refusal) -> list[WayOut]:
    return _another(refusal, "customer_id", "customer") or _another(refusal, "distributor_id", "customer")


def _another_supplier(refusal: Refusal) -> list[WayOut]:
    return _another(refusal, "supplier_id", "supplier")


def _another_carrier(refusal: Refusal) -> list[WayOut]:
    found = _another(refusal, "carrier_id", "carrier")
    if found:
        words = translate("Remedy", "Send it without a carrier")
        again: Any = refusal.action
        found.append(Remedy("no carrier", words, _for_all(words), replace(again, carrier_id=None)))
    return found


def _another_warehouse(refusal: Refusal) -> list[WayOut]:
    return _another(refusal, "warehouse_id", "warehouse")


def _another_product(refusal: Refusal) -> list[WayOut]:
    action: Any = refusal.action
    named = refusal.fields.get("product_id")
    lines = getattr(action, "lines", ())
    if not named or isinstance(action, TakeInChannelOrders):
        return []
    was = UUID(named)
    others = tuple(line for line in lines if getattr(line, "product_id", None) != was)
    if len(others) == len(lines):
        return []
    found: list[WayOut] = [
        Question("product", translate("Remedy", _QUESTIONS["product"]), "product", "product_id", was)
    ]
    if others:
        words = translate("Remedy", "Leave that line out")
        found.append(Remedy("without the line", words, _for_all(words), replace(action, lines=others)))
    return found


def _another_bin(refusal: Refusal) -> list[WayOut]:
    action: Any = refusal.action
    if isinstance(action, MoveStock):
        return [Question("bin", translate("Remedy", _QUESTIONS["bin"]), "bin", "to_bin_id")]
    bins = {line.bin_id for line in getattr(action, "lines", ()) if getattr(line, "bin_id", None) is not None}
    if len(bins) != 1:
        return []
    where = getattr(action, "warehouse_id", None)
    return [Question("bin", translate("Remedy", _QUESTIONS["bin"]), "bin", "bin_id", bins.pop(), where)]


def _another_record(refusal: Refusal) -> list[WayOut]:
    """Where just one argument can have named what is gone."""
    named = [
        found
        for argument, kind in _NAMED_BY.get(refusal.fields.get("kind", ""), ())
        for found in _another(refusal, argument, kind)
    ]
    return named if len(named) == 1 else []


def _another(refusal: Refusal, argument: str, kind: str) -> list[WayOut]:
    if getattr(refusal.action, argument, None) is None:
        return []
    return [Question(kind, translate("Remedy", _QUESTIONS[kind]), kind, argument)]


def _for_all(words: str) -> str:
    return translate("Remedy", "All {count}: {words}").format(count="{count}", words=words)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _shown(number: Decimal) -> str:
    return f"{number.normalize():f}"


Rule = Callable[[Refusal], list[WayOut]]

_RULES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(_FIRST_DAYS, (_on_the_first_day, _on_another_day)),
    **dict.fromkeys(_HOW_MANY_CAN_BE, (_fewer,)),
    "not_enough_free": (_fewer, _back_order),
    "only_expired_left": (_fewer, _back_order),
    "not_there_then": (_on_another_day, _fewer),
    "dated_ahead": (_today, _on_another_day),
    "no_period": (_today, _on_another_day),
    "nothing_there_then": (_on_another_day,),
    "nothing_on_hand": (_on_another_day,),
    "rate_in_closed_period": (_on_another_day,),
    "no_exchange_rate": (_on_another_day,),
    "nothing_to_ship": (_back_order,),
    "wrong_state": (_in_another_state,),
    "delivered_already": (_put_away,),
    "nothing_to_invoice": (_put_away,),
    "came_back_undelivered": (_put_away,),
    "same_method": (_put_away,),
    "already_there": (_put_away,),
    "code_taken": (_next_code,),
    "not_a_customer": (_another_customer,),
    "not_a_supplier": (_another_supplier,),
    "not_a_carrier": (_another_carrier,),
    "product_inactive": (_another_product,),
    "other_warehouse": (_another_warehouse,),
    "bin_elsewhere": (_another_bin,),
    "not_found": (_another_record,),
    "changed_meanwhile": (_one_version,),
}
