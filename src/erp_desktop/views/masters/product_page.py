"""The page of a product: its form, and below it units, barcodes, prices, where it lies, and what moved.

The product with its changed units, barcodes and prices is saved at once, all or nothing. Units, barcodes and prices are
changed or added here; they are never taken away, because documents may have been written with them.
"""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QTabWidget

from erp_desktop.actions.base import Action
from erp_desktop.actions.lots import TRACKINGS
from erp_desktop.actions.masters import SaveBarcode, SaveMasters, SavePrice, SaveProduct, SaveProductUnit
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.numbers import ZERO
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.details import ProductDetail, ProductRecord
from erp_desktop.queries.stock import StockMoves, StockOnHand
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.masters.kinds import TRACKING_TEXTS, category_lookup, price_level_lookup, unit_lookup
from erp_desktop.views.masters.record_page import RecordKind, RecordPage
from erp_desktop.views.stock.lists import move_columns, moves_of, open_move, place_columns
from erp_desktop.views.widgets.cells import CellKind
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.line_model import BadCell, LineColumn, LineSpec
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.lookup import LookupItem
from erp_desktop.views.widgets.reading import NotReadable, read_date
from erp_desktop.views.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow


def product_kind() -> RecordKind:
    return RecordKind(
        "product_form",
        translate("Masters", "Product"),
        SaveProduct,
        ProductDetail,
        lookups={"category": category_lookup(), "unit": unit_lookup(), "supplier": lookups.suppliers()},
        choices={"tracking": tuple((one, TRACKING_TEXTS[one]()) for one in TRACKINGS)},
        tables=ProductDetail.tables | StockMoves.tables,
    )


