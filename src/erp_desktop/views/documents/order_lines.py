"""The lines of orders while they are typed: their units, and prices that are proposed once product, quantity and unit are known."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QObject, QTimer

from erp_desktop.actions.units import QtyNotExact
from erp_desktop.i18n import translate
from erp_desktop.numbers import ONE, STOCK_UNIT, UNIT_PRICE_PLACES, NumberNotExact, UnitFactor, round_money
from erp_desktop.queries.base import Query
from erp_desktop.queries.line_units import UnitChoice
from erp_desktop.queries.lookups import ProductChoice
from erp_desktop.queries.order_entry import PriceWanted
from erp_desktop.queries.purchasing_details import PurchaseOrderLineRow
from erp_desktop.queries.selling_details import SalesOrderLineRow
from erp_desktop.views.documents import lookups
from erp_desktop.views.widgets.asking import Failure, announcements, when_done
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.line_model import Line, LineColumn, Pending
from erp_desktop.views.widgets.lookup import LookupItem

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

# what lines want a price for -> the prices to propose, in the same order
Ask = Callable[[tuple[PriceWanted, ...]], Query[tuple[Decimal | None, ...]]]

IN_STOCK_UNITS = "in_stock_units"


def unit_columns(width: int) -> tuple[LineColumn, LineColumn]:
    """The unit that a line is entered in, one of its product's, and what the quantity is in stock units."""
    return (
        LineColumn(
            "unit",
            translate("OrderLines", "Unit"),
            width=width,
            within="product",
            lookup_in=lookups.units_of,
            shows_name=True,
        ),
        LineColumn(IN_STOCK_UNITS, translate("OrderLines", "In stock units"), CellKind.QTY, 112, is_computed=True),
    )


def hide_stock_units(grid: LineGrid) -> None:
    """The column says something only where a line is in another unit than its product's stock unit."""
    grid.show_column(IN_STOCK_UNITS, any(not factor_of(line).is_one for line in grid.model_of_lines.values()))


def usual_unit(chosen: LookupItem) -> dict[str, Any]:
    """What a chosen product proposes: the pack whose barcode was scanned, else its stock unit."""
    product = chosen.row
    if not isinstance(product, ProductChoice):
        return {}
    stock_unit = product.unit_code, product.unit_code_zh
    return {"unit": unit_item(product.pack or UnitChoice(product.unit_id, *stock_unit, *stock_unit))}


def unit_item(unit: UnitChoice) -> LookupItem:
    return LookupItem(unit.id, unit.code, str(cell_value(unit, "name")), unit)


def unit_of(line: PurchaseOrderLineRow | SalesOrderLineRow) -> LookupItem:
    """The unit of a saved line, with the factor that it was entered with."""
    in_unit, stock_unit = (line.price_unit, line.price_unit_zh), (line.unit_code, line.unit_code_zh)
    factor = line.unit_numerator, line.unit_denominator
    return unit_item(UnitChoice(line.unit_id or line.stock_unit_id, *in_unit, *stock_unit, *factor, is_kept=True))


def look_units_up(grid: LineGrid) -> None:
    """Takes the units as their products have them now: the lines are those of another order."""
    model = grid.model_of_lines
    column = [one.name for one in model.spec.columns].index("unit")
    units = {row: model.line(row).get("unit") for row in range(model.rowCount())}
    model.change({(row, column): unit.code for row, unit in units.items() if isinstance(unit, LookupItem)})


def unit_id_of(line: Line) -> UUID | None:
    """The unit as the order's action is told it; None is the stock unit, whether it is named or the cell is empty: what is the
    same has to look the same to whoever compares two versions of a line."""
    if not _is_in_unit(line) or _choice(line).code == _choice(line).stock_unit_code:
        return None
    return _choice(line).id


def is_unit_anew(line: Line) -> bool:
    """Whether the person has given the unit: it counts as the product has it now. The unit of a saved line counts as it did."""
    return _is_in_unit(line) and not _choice(line).is_kept


def factor_of(line: Line) -> UnitFactor:
    return _choice(line).factor if _is_in_unit(line) else STOCK_UNIT


def stock_qty_of(line: Line) -> Decimal | None:
    """The line's quantity in stock units; None while there is none, or none exactly."""
    qty = line.get("qty")
    if not isinstance(qty, Decimal):
        return None
    try:
        return factor_of(line).to_stock_qty(qty)
    except NumberNotExact:
        return None


def in_stock_units(line: Line, qty: Decimal | None) -> Decimal | str | None:
    """`qty` stock units as they stand beside the line: they name their unit where the line has another."""
    if qty is None or factor_of(line).is_one:
        return qty
    return f"{shown(qty, CellKind.QTY)} {cell_value(_choice(line), 'stock_unit_code')}"


