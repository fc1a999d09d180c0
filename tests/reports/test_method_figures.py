"""One product's moves under another method: what each method makes of pools, lots, transfers and revaluations."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.costing.errors import CostingFault
from erp_desktop.costing.events import METHODS
from erp_desktop.queries.book_events import BookEvent, ProductEvents
from erp_desktop.reports.method_figures import MethodFigures, figures_under

NORTH, SOUTH, RED, BLUE = (uuid4() for _ in range(4))
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
ENDS = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
UNIT = 10**6


class Moves:
    """Events of one product, in the order in which they are written here. Quantities in units, values in cents."""

    def __init__(self, scope: str = "company", method: str = "fifo") -> None:
        self.product = ProductEvents(uuid4(), scope, method)

    def put(
        self,
        kind: str,
        on: date,
        qty: int = 0,
        stated: int | None = None,
        of: bytes | None = None,
        at: UUID | None = None,
        lot: UUID | None = None,
        to: UUID | None = None,
    ) -> bytes:
        key = uuid4().bytes
        self.product.events.append(BookEvent(key, kind, on, qty * UNIT, of, stated, at, lot, to))
        return key

    def under(self, method: str, first: date = FIRST, last: date = LAST) -> MethodFigures:
        return figures_under(self.product, method, 2, first, last, ENDS)


def test_specific_cost_follows_the_lot_that_left() -> None:
    moves = Moves()
    moves.put("receipt", FIRST, 10, 1000, lot=RED)
    moves.put("receipt", FIRST, 10, 3000, lot=BLUE)
    moves.put("shipment", LAST, 5, lot=BLUE)
    assert moves.under("specific").cost_of_sales == 1500
    assert moves.under("fifo").cost_of_sales == 500


def test_without_lots_specific_cost_is_first_in_first_out() -> None:
    moves = Moves()
    moves.put("receipt", FIRST, 10, 1000)
    moves.put("receipt", FIRST, 10, 3000)
    moves.put("shipment", LAST, 15)
    assert moves.under("specific") == moves.under("fifo")


def test_warehouses_that_are_costed_apart_stay_apart_and_a_transfer_takes_its_cost_along() -> None:
    moves = Moves(scope="warehouse")
    moves.put("receipt", FIRST, 10, 1000, at=NORTH)
    moves.put("receipt", FIRST, 10, 3000, at=SOUTH)
    moves.put("transfer", FIRST, 4, at=NORTH, to=SOUTH)
    moves.put("shipment", LAST, 14, at=SOUTH)
    average = moves.under("moving_average")
    assert (average.cost_of_sales, average.closing) == (3400, 600)
    together = Moves()
    together.product.events = [
        each._replace(warehouse_id=NORTH) for each in moves.product.events if each.kind != "transfer"
    ]
    assert together.under("moving_average").cost_of_sales == 2800


def test_a_revaluation_of_the_whole_stock_reaches_every_lot_by_quantity() -> None:
    moves = Moves()
    moves.put("receipt", FIRST, 10, 1000, lot=RED)
    moves.put("receipt", FIRST, 30, 3000, lot=BLUE)
    moves.put("revaluation", FIRST, 0, 400)
    moves.put("shipment", LAST, 10, lot=RED)
    specific = moves.under("specific")
    assert (specific.cost_of_sales, specific.closing, specific.other) == (1100, 3300, 400)


def test_the_month_end_average_of_a_month_counts_what_came_after_the_issue() -> None:
    moves = Moves()
    moves.put("receipt", date(2026, 3, 2), 10, 1000)
    moves.put("shipment", date(2026, 3, 5), 10)
    moves.put("receipt", date(2026, 3, 20), 10, 3000)
    assert moves.under("periodic_average").cost_of_sales == 2000
    assert moves.under("periodic_average", last=date(2026, 3, 10)).cost_of_sales == 1000


def test_a_new_standard_changes_the_value_from_its_day_on() -> None:
    moves = Moves()
    moves.product.standards = [(date(2026, 1, 1), 1_000_000), (date(2026, 3, 10), 2_000_000)]
    moves.put("receipt", FIRST, 10, 1200)
    moves.put("shipment", date(2026, 3, 5), 4)
    moves.put("shipment", date(2026, 3, 10), 4)
    found = moves.under("standard")
    assert (found.variance, found.cost_of_sales, found.closing, found.other) == (200, 1200, 400, 600)


def test_what_goes_to_other_accounts_is_no_cost_of_sales() -> None:
    moves = Moves()
    receipt = moves.put("receipt", FIRST, 10, 1000)
    moves.put("count_gain", FIRST, 1, 100)
    moves.put("count_loss", FIRST, 2)
    moves.put("supplier_return", FIRST, 3, of=receipt)
    found = moves.under("fifo")
    assert (found.spent, found.cost_of_sales, found.other, found.closing) == (1000, 0, -400, 600)


def test_a_customer_return_takes_cost_of_sales_back_and_landed_cost_reaches_those_who_took_the_goods() -> None:
    moves = Moves()
    receipt = moves.put("receipt", FIRST, 10, 1000)
    issue = moves.put("shipment", FIRST, 6)
    moves.put("landed_cost", FIRST, 0, 100, of=receipt)
    moves.put("customer_return", LAST, 3, of=issue)
    found = moves.under("fifo")
    assert (found.cost_of_sales, found.closing) == (330, 770)


def test_what_happened_before_the_dates_is_the_opening_value() -> None:
    moves = Moves()
    receipt = moves.put("receipt", date(2026, 1, 5), 10, 1000)
    issue = moves.put("shipment", date(2026, 2, 5), 6)
    moves.put("landed_cost", date(2026, 3, 5), 0, 100, of=receipt)
    moves.put("customer_return", date(2026, 3, 6), 6, of=issue)
    found = moves.under("fifo")
    assert (found.opening, found.spent, found.cost_of_sales, found.closing) == (400, 100, 60 - 660, 1100)


def test_moves_that_a_method_cannot_count_say_so() -> None:
    moves = Moves()
    moves.put("receipt", FIRST, 10, 1000)
    moves.put("revaluation", FIRST, 0, -2000)
    with pytest.raises(CostingFault):
        moves.under("fifo")


steps = st.lists(
    st.tuples(
        st.sampled_from(["receipt", "shipment", "count_gain", "count_loss", "landed_cost"]),
        st.dates(date(2026, 1, 1), date(2026, 3, 31)),
        st.integers(1, 20),
        st.integers(0, 5000),
    ),
    max_size=25,
)


@given(steps)
def test_opening_and_what_came_are_cost_of_sales_variance_and_closing_under_every_method(
    made: list[tuple[str, date, int, int]],
) -> None:
    moves = Moves()
    receipts: list[bytes] = []
    for kind, on, qty, value in sorted(made, key=lambda step: step[1]):
        if kind == "receipt":
            receipts.append(moves.put(kind, on, qty, value))
        elif kind == "landed_cost" and receipts:
            moves.put(kind, on, 0, value, of=receipts[-1])
        elif kind == "count_gain":
            moves.put(kind, on, qty, value)
        elif kind in ("shipment", "count_loss") and receipts:
            moves.put(kind, on, qty)
    by_method = {method: moves.under(method) for method in METHODS}
    assert len({found.spent for found in by_method.values()}) == 1
    for found in by_method.values():
        assert found.opening + found.spent + found.other - found.cost_of_sales - found.variance == found.closing
    gone = [
        each for each in moves.product.events if each.dated_on >= FIRST and each.kind in ("count_gain", "count_loss")
    ]
    if not gone:
        assert {method: found.other for method, found in by_method.items()} == dict.fromkeys(METHODS, 0)