class ProductPage(RecordPage):
    """Ctrl+1 .. belong to the window's tabs; F6 goes from the form to the lists below and back."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False) -> None:
        self.product_id = id
        super().__init__(desk, shell, product_kind(), id, is_new=is_new)

    def add_more(self) -> None:
        self.form.layout().setContentsMargins(0, 0, 0, 0)  # type: ignore[union-attr]
        self.content.setStretchFactor(self.form_area, 0)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.units = self._grid(
            translate("ProductPage", "Units"),
            (
                LineColumn("unit", translate("ProductPage", "Unit"), lookup=unit_lookup(), is_required=True, width=220),
                LineColumn(
                    "numerator", translate("ProductPage", "Stock units"), CellKind.INTEGER, 130, is_required=True
                ),
                LineColumn("denominator", translate("ProductPage", "for so many"), CellKind.INTEGER, 130),
            ),
        )
        self.barcodes = self._grid(
            translate("ProductPage", "Barcodes"),
            (
                LineColumn("code", translate("ProductPage", "Barcode"), is_required=True, width=220),
                LineColumn("unit", translate("ProductPage", "Unit"), lookup=unit_lookup(), width=220),
            ),
        )
        self.prices = self._grid(
            translate("ProductPage", "Prices"),
            (
                LineColumn(
                    "level",
                    translate("ProductPage", "Price level"),
                    lookup=price_level_lookup(),
                    is_required=True,
                    width=220,
                ),
                LineColumn("from_qty", translate("ProductPage", "From quantity"), CellKind.QTY, 120),
                LineColumn("from_date", translate("ProductPage", "From date"), CellKind.DATE, 120),
                LineColumn(
                    "unit_price", translate("ProductPage", "Unit price"), CellKind.UNIT_COST, 120, is_required=True
                ),
            ),
        )
        self.content.addWidget(self.tabs, 1)
        if not self.is_new:
            self._add_lists()
        QShortcut(QKeySequence("F6"), self, self._other_pane)

    def _grid(self, title: str, columns: tuple[LineColumn, ...]) -> LineGrid:
        grid = LineGrid()
        grid.setAccessibleName(title)
        grid.use(self.desk, LineSpec(columns))
        grid.changed.connect(self.binder.note_other_change)
        grid.changed.connect(partial(self._note_dirt, True))
        grid.set_read_only(bool(self.may("master.write")))
        self.tabs.addTab(grid, title)
        return grid

    def _add_lists(self) -> None:
        of_product = ("product_id", self.product_id)
        places = ListSpec(
            place_columns(),
            lambda request: StockOnHand(_narrowed(request, of_product)),
            tables=StockOnHand.tables,
            name=translate("ProductPage", "Stock by bin"),
            empty_text=translate("ProductPage", "Nothing on hand"),
        )
        moves = ListSpec(
            move_columns(with_product=False),
            lambda request: moves_of(_narrowed(request, of_product)),
            tables=StockMoves.tables,
            name=translate("ProductPage", "Moves"),
            empty_text=translate("ProductPage", "Nothing has moved yet"),
        )
        if "goods.read" not in self.desk.permissions:
            return
        self.stock, self.moves = RecordTable(self.desk, places, self), RecordTable(self.desk, moves, self)
        self.moves.opened.connect(partial(open_move, self.shell))
        self.tabs.insertTab(0, self.stock, places.name)
        self.tabs.insertTab(1, self.moves, moves.name)
        self.tabs.setCurrentIndex(0)

    def _other_pane(self) -> None:
        inside = self.tabs.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        target = self.binder.widget("name") if inside else self.tabs.currentWidget()
        if target is not None:
            target.setFocus()

    # --- showing

    def show_more(self, record: ProductRecord) -> None:
        self.units.show_lines(
            [
                {
                    "id": one.id,
                    "unit": lookups.item(one.unit_id, one.unit_code, one.unit_name, one.unit_name_zh),
                    "numerator": one.numerator,
                    "denominator": one.denominator,
                }
                for one in record.units
            ]
        )
        self.barcodes.show_lines(
            [
                {
                    "id": one.id,
                    "code": one.code,
                    "unit": lookups.item(one.unit_id, one.unit_code, one.unit_name, one.unit_name_zh),
                }
                for one in record.barcodes
            ]
        )
        self.prices.show_lines(
            [
                {
                    "id": one.id,
                    "level": lookups.item(
                        one.price_level_id, one.price_level_code, one.price_level_name, one.price_level_name_zh
                    ),
                    "from_qty": one.from_qty,
                    "from_date": one.from_date,
                    "unit_price": one.unit_price,
                }
                for one in record.prices
            ]
        )

    def show_entry(self, entry: RefusedEntry) -> int:
        batch = entry.action
        if not isinstance(batch, SaveMasters):
            return super().show_entry(entry)
        super().show_entry(replace(entry, action=batch.products[0]))
        for grid, rows in (
            (self.units, batch.product_units),
            (self.barcodes, batch.barcodes),
            (self.prices, batch.prices),
        ):
            spec = grid.model_of_lines.spec
            typed: dict[Any, dict[str, Any]] = {row.row_id: entry.cells(row, spec) for row in rows}
            stored = [dict(line) | typed.pop(line.get("id"), {}) for line in grid.lines()]
            grid.show_lines([*stored, *typed.values()])
        return 0

    # --- saving

    def read_values(self) -> dict[str, Any] | None:
        values = super().read_values()
        if values is None:
            return None
        self._read_dates()
        for grid in (self.units, self.barcodes, self.prices):
            problems = grid.problems()
            if problems:
                self.tabs.setCurrentWidget(grid)
                self.binder.bar.show_problems(
                    [(sentence, partial(self._go_to, grid, row, column)) for row, column, sentence in problems]
                )
                self._go_to(grid, *problems[0][:2])
                return None
        return values

    def _go_to(self, grid: LineGrid, row: int, column: int) -> None:
        self.tabs.setCurrentWidget(grid)
        grid.go_to(row, column)

    def _read_dates(self) -> None:
        """Dates are typed as in date fields; a price without one holds from today."""
        model = self.prices.model_of_lines
        column = next(place for place, one in enumerate(model.spec.columns) if one.name == "from_date")
        cells: dict[tuple[int, int], Any] = {}
        for row in range(len(model.lines())):
            typed = model.line(row).get("from_date")
            if typed is None or typed == "":
                cells[row, column] = company_today()
            elif isinstance(typed, str):
                try:
                    cells[row, column] = read_date(typed, company_today())
                except NotReadable as error:
                    cells[row, column] = BadCell(typed, error.sentence)
        if cells:
            model.change(cells)

    def action_of(self, values: dict[str, Any]) -> Action:
        product = super().action_of(values)
        units, barcodes, prices = self._changed_units(), self._changed_barcodes(), self._changed_prices()
        if not (units or barcodes or prices):
            return product
        return SaveMasters(products=(product,), product_units=units, barcodes=barcodes, prices=prices)  # type: ignore[arg-type]

    def _changed_units(self) -> tuple[SaveProductUnit, ...]:
        before = (
            {one.id: (one.unit_id, one.numerator, one.denominator) for one in self.record.units} if self.record else {}
        )
        found = []
        for line in self.units.lines():
            now = (_id(line["unit"]), int(line["numerator"]), int(line.get("denominator") or 1))
            was = before.get(line.get("id"))
            if was != now:
                unit = SaveProductUnit(line.get("id") or new_id(), self.product_id, *now)
                seen = None if was is None else SaveProductUnit(unit.product_unit_id, self.product_id, *was)
                found.append(unit if seen is None else unit.changing(seen))
        return tuple(found)

    def _changed_barcodes(self) -> tuple[SaveBarcode, ...]:
        before = {one.id: (one.code, one.unit_id) for one in self.record.barcodes} if self.record else {}
        found = []
        for line in self.barcodes.lines():
            now = (line["code"], _id(line.get("unit")))
            was = before.get(line.get("id"))
            if was != now:
                barcode = SaveBarcode(line.get("id") or new_id(), now[0], self.product_id, now[1])
                seen = None if was is None else replace(barcode, code=was[0], unit_id=was[1])
                found.append(barcode if seen is None else barcode.changing(seen))
        return tuple(found)

    def _changed_prices(self) -> tuple[SavePrice, ...]:
        before = (
            {one.id: (one.price_level_id, one.from_qty, one.from_date, one.unit_price) for one in self.record.prices}
            if self.record
            else {}
        )
        found = []
        for line in self.prices.lines():
            day = line["from_date"]
            assert isinstance(day, date)
            now = (_id(line["level"]), line.get("from_qty") or ZERO, day, line["unit_price"])
            was = before.get(line.get("id"))
            if was != now:
                price = SavePrice(line.get("id") or new_id(), now[0], self.product_id, *now[1:])
                seen = None if was is None else SavePrice(price.price_id, was[0], self.product_id, *was[1:])
                found.append(price if seen is None else price.changing(seen))
        return tuple(found)


def _id(item: LookupItem | None) -> Any:
    return item.id if item is not None else None


def _narrowed(request: ListRequest, *filters: tuple[str, Any]) -> ListRequest:
    return replace(request, filters=(*request.filters, *filters))
