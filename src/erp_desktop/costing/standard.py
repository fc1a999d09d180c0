"""Standard cost (IAS 2.21): receipts come in at standard, what they cost more or less is variance; plan cost 计划成本."""

from collections.abc import Iterable, Iterator
from typing import Any

from erp_desktop.costing.averages import IssuesOfPeriod, Unlayered
from erp_desktop.costing.events import Event, Kind, Result
from erp_desktop.costing.scaled import part
from erp_desktop.costing.stock import KEY, VALUE, Covered, Gone, Pool, ScaledLayer, Settled, Watched

_RECEIPT, _ISSUE = int(Kind.RECEIPT), int(Kind.ISSUE)


class Standard(Unlayered):
    """Stock at standard. Without a standard the first receipt's unit cost becomes it.

    With shared variances (plan cost) `variance` is what the variance account holds: a period's end shares it, by one rate
    on plan cost, among the period's issues and the stock; the stock's share stays in `variance`.
    """

    method = "standard"

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.is_provisional = self.settings.shares_variance
        self.issues = IssuesOfPeriod()
        self.variance = 0

    @property
    def last_unit_cost(self) -> int | None:
        return super().last_unit_cost if self.standard is None else self.standard

    def valued_in(self, qty: int, value: int | None) -> tuple[int, int]:
        if self.standard is None and value:
            self.standard = part(value, self.factor, qty) or None
        if self.standard is None:
            return value or 0, 0
        at_standard = part(self.standard, qty, self.factor)
        return at_standard, 0 if value is None else value - at_standard

    def add_variance(self, amount: int) -> None:
        if self.settings.shares_variance:
            self.variance += amount

    def enter(
        self, key: bytes, number: int, qty: int, value: int, watched: Watched | None, returned: bytes | None = None
    ) -> list[Covered]:
        if returned is not None and (place := self.issues.place_of(returned)) is not None:
            self.issues.costs[place] = max(0, self.issues.costs[place] - value)
        return super().enter(key, number, qty, value, watched)

    def leave(self, key: bytes, qty: int) -> list[Gone]:
        gone = super().leave(key, qty)
        if self.settings.shares_variance:
            self.issues.add(key, 0, sum(taken.value for taken in gone))
        return gone

    def leave_from(self, key: bytes, qty: int, receipt: Watched | None, value: int | None) -> list[Gone]:
        """All goods are alike at standard, whoever they came from."""
        return self.leave(key, qty)

    def set_standard(self, unit_cost: int) -> int:
        self.standard = unit_cost
        more = part(unit_cost, self.qty, self.factor) - self.value if self.qty > 0 else 0
        self.value += more
        return more

    def end_period(self, key: bytes) -> list[Settled]:
        changes: list[Settled] = []
        issues, self.issues = self.issues, IssuesOfPeriod()
        base = sum(issues.costs) + max(self.value, 0)
        for issue, cost in zip(issues.keys, issues.costs, strict=True):
            if not base:
                break
            share = self.variance if cost == base else part(self.variance, cost, base)
            base -= cost
            self.variance -= share
            if share:
                changes.append(Settled(issue, 0, share))
        if self.qty <= 0 and self.variance:  # nothing to share it with any more
            share, self.variance = self.variance, 0
            changes.append(Settled(key, 0, share))
        return changes

    def take_on_variance(self) -> int:
        """The variance that the stock bears becomes part of its value, as another method begins; no more than it holds."""
        taken_on = max(self.variance, -self.value) if self.qty > 0 else 0
        self.variance -= taken_on
        self.value += taken_on
        return taken_on

    def continue_from(self, former: Pool) -> None:
        super().continue_from(former)
        if self.standard is None and self.qty > 0:
            self.standard = part(self.value, self.factor, self.qty) or None

    # -- many at once

    def run_plain(self, events: Iterator[Event], named: set[bytes], found: Result, with_takes: bool) -> Event | None:
        mine, cost_is, watched = self.number, found.costs.append, self.watched
        issue_is, keeps_issues = self.issues.add, self.settings.shares_variance
        standard, factor, on_hand, worth = self.standard or 0, self.factor, self.qty, self.value
        odd = None
        for event in events:
            key, kind, pool, qty, value, of, _ = event
            if pool != mine or of is not None or qty <= 0 or key in named:
                odd = event
                break
            if kind == _ISSUE and qty < on_hand and not watched:
                cost = (2 * worth * qty + on_hand) // (2 * on_hand)
                on_hand -= qty
                worth -= cost
                if keeps_issues:
                    issue_is(key, 0, cost)
                cost_is(-cost)
            elif kind == _RECEIPT and standard and value is not None and value >= 0 and on_hand >= 0:
                at_standard = (2 * standard * qty + factor) // (2 * factor)
                if value != at_standard:
                    found.variances[len(found.costs)] = value - at_standard
                    if keeps_issues:
                        self.variance += value - at_standard
                on_hand += qty
                worth += at_standard
                cost_is(at_standard)
            else:
                odd = event
                break
        self.qty, self.value = on_hand, worth
        return odd

    # -- keeping

    def _kept(self) -> tuple[dict[str, Any], list[Iterable[ScaledLayer]]]:
        header, tables = super()._kept()
        return {**header, "variance": self.variance}, [*tables, self.issues.rows()]

    def load(self, header: dict[str, Any], tables: list[list[ScaledLayer]]) -> None:
        super().load(header, tables)
        self.variance = header["variance"]
        for row in tables[1]:
            self.issues.add(row[KEY], 0, row[VALUE])