def qty_not_exact(line: Line) -> dict[str, str]:
    """The sentence that the order would be refused with, while it can still be typed."""
    qty, product = line["qty"], line["product"]
    if not isinstance(qty, Decimal) or qty <= 0 or not _is_in_unit(line) or not isinstance(product, LookupItem):
        return {}
    if stock_qty_of(line) is not None:
        return {}
    unit = _choice(line)
    refused = QtyNotExact(
        qty=qty,
        unit=unit.code,
        product=product.code,
        stock_unit=unit.stock_unit_code,
        fits=" / ".join(f"{one.normalize():f}" for one in unit.factor.fitting(qty)),
    )
    return {"qty": refused.problem.sentence}


def _is_in_unit(line: Line) -> bool:
    unit = line.get("unit")
    return isinstance(unit, LookupItem) and isinstance(unit.row, UnitChoice)


def _choice(line: Line) -> UnitChoice:
    choice = line["unit"].row
    assert isinstance(choice, UnitChoice)
    return choice


def amount_of(line: Any, places: int) -> Decimal | None:
    """Quantity times price less discount (a percentage as typed), rounded to the currency; None while one is missing."""
    qty, price = line["qty"], line["unit_price"]
    if qty is None or price is None:
        return None
    discount = (line["discount"] or Decimal(0)) / 100
    return round_money(qty * price * (ONE - discount), places)


@dataclass
class _Proposal:
    asked: PriceWanted
    price: Decimal | None = None
    is_stale: bool = False
    seen: Line | None = None  # which asks for nothing else


_Asked = tuple[int, _Proposal, Any]  # the row, and the price that stood there


class PriceProposals(QObject):
    """Fills in the price of a line that has none, and follows the quantity while the person has not typed another."""

    def __init__(self, desk: "Desk", grid: LineGrid, ask: Ask, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._grid, self._ask = desk, grid, ask
        self._proposals: dict[int, _Proposal] = {}
        self._open_questions = 0
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._look)
        grid.wait_for(lambda: self._soon.isActive() or self._open_questions > 0)
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
        """Asks in a moment for the lines that want a price. To be called at every change of the lines."""
        self._soon.start()

    def _look(self) -> None:
        model = self._grid.model_of_lines
        if model.is_read_only:
            return
        asked: list[_Asked] = []
        for row, line in enumerate(model.values()):
            proposal = self._proposals.get(row)
            if proposal is not None and proposal.seen is line and not proposal.is_stale:
                continue
            product, price = line.get("product"), line.get("unit_price")
            if not isinstance(product, LookupItem):
                continue
            if isinstance(line.get("unit"), Pending):
                continue  # which unit's price is meant is not known yet
            is_ours = proposal is not None and price is not None and price == proposal.price
            if price is not None and not is_ours:
                continue
            qty = stock_qty_of(line)
            wanted = PriceWanted(product.id, qty if qty is not None and qty > 0 else ONE, factor_of(line))
            if proposal is not None and not proposal.is_stale:
                was_emptied = price is None and proposal.price is not None and proposal.asked[0] == product.id
                if proposal.asked == wanted or was_emptied:
                    proposal.seen = line
                    continue
            self._proposals[row] = proposal = _Proposal(wanted)
            asked.append((row, proposal, price))
        if asked:
            answer = self._desk.ask(self._ask(tuple(proposal.asked for _, proposal, _ in asked)))
            self._open_questions += 1
            when_done(answer, self, partial(self._propose, asked), on_failed=self._note_failure)

    def _note_failure(self, failure: Failure) -> None:
        self._open_questions -= 1
        announcements().failed.emit(failure)

    def _propose(self, asked: list[_Asked], prices: tuple[Decimal | None, ...]) -> None:
        self._open_questions -= 1
        self._grid.model_of_lines.propose(partial(self._still_wanted, asked, prices))

    def _still_wanted(self, asked: list[_Asked], prices: tuple[Decimal | None, ...]) -> dict[tuple[int, int], Decimal]:
        """The prices for those lines that are still as they were asked for."""
        cells: dict[tuple[int, int], Decimal] = {}
        lines = self._grid.model_of_lines.values()
        for (row, proposal, before), price in zip(asked, prices, strict=True):
            line = lines[row] if row < len(lines) else {}
            product = line.get("product")
            same = isinstance(product, LookupItem) and (product.id, factor_of(line)) == proposal.asked[::2]
            if price is None or self._proposals.get(row) is not proposal or not same:
                continue
            if line.get("unit_price") == before:
                proposal.price = price.quantize(Decimal(1).scaleb(-UNIT_PRICE_PLACES)).normalize()
                if proposal.price != before:
                    cells[row, self._price_column] = proposal.price
        return cells
