"""Correcting the prices of a goods receipt: the price now, the new one, and what it changes in stock and in cost of sales."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.numbers import ZERO
from erp_desktop.queries.receipt_prices import PriceEffect, ReceiptPriceLine, ReceiptPrices, ReceiptPricesRecord
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

FIELD_OF_REFUSAL = {"before_receipt": "dated_on", "period_closed": "dated_on", "no_period": "dated_on"}


class CorrectPricePage(FormPage):
    """Opened for one goods receipt, at `start_line` if one is named; each line with another price is one correction."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, start_line: UUID | None = None) -> None:
        super().__init__(
            desk,
            shell,
            "goods_receipt",
            id,
            ReceiptPrices,
            "correct_price_form",
            ("dated_on", "reference"),
            ("dated_on",),
            has_related=False,  # its figures need the whole width
        )
        self._currency, self._places = "", 2
        self._start_line = start_line
        self._use_columns()
        self.binder.show({"dated_on": company_today(), "reference": ""})
        self.do_correct = self.add_page_action(
            "correct_price.post", translate("CorrectPricePage", "Correct the price"), self.save, "", "costing"
        )
        self.set_title(translate("CorrectPricePage", "Correct price"))
        self.header.name(self.title)
        self.lines_changed()
        self.offer_actions()
        self.refresh()
        self.setFocusProxy(self.grid)

    def title_of(self, record: ReceiptPricesRecord) -> str:
        text = translate("CorrectPricePage", "Price of {receipt}")
        return text.format(receipt=number_text(record.number))

    def _use_columns(self) -> None:
        def money(name: str, heading: str) -> LineColumn:
            return LineColumn(name, heading, CellKind.MONEY, 104, is_computed=True, places=self._places)

        columns = (
            LineColumn("product_code", translate("CorrectPricePage", "Code"), width=104, is_computed=True),
            LineColumn("product_name", translate("CorrectPricePage", "Product"), is_computed=True, stretches=True),
            LineColumn("qty", translate("CorrectPricePage", "Received"), CellKind.QTY, 84, is_computed=True),
            LineColumn("qty_left", translate("CorrectPricePage", "In stock"), CellKind.QTY, 84, is_computed=True),
            LineColumn("price_now", translate("CorrectPricePage", "Price now"), CellKind.UNIT_COST, is_computed=True),
            LineColumn("unit_price", translate("CorrectPricePage", "New price"), CellKind.UNIT_COST, 104),
            money("difference", translate("CorrectPricePage", "Difference")),
            money("to_inventory", translate("CorrectPricePage", "Stock value")),
            money("to_cost_of_sales", translate("CorrectPricePage", "Cost of sales")),
        )
        self.use_lines(LineSpec(columns, compute=_effect_of, keep=("line",), is_fixed=True))

    @property
    def is_for_entry(self) -> bool:
        return True

    # --- showing

    def show_record(self, record: ReceiptPricesRecord) -> None:
        title = translate("CorrectPricePage", "Correct the price of {receipt}")
        self.header.name(title.format(receipt=number_text(record.number)), str(cell_value(record, "supplier_name")))
        if self.grid.state() == self.grid.State.EditingState:
            return
        self._currency = record.currency
        if record.currency_places != self._places:
            self._places = record.currency_places
            self._use_columns()
        typed = {line["line"].id: line.get("unit_price") for line in self.grid.lines()} if self.is_dirty else {}
        self.show_lines(
            [
                {
                    "line": line,
                    "product_code": line.product_code,
                    "product_name": cell_value(line, "product_name"),
                    "qty": line.qty,
                    "qty_left": line.taken.qty_left if line.taken else None,
                    "price_now": line.unit_price,
                    "unit_price": typed.get(line.id),
                }
                for line in record.prices
            ]
        )
        if record.prices and not self.grid.currentIndex().isValid():
            names = [column.name for column in self.grid.model_of_lines.spec.columns]
            rows = [line.id for line in record.prices]
            row = rows.index(self._start_line) if self._start_line in rows else 0
            self.grid.setCurrentIndex(self.grid.model_of_lines.index(row, names.index("unit_price")))
        self.lines_changed()

    def lines_changed(self) -> None:
        changed = self._corrected()
        text = translate("CorrectPricePage", "Lines corrected: {count}")
        self.show_text("line_count", text.format(count=len(changed)))
        text = translate("CorrectPricePage", "Stock value {stock}, cost of sales {sold} {currency}")
        effect = _sum(changed)
        stock, sold = self._signed(effect.to_inventory), self._signed(effect.to_cost_of_sales)
        self.show_text("total", text.format(stock=stock, sold=sold, currency=self._currency) if changed else "")

    def offer_actions(self) -> None:
        if not hasattr(self, "do_correct"):
            return
        reason = self.may("cost.write")
        if not reason and self.record is None:
            reason = translate("CorrectPricePage", "The receipt is being read.")
        self.allow(self.do_correct, reason)
        self.offer(self.do_correct)

    def _corrected(self) -> list[dict[str, Any]]:
        """The lines with another price than now."""
        lines = self.grid.lines()
        return [line for line in lines if line.get("unit_price") not in (None, line["price_now"])]

    def _signed(self, amount: Decimal) -> str:
        return ("+" if amount > 0 else "") + shown(amount, CellKind.MONEY, self._places)

    # --- posting

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Says what the new prices change and posts them once that is agreed to."""
        self.when_settled(partial(self._ask_to_post, then))

    def _ask_to_post(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return
        corrected = self._corrected()
        if not corrected:
            text = translate("CorrectPricePage", "No price differs yet. Type the new price in at least one line.")
            self.binder.bar.show_problems([(text, self.grid.setFocus)])
            self.grid.setFocus()
            return
        post = partial(self._post, corrected, values, then)
        self.ask(self._consequence(corrected), translate("CorrectPricePage", "Correct the price"), post)

    def _consequence(self, corrected: list[dict[str, Any]]) -> str:
        if any(line["difference"] is None for line in corrected):
            return translate(
                "CorrectPricePage",
                "The centre has not costed this receipt yet: what the new price changes is worked out there.",
            )
        effect = _sum(corrected)
        sentence = translate(
            "CorrectPricePage",
            "Difference {currency} {difference}: {stock} goes to the value of what is still in stock, {sold} to the cost of "
            "what has left. What is posted stays; the difference becomes an entry of its own.",
        )
        return sentence.format(
            currency=self._currency,
            difference=self._signed(effect.difference),
            stock=self._signed(effect.to_inventory),
            sold=self._signed(effect.to_cost_of_sales),
        )

    def _post(self, corrected: list[dict[str, Any]], values: dict[str, Any], then: Callable[[], object] | None) -> None:
        first, *others = corrected
        action = CorrectReceiptPrice(
            new_id(), first["line"].id, first["unit_price"], values["dated_on"], values.get("reference", "")
        )

        def done() -> None:
            if others:
                self._post(others, values, then)
                return
            self.set_dirty(False)
            self.tell(translate("CorrectPricePage", "Price corrected"))
            if then is not None:
                then()
                return
            self.shell.open_screen("goods_receipt", id=self.document_id)
            self.close_asked.emit()

        self.perform(action, done, self._refused)

    def _refused(self, refused: Refused) -> None:
        self.show_line_refusal(refused, "unit_price", FIELD_OF_REFUSAL)


def _effect_of(line: Line) -> dict[str, Any]:
    taken_in: ReceiptPriceLine | None = line["line"]
    price = line["unit_price"]
    known = isinstance(price, Decimal) and taken_in is not None
    effect = taken_in.effect_of(price) if known and taken_in is not None and price != line["price_now"] else None
    if effect is None:
        return {"difference": None, "to_inventory": None, "to_cost_of_sales": None}
    return dict(vars(effect))


def _sum(lines: list[dict[str, Any]]) -> PriceEffect:
    names = ("difference", "to_inventory", "to_cost_of_sales")
    return PriceEffect(*(sum((line[name] or ZERO for line in lines), ZERO) for name in names))
