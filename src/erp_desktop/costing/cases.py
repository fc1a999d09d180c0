"""Published costing cases: moves and expected figures in a JSON file, run through this package.

Here: reading a case, which policies the product offers, and how the figures compare. The format and the policy switches are
described beside the cases. Not here: the moves themselves (case_books.py), printing (__main__.py).
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from erp_desktop.costing.case_books import NARROWING, CaseBooks
from erp_desktop.costing.events import METHODS

OFFERED_POLICIES: dict[str, set[Any]] = {
    "system": {"perpetual", "periodic"},
    "period": {"month", "day", "all"},
    "backdated": {"recost"},
    "negative_stock": {"settle"},
    "negative_difference": {"cogs"},
    "supplier_return_cost": {"original"},
    "customer_return_cost": {"original"},
    "returned_layer": {"end"},
    "landed_cost_issued": {"expense"},
    "rounding_residue": {"carry"},
    "unit_cost_decimals": {None},  # a number for the month-end average: a setting of the book
    "standard_variance": {"expense", "rate"},
    "standard_transfer": {"current"},
    "zero_basis": {"equal"},
    "lot_fallback": {"item_unit"},
    "revaluation_when_negative": {"ignore"},
    "cost_scope": {"item", "item_warehouse", "item_lot", "item_lot_warehouse"},
}
ALWAYS_AS_IN_POLICY = ("system", "cost_scope", "period")
WHEN = ("after_seq", "after_posted")


@dataclass(frozen=True)
class Difference:
    """An expected figure that the engine does not give. `at` says where, e.g. "after_seq 4, item A"."""

    at: str
    figure: str
    expected: Any
    computed: Any


@dataclass(frozen=True)
class Outcome:
    """What running a case gave. `other_policy` names what the product does not offer; then nothing was computed.

    `computed` has one entry for every expectation: where it is, and the figures asked for there.
    """

    case_id: str
    other_policy: str | None
    computed: tuple[dict[str, Any], ...] = ()
    differences: tuple[Difference, ...] = ()


def read_case(path: Path) -> dict[str, Any]:
    """The case in a file, its numbers still text. Raises ValueError for a file that is none."""
    case = json.loads(path.read_text("utf-8"))
    if not isinstance(case, dict) or not {"id", "method", "moves", "expect"} <= case.keys():
        raise ValueError("not a costing case: id, method, moves and expect are needed")
    return case


def run_case(case: dict[str, Any]) -> Outcome:
    """Every expectation of the case, computed and compared to as many decimals as it gives."""
    if (other := other_policy(case)) is not None:
        return Outcome(case["id"], other)
    computed, differences = [], []
    for expectation in case["expect"]:
        books = CaseBooks(case, _moves_known(case, expectation))
        where = {key: expectation[key] for key in (*WHEN, *NARROWING) if key in expectation}
        at = ", ".join(f"{key} {value}" for key, value in where.items())
        figures: dict[str, Any] = {}
        for figure, expected in expectation.items():
            if figure not in where:
                figures[figure] = books.figure(figure, expected, expectation)
                if not _agrees(figures[figure], expected):
                    differences.append(Difference(at, figure, expected, figures[figure]))
        computed.append({**where, **figures})
    return Outcome(case["id"], None, tuple(computed), tuple(differences))


def other_policy(case: dict[str, Any]) -> str | None:
    """The method or the first switch of the case that is not offered.

    A case that agrees with the defaults holds without its switches, but for scope and system.
    """
    if case["method"] not in METHODS:
        return f"method {case['method']}"
    for switch, value in case.get("policy", {}).items():
        if case.get("agrees_with_defaults", False) and switch not in ALWAYS_AS_IN_POLICY:
            continue
        if switch == "unit_cost_decimals" and case["method"] == "periodic_average":
            continue
        if switch in OFFERED_POLICIES and value not in OFFERED_POLICIES[switch]:
            return f"{switch} {value}"
    return None


def _moves_known(case: dict[str, Any], expectation: dict[str, Any]) -> list[dict[str, Any]]:
    """The moves that count at an expectation, in the order in which they count: by date, then by entry."""
    entered = [{"posted_at": move["seq"], **move} for move in case["moves"]]
    if "after_posted" in expectation:
        entered = [move for move in entered if move["posted_at"] <= expectation["after_posted"]]
    else:
        entered = [move for move in entered if move["seq"] <= expectation["after_seq"]]
    return sorted(entered, key=lambda move: (move["date"], move["posted_at"]))


def _agrees(computed: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return isinstance(computed, dict) and all(_agrees(computed.get(key), expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(computed) == len(expected) and all(map(_agrees, computed, expected))
    if expected is None or computed is None:
        return computed is expected
    return Decimal(str(computed)) == Decimal(str(expected))
