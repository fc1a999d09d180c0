"""The lines of orders while they are typed: the columns, and prices that are proposed once product and quantity are known."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QObject

from erp_desktop.numbers import ONE, UNIT_PRICE_PLACES, round_money
from erp_desktop.queries.base import Query
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.lookup import LookupItem

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

Ask = Callable[[UUID, Decimal], Query[Decimal | None]]  # product, qty in stock units -> the price to propose


def amount_of(line: Any, places: int) -> Decimal | None:
    """Quantity times price less discount (a percentage as typed), rounded to the currency; None while one is missing."""
    qty, price = line["qty"], line["unit_price"]
    if qty is None or price is None:
        return None
    discount = (line["discount"] or Decimal(0)) / 100
    return round_money(qty * price * (ONE - discount), places)


@dataclass
class _Proposal:
    asked: tuple[UUID, Decimal]
    price: Decimal | None = None
    is_stale: bool = False


class PriceProposals(QObject):
    """Fills in the price of a line that has none, and follows the quantity while the person has not typed another."""

    def __init__(self, desk: "Desk", grid: LineGrid, ask: Ask, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._grid, self._ask = desk, grid, ask
        self._proposals: dict[int, _Proposal] = {}
        names = [column.name for column in grid.model_of_lines.spec.columns]
        self._price_column = names.index("unit_price")

    def forget(self) -> None:
        """Other lines are shown now."""
        self._proposals.clear()

    def ask_again(self) -> None:
        """What prices depend on has changed (the customer): those proposed before are asked for again."""
        for proposal in self._proposals.values():
            proposal.is_stale = True
        self.look()

    def look(self) -> None:
        """Asks for the lines that want a price. To be called at every change of the lines."""
        model = self._grid.model_of_lines
        if model.is_read_only:
            return
        for row in range(model.rowCount()):
            line = model.line(row)
            product, price = line.get("product"), line.get("unit_price")
            if not isinstance(product, LookupItem):
                continue
            qty = line.get("qty")
            wanted = (product.id, qty if isinstance(qty, Decimal) and qty > 0 else ONE)
            proposal = self._proposals.get(row)
            is_ours = proposal is not None and price is not None and price == proposal.price
            if price is not None and not is_ours:
                continue
            if proposal is not None and not proposal.is_stale:
                was_emptied = price is None and proposal.price is not None and proposal.asked[0] == product.id
                if proposal.asked == wanted or was_emptied:
                    continue
            self._proposals[row] = proposal = _Proposal(wanted)
            answer = self._desk.ask(self._ask(*wanted))
            when_done(answer, self, partial(self._propose, row, proposal, price))

    def _propose(self, row: int, proposal: _Proposal, before: Decimal | None, price: Decimal | None) -> None:
        line = self._grid.model_of_lines.line(row)
        product = line.get("product")
        same = isinstance(product, LookupItem) and product.id == proposal.asked[0]
        if price is None or self._proposals.get(row) is not proposal or not same or line.get("unit_price") != before:
            return
        proposal.price = price.quantize(Decimal(1).scaleb(-UNIT_PRICE_PLACES)).normalize()
        if proposal.price != before:
            self._grid.model_of_lines.change({(row, self._price_column): proposal.price})
