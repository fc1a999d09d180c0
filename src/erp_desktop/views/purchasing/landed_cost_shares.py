"""How a landed cost would be shared: each line's part, what of it stays in stock and what goes to cost of sales."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QAbstractItemView

from erp_desktop.i18n import translate
from erp_desktop.numbers import ZERO
from erp_desktop.queries.landed_cost_preview import Foreseen, LinesToBear, LineToBear
from erp_desktop.views.documents.kinds import listed_number
from erp_desktop.views.purchasing.words import basis_text
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.line_model import BadCell, Line, LineColumn, LineSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

_NOTHING = Foreseen((), False, ())
_NONE: Mapping[UUID, BadCell] = MappingProxyType({})
_KIND_OF_MEASURE = {"value": CellKind.MONEY}


def _is_gone(line: LineToBear) -> bool:
    """Whether all that a receipt line brought has left: sold, or sent back."""
    return line.goods is not None and line.goods.qty_left <= 0


class SharesTable(QObject):
    """The grid below the receipts. Its shares are shown; with the basis "manual" they are typed."""

    changed = Signal()  # the person typed a share
    shown = Signal()  # other shares, or another total

    def __init__(self, desk: "Desk", grid: LineGrid, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self.grid = desk, grid
        self._bearers: LinesToBear | None = None
        self._foreseen = _NOTHING
        self._amount: Decimal | None = None
        self._basis = ""
        self._dated_on: date | None = None
        self._places = 2
        self._use_columns("value", 2)
        grid.changed.connect(self._take_typed)

    def _use_columns(self, basis: str, places: int) -> None:
        if (basis, places) == (self._basis, self._places):
            return
        self._basis, self._places = basis, places

        def money(name: str, heading: str, width: int, *, is_computed: bool = True) -> LineColumn:
            return LineColumn(name, heading, CellKind.MONEY, width, is_computed=is_computed, places=places)

        measures: tuple[LineColumn, ...] = ()
        if basis in ("value", "weight", "volume"):
            kind = _KIND_OF_MEASURE.get(basis, CellKind.QTY)
            measures = (LineColumn("measure", basis_text(basis), kind, 88, is_computed=True, places=places),)
        columns = (
            LineColumn("receipt", translate("LandedCostShares", "Receipt"), width=120, is_computed=True),
            LineColumn("product_code", translate("LandedCostShares", "Code"), width=92, is_computed=True),
            LineColumn("product_name", translate("LandedCostShares", "Product"), is_computed=True, stretches=True),
            LineColumn("qty", translate("LandedCostShares", "Quantity"), CellKind.QTY, 76, is_computed=True),
            *measures,
            money("share", translate("LandedCostShares", "Share"), 92, is_computed=basis != "manual"),
            LineColumn("qty_left", translate("LandedCostShares", "In stock"), CellKind.QTY, 76, is_computed=True),
            money("to_inventory", translate("LandedCostShares", "To stock value"), 116),
            money("to_goods_dispatched", translate("LandedCostShares", "To dispatched"), 116),
            money("to_cost_of_sales", translate("LandedCostShares", "To cost of sales"), 124),
        )
        self.grid.use(self._desk, LineSpec(columns, compute=self._fallen, keep=("bearer", "place"), is_fixed=True))

    # --- what is shown

    @property
    def is_typing(self) -> bool:
        """The cell of a share is open."""
        return self.grid.state() == QAbstractItemView.State.EditingState

    def show_bearers(self, bearers: LinesToBear, typed: dict[UUID, Decimal] | None = None) -> None:
        """Shows the lines that bear the cost, with what was `typed` for them, or else is typed for those that stay."""
        unreadable = self._unreadable() if typed is None else _NONE
        typed = self.typed() if typed is None else typed
        self._bearers = bearers
        self._use_columns(self._basis, bearers.currency_places)
        self._show_lines(typed, unreadable)

    def show_shares(self, amount: Decimal | None, basis: str, dated_on: date | None) -> None:
        """Shows how `amount` would be shared. Changing to "manual" starts from the shares that were shown before."""
        before = {line.id: share.amount for line, share in self._pairs()}
        becomes_manual = basis == "manual" and self._basis not in ("manual", "")
        is_other = basis != self._basis
        typed = before if becomes_manual else self.typed()
        self._amount, self._dated_on = amount, dated_on
        self._use_columns(basis, self._places)
        self._foresee(typed)
        if is_other:
            self._show_lines(typed)
        self.grid.viewport().update()
        self.shown.emit()

    def _show_lines(self, typed: dict[UUID, Decimal], unreadable: Mapping[UUID, BadCell] = _NONE) -> None:
        lines = self._bearers.lines if self._bearers else ()
        self._foresee(typed)
        rows: list[Line] = []
        for place, line in enumerate(lines):
            row: dict[str, Any] = {
                "bearer": line,
                "place": place,
                "receipt": listed_number(line.receipt_number),
                "product_code": line.product_code,
                "product_name": cell_value(line, "product_name"),
                "qty": line.qty,
                "qty_left": line.goods.qty_left if line.goods else None,
            }
            if self._basis == "manual":
                row["share"] = unreadable.get(line.id, typed.get(line.id))
            rows.append(row)
        self.grid.show_lines(rows)
        self.shown.emit()

    def _foresee(self, typed: dict[UUID, Decimal]) -> None:
        self._foreseen = _NOTHING
        if self._bearers is not None:
            self._foreseen = self._bearers.foresee(self._amount, self._basis, self._dated_on, typed)
        self.grid.show_column("to_goods_dispatched", bool(self._dispatched()))

    def _dispatched(self) -> Decimal:
        return sum((share.to_goods_dispatched or ZERO for share in self._foreseen.shares), ZERO)

    def _fallen(self, line: Line) -> dict[str, Any]:
        bearer: LineToBear | None = line["bearer"]
        if bearer is None:
            return {}
        place: int = line["place"]
        share = self._foreseen.shares[place] if place < len(self._foreseen.shares) else None
        found: dict[str, Any] = {
            "measure": bearer.measures.get(self._basis),
            "to_inventory": share.to_inventory if share else None,
            "to_goods_dispatched": share.to_goods_dispatched if share else None,
            "to_cost_of_sales": share.to_cost_of_sales if share else None,
        }
        if self._basis != "manual":
            found["share"] = share.amount if share else None
        return found

    # --- what is typed

    def typed(self) -> dict[UUID, Decimal]:
        """The shares typed by hand, by receipt line."""
        if self._basis != "manual":
            return {}
        lines = self.grid.lines()
        return {line["bearer"].id: line["share"] for line in lines if isinstance(line.get("share"), Decimal)}

    def _unreadable(self) -> dict[UUID, BadCell]:
        lines = (self.grid.model_of_lines.line(row) for row in range(self.grid.model_of_lines.rowCount()))
        return {line["bearer"].id: line["share"] for line in lines if isinstance(line.get("share"), BadCell)}

    def go_to_share(self, amount: str) -> Callable[[], object] | None:
        """What leads to the line whose share was typed as `amount`; None where none was."""
        column = [one.name for one in self.grid.model_of_lines.spec.columns].index("share")
        for row, line in enumerate(self.grid.lines()):
            if self._basis == "manual" and isinstance(line["share"], Decimal) and line["share"] == Decimal(amount):
                return partial(self.grid.go_to, row, column)
        return None

    def _take_typed(self) -> None:
        if self._basis == "manual":
            self._foresee(self.typed())
            self.grid.viewport().update()
            self.changed.emit()
            self.shown.emit()

    def product_ids(self) -> list[UUID]:
        return [line.product_id for line in self._bearers.lines] if self._bearers else []

    def _pairs(self) -> list[tuple[LineToBear, Any]]:
        lines = self._bearers.lines if self._bearers else ()
        return list(zip(lines, self._foreseen.shares, strict=False))

    # --- in words

    def warning(self, *, is_asked_for: bool) -> str:
        """What is worth knowing before it is entered; empty if nothing is."""
        if self._bearers is None:
            return ""
        if not self._bearers.lines:
            text = translate("LandedCostShares", "These receipts brought no stock that could bear the cost.")
            return text if is_asked_for else ""
        basis = basis_text(self._basis)
        if self._foreseen.fell_back_to_equal:
            text = translate(
                "LandedCostShares", "“{basis}” adds up to zero over these lines, so each of them bears an equal part."
            )
            return text.format(basis=basis)
        if self._foreseen.unmeasured:
            text = translate(
                "LandedCostShares",
                "“{basis}” is not known of {products}, so they bear nothing. Fill it in on their pages or share otherwise.",
            )
            return text.format(basis=basis, products=", ".join(self._foreseen.unmeasured))
        if self._basis == "manual" and self._amount is not None and (left := self._left()):
            text = translate("LandedCostShares", "{amount} is still to be shared.")
            return text.format(amount=shown(left, CellKind.MONEY, self._places))
        gone = [
            line.product_code for line, share in self._pairs() if (share.to_cost_of_sales or 0) > 0 and _is_gone(line)
        ]
        if gone:
            text = translate(
                "LandedCostShares", "Nothing of {products} is in stock any more, so their part is expensed."
            )
            return text.format(products=", ".join(dict.fromkeys(gone)))
        if any(share.to_inventory is None for share in self._foreseen.shares if share.amount):
            return translate(
                "LandedCostShares", "Where a share falls that is not shown here is worked out by the centre (F7)."
            )
        return ""

    def _left(self) -> Decimal:
        return (self._amount or ZERO) - sum((share.amount for share in self._foreseen.shares), ZERO)

    def total_text(self) -> str:
        """Shared in all, and where it falls."""
        shares = self._foreseen.shares
        if not shares or self._bearers is None:
            return ""
        total = sum((share.amount for share in shares), ZERO)
        stock = [share.to_inventory for share in shares if share.amount]
        if None in stock:
            text = translate("LandedCostShares", "Shared {total} {currency}")
            return text.format(total=shown(total, CellKind.MONEY, self._places), currency=self._bearers.currency)
        kept = sum((amount for amount in stock if amount is not None), ZERO)
        dispatched = self._dispatched()
        text = translate(
            "LandedCostShares", "Shared {total}: {stock} to stock value, {sold} to cost of sales {currency}"
        )
        if dispatched:
            text = translate(
                "LandedCostShares",
                "Shared {total}: {stock} to stock value, {dispatched} to goods dispatched, {sold} to cost of sales {currency}",
            )
        return text.format(
            total=shown(total, CellKind.MONEY, self._places),
            stock=shown(kept, CellKind.MONEY, self._places),
            dispatched=shown(dispatched, CellKind.MONEY, self._places),
            sold=shown(total - kept - dispatched, CellKind.MONEY, self._places),
            currency=self._bearers.currency,
        )
