"""Writing down what came back from a customer: the return and its lines, the moves of its goods, their value, the posting.

Goods that are of no use any more are scrapped with the return: they come in and leave again at once, at the same cost.
Not here: which goods, at which price, and what is refused (returning.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Context
from erp_desktop.actions.finding import WrongState, find
from erp_desktop.actions.moving import Move, Place, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.valuing import value_returns
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import CustomerReturned, ReturnedAmount
from erp_desktop.ledger.posting import Dimensions
from erp_desktop.models.sales import CustomerReturn, CustomerReturnLine, ReturnStatus
from erp_desktop.models.stock import MoveKind
from erp_desktop.numbers import ZERO


class AnnouncedByAnother(Refused):
    code = "announced_by_another"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{announced} was announced by another customer. Take these goods in on their own, without the announcement; "
        "nothing was changed.",
    )


@dataclass(frozen=True)
class Back:
    """A line of a return to be written, and the move that its goods had left by (None: nobody knows)."""

    product_id: UUID
    lot_id: UUID | None
    place: Place
    qty: Decimal
    unit_price: Decimal
    amount: Decimal
    is_scrapped: bool
    shipment_line_id: UUID | None = None
    left_by: UUID | None = None


def still_announced(session: Session, ctx: Context, return_id: UUID) -> CustomerReturn:
    """The announced return, if its goods are still waited for. Raises WrongState."""
    announced = find(session, ctx, CustomerReturn, return_id)
    if announced.status != ReturnStatus.ANNOUNCED:
        document = announced.number or announced.external_number or ""
        raise WrongState(document=document, status=announced.status)
    return announced


def _fulfil(session: Session, ctx: Context, returned: CustomerReturn, announced_id: UUID) -> None:
    """The goods of an announced return came; it may be fulfilled once, by goods of its own customer."""
    announced = still_announced(session, ctx, announced_id)
    customers = {one.customer_id for one in (announced, returned) if one.customer_id is not None}
    if len(customers) > 1:
        raise AnnouncedByAnother(announced=announced.number or announced.external_number or "")
    announced.status = ReturnStatus.RECEIVED


def take_in(session: Session, ctx: Context, returned: CustomerReturn, came_back: Sequence[Back]) -> None:
    """Write a return whose head says where and when, move its goods in (and out again, what is scrapped), value and post them."""
    if returned.announced_id is not None:
        _fulfil(session, ctx, returned, returned.announced_id)
    returned.number = give_number(session, ctx, "customer_return", returned.returned_on)
    returned.external_number = None
    returned.total = sum((line.amount for line in came_back), ZERO)
    returned.status = ReturnStatus.POSTED
    session.add(returned)
    moves: list[Move] = []
    rows: list[dict[str, Any]] = []
    for line_no, line in enumerate(came_back, start=1):
        line_id = ctx.new_id()
        rows.append(
            {
                "id": line_id,
                "return_id": returned.id,
                "line_no": line_no,
                "shipment_line_id": line.shipment_line_id,
                "product_id": line.product_id,
                "lot_id": line.lot_id,
                "bin_id": line.place.bin_id,
                "qty": line.qty,
                "unit_price": line.unit_price,
                "amount": line.amount,
                "is_scrapped": line.is_scrapped,
            }
        )
        moves += _moves_of(ctx, returned, (line_id, line_no), line, len(came_back))
    append_rows(session, ctx, CustomerReturnLine, rows)
    move_stock(session, ctx, moves)
    if ctx.at_centre:
        _post(session, ctx, returned, moves, {row["id"]: row["amount"] for row in rows})


def _moves_of(
    ctx: Context, returned: CustomerReturn, return_line: tuple[UUID, int], line: Back, lines: int
) -> list[Move]:
    """How the goods of a line came in, and how they left again if they are scrapped."""
    document = ("customer_return", returned.id)
    came_in = new_move(
        ctx,
        MoveKind.CUSTOMER_RETURN,
        line.product_id,
        line.qty,
        returned.returned_on,
        document,
        return_line,
        target=line.place,
        returns_move_id=line.left_by,
        lot_id=line.lot_id,
    )
    if not line.is_scrapped:
        return [came_in]
    thrown_away = new_move(
        ctx,
        MoveKind.SCRAP,
        line.product_id,
        line.qty,
        returned.returned_on,
        document,
        (return_line[0], lines + return_line[1]),
        source=line.place,
        returns_move_id=came_in.id,
        lot_id=line.lot_id,
    )
    return [came_in, thrown_away]


def _post(
    session: Session, ctx: Context, returned: CustomerReturn, moves: Sequence[Move], credits: dict[UUID, Decimal]
) -> None:
    valued = value_returns(session, ctx, moves)
    scrapped = {one.move.line_id: one.cost for one in valued if one.move.kind == MoveKind.SCRAP}
    event = CustomerReturned(
        tuple(
            ReturnedAmount(
                one.cost,
                credits[one.move.line_id],
                one.dimensions(returned.warehouse_id, party_id=returned.customer_id, channel_id=returned.channel_id),
                scrapped.get(one.move.line_id, ZERO),
            )
            for one in valued
            if one.move.kind == MoveKind.CUSTOMER_RETURN
        ),
        receivable=Dimensions(party_id=returned.customer_id, channel_id=returned.channel_id),
        is_under_way=returned.was_under_way,
    )
    post(session, ctx, event, returned.returned_on, ("customer_return", returned.id), text=returned.number or "")
