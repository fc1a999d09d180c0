"""Random histories of a cost pool, for property tests: lists of moves that a warehouse could have made."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from erp_desktop.costing.replay import Move, MoveKind

FIRST_DAY = date(2026, 1, 1)

quantities = st.one_of(
    st.integers(1, 40).map(Decimal),
    st.integers(1, 40_000_000).map(lambda millionths: Decimal(millionths).scaleb(-6)),
)


def amounts(places: int, smallest: int = 0) -> st.SearchStrategy[Decimal]:
    return st.integers(smallest, 100_000).map(lambda minor: Decimal(minor).scaleb(-places))


@st.composite
def histories(draw, places: int = 2, may_go_negative: bool = True) -> list[Move]:
    """Up to 30 moves in order: receipts, issues, returns both ways, landed cost, revaluations, gains without a cost."""
    moves: list[Move] = []
    on_hand = Decimal(0)
    out: dict[UUID, Decimal] = {}
    receipts: dict[UUID, Decimal] = {}
    kinds = st.sampled_from([*MoveKind, MoveKind.RECEIPT, MoveKind.RECEIPT, MoveKind.ISSUE, MoveKind.ISSUE])
    for number in range(1, draw(st.integers(1, 30)) + 1):
        kind = draw(kinds)
        qty = draw(quantities)
        move = Move(UUID(int=number), kind, FIRST_DAY + timedelta(days=number // 3), number, qty)
        if kind in (MoveKind.ISSUE, MoveKind.SUPPLIER_RETURN):
            if not may_go_negative:
                qty = min(qty, on_hand)
                if qty == 0:
                    continue
            if kind is MoveKind.SUPPLIER_RETURN:
                if not receipts:
                    continue
                move = replace(move, of=draw(st.sampled_from(sorted(receipts))))
            else:
                out[move.key] = qty
            on_hand -= qty
            moves.append(replace(move, qty=qty))
        elif kind is MoveKind.RECEIPT:
            has_cost = draw(st.integers(0, 5)) > 0
            receipts[move.key] = qty
            on_hand += qty
            moves.append(replace(move, value=draw(amounts(places)) if has_cost else None))
        elif kind is MoveKind.CUSTOMER_RETURN:
            issues = sorted(key for key, left in out.items() if left > 0)
            if not issues:
                continue
            issue = draw(st.sampled_from(issues))
            qty = min(qty, out[issue])
            out[issue] -= qty
            on_hand += qty
            moves.append(replace(move, qty=qty, of=issue))
        elif kind is MoveKind.LANDED_COST:
            if receipts:
                receipt = draw(st.sampled_from(sorted(receipts)))
                moves.append(replace(move, qty=Decimal(0), of=receipt, value=draw(amounts(places))))
        elif on_hand > 0:
            moves.append(replace(move, qty=Decimal(0), value=draw(amounts(places))))
    return moves
