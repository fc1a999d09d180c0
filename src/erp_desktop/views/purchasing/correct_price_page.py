"""Correcting the prices of a goods receipt by the supplier's late invoice: the price now, the new one, and what it changes."""

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.numbers import ZERO
from erp_desktop.queries.receipt_prices import PriceEffect, ReceiptPriceLine, ReceiptPrices, ReceiptPricesRecord
from erp_desktop.views.documents import exchange_rate
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.documents.kinds import number_text
from erp_desktop.views.widgets.cells import CellKind, cell_value, shown
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.line_model import Line, LineColumn, LineSpec
from erp_desktop.views.widgets.reading import NotReadable

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

FIELD_OF_REFUSAL = {
    "before_receipt": "dated_on",
    "period_closed": "dated_on",
    "no_period": "dated_on",
    **exchange_rate.REFUSALS,
}


class CorrectPricePage(FormPage):
    """Opened for one goods receipt, at `start_line` if one is named; all lines with another price are one correction."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, start_line: UUID | None = None) -> None:
        super().__init__(
            desk,
            shell,
            "goods_receipt",
            id,
            ReceiptPrices,
            "correct_price_form",
            ("invoice_number", "invoiced_on", "dated_on", "rate"),
            ("dated_on",),
            has_related=False,  # its figures need the whole width
        )
        self.rate = exchange_rate.RateField(self, "invoiced_on", "dated_on")
        self._currency, self._places = "", 2  # the company's: the differences are in it
        self._start_line = start_line
        self.correction_id = new_id()
        self._use_columns()
        self.binder.show({"dated_on": company_today(), "invoice_number": "", "invoiced_on": None})
        self.do_correct = self.add_page_action(
            "correct_price.post", translate("CorrectPricePage", "Correct the price"), self.save, "", "costing"
        )
        self.set_title(translate("CorrectPricePage", "Correct price"))
        self.header.name(self.title)
        self.lines_changed()
        self.offer_actions()
        self.refresh()
        self.setFocusProxy(self.grid)
        self.effect = self.add_effect(self._as_typed, "dated_on", self._products)
        self.binder.edited.connect(lambda name: self._figures_changed() if name in ("dated_on", "rate") else None)

    @property
    def makes(self) -> str:
        """The kind of the document that comes of it."""
        return "price_correction"

    def title_of(self, record: ReceiptPricesRecord) -> str:
        text = translate("CorrectPricePage", "Price of {receipt}")
        return text.format(receipt=number_text(record.number))

    def _use_columns(self) -> None:
        def money(name: str, heading: str) -> LineColumn:
            return LineColumn(name, heading, CellKind.MONEY, 100, is_computed=True, places=self._places)

        columns = (
            LineColumn("product_code", translate("CorrectPricePage", "Code"), width=92, is_computed=True),
            LineColumn("product_name", translate("CorrectPricePage", "Product"), is_computed=True, stretches=True),
            LineColumn("qty", translate("CorrectPricePage", "Received"), CellKind.QTY, 76, is_computed=True),
            LineColumn("qty_left", translate("CorrectPricePage", "In stock"), CellKind.QTY, 76, is_computed=True),
            LineColumn(
                "price_now", translate("CorrectPricePage", "Price now"), CellKind.UNIT_COST, 90, is_computed=True
            ),
            LineColumn("unit_price", translate("CorrectPricePage", "New price"), CellKind.UNIT_COST, 94),
            LineColumn("price_unit", translate("CorrectPricePage", "Price per"), width=84, is_computed=True),
            money("difference", translate("CorrectPricePage", "Difference")),
            money("to_inventory", translate("CorrectPricePage", "Stock value")),
            money("to_goods_dispatched", translate("CorrectPricePage", "Dispatched")),
            money("to_cost_of_sales", translate("CorrectPricePage", "Cost of sales")),
        )
        self.use_lines(LineSpec(columns, compute=self._effect_of, keep=("line",), is_fixed=True))

    @property
    def is_for_entry(self) -> bool:
        return True

    # --- showing

    def show_record(self, record: ReceiptPricesRecord) -> None:
        title = translate("CorrectPricePage", "Correct the price of {receipt}")
        self.header.name(title.format(receipt=number_text(record.number)), str(cell_value(record, "supplier_name")))
        if self.grid.state() == self.grid.State.EditingState:
            return
        self._currency = record.company_currency
        self.rate.use(record.currency, record.company_currency)
        if record.currency_places != self._places:
            self._places = record.currency_places
            self._use_columns()
        typed = {line["line"].id: line.get("unit_price") for line in self._as_it_stands()} if self.is_dirty else {}
        self.show_lines(
            [
                {
                    "line": line,
                    "product_code": line.product_code,
                    "product_name": cell_value(line, "product_name"),
                    "qty": line.qty,
                    "qty_left": line.goods.qty_left if line.goods else None,
                    "price_now": line.unit_price,
                    "unit_price": typed.get(line.id),
                    "price_unit": cell_value(line, "price_unit"),
                }
                for line in record.prices
            ]
        )
        names = [column.name for column in self.grid.model_of_lines.spec.columns]
        self.grid.show_column("price_unit", any(not line.factor.is_one for line in record.prices))
        if record.prices and not self.grid.currentIndex().isValid():
            rows = [line.id for line in record.prices]
            row = rows.index(self._start_line) if self._start_line in rows else 0
            self.grid.setCurrentIndex(self.grid.model_of_lines.index(row, names.index("unit_price")))
        self.lines_changed()

    def show_entry_lines(self, entry: RefusedEntry) -> int:
        self.correction_id = entry.made_id or self.correction_id
        prices = {line.receipt_line_id: line.unit_price for line in entry.lines}
        lines = self._as_it_stands()
        self.show_lines([line | {"unit_price": prices.pop(line["line"].id, None)} for line in lines])
        return len(prices)

    def _as_it_stands(self) -> list[dict[str, Any]]:
        """Every line, with what was typed and cannot be read."""
        model = self.grid.model_of_lines
        return [model.line(row) for row in range(model.rowCount())]

    def lines_changed(self) -> None:
        changed = self._corrected()
        text = translate("CorrectPricePage", "Lines corrected: {count}")
        self.show_text("line_count", text.format(count=len(changed)))
        effect = _sum(changed)
        self.grid.show_column("to_goods_dispatched", any(line["to_goods_dispatched"] for line in changed))
        if effect.to_inventory is None or effect.to_cost_of_sales is None:
            text = translate("CorrectPricePage", "Difference {difference} {currency}")
            total = text.format(difference=self._signed(effect.difference), currency=self._currency)
        else:
            text = translate("CorrectPricePage", "Stock value {stock}, cost of sales {sold} {currency}")
            if effect.to_goods_dispatched:
                text = translate(
                    "CorrectPricePage",
                    "Stock value {stock}, goods dispatched {dispatched}, cost of sales {sold} {currency}",
                )
            total = text.format(**self._parts(effect), currency=self._currency)
        if self.rate.is_foreign and effect.exchange_difference is not None:
            text = translate("CorrectPricePage", "{total}, exchange difference {exchange}")
            total = text.format(total=total, exchange=self._signed(effect.exchange_difference))
        self.show_text("total", total if changed else "")

    def offer_actions(self) -> None:
        if not hasattr(self, "do_correct"):
            return
        reason = self.may("cost.write")
        if not reason and self.record is None:
            reason = translate("CorrectPricePage", "The receipt is being read.")
        self.allow(self.do_correct, reason)
        self.offer(self.do_correct)

    def _parts(self, effect: PriceEffect) -> dict[str, str]:
        parts = {
            "stock": effect.to_inventory,
            "dispatched": effect.to_goods_dispatched,
            "sold": effect.to_cost_of_sales,
        }
        return {name: self._signed(amount or ZERO) for name, amount in parts.items()}

    def _corrected(self) -> list[dict[str, Any]]:
        """The lines with another price than now; in a foreign currency also those whose price is confirmed at the rate."""
        priced = [line for line in self.grid.lines() if line.get("unit_price") is not None]
        return [line for line in priced if self.rate.is_foreign or line["unit_price"] != line["price_now"]]

    def _signed(self, amount: Decimal) -> str:
        return ("+" if amount > 0 else "") + shown(amount, CellKind.MONEY, self._places)

    def _dated_on(self) -> date | None:
        try:
            return cast("date | None", self.binder.value("dated_on"))
        except NotReadable:
            return None

    def _figures_changed(self) -> None:
        """What is still in stock is told for today: another day may be for the centre to tell. Another rate changes
        what is lost by it."""
        self.grid.viewport().update()
        self.lines_changed()

    def _effect_of(self, line: Line) -> dict[str, Any]:
        taken_in: ReceiptPriceLine | None = line["line"]
        price = line["unit_price"]
        same = price == line["price_now"] and not self.rate.is_foreign
        if taken_in is None or not isinstance(price, Decimal) or same:
            return dict.fromkeys(field.name for field in fields(PriceEffect))
        return dict(vars(taken_in.effect_of(price, self._dated_on(), self.rate.value())))

    # --- what it would do

    def _as_typed(self) -> CorrectReceiptPrices | None:
        """The correction as it would be performed now; None while something is missing."""
        values, corrected = self.peek_form(), self._corrected()
        return self._correction(values, corrected) if values is not None and corrected else None

    def _products(self) -> list[UUID]:
        return [line["line"].product_id for line in self._corrected()]

    def _correction(self, values: dict[str, Any], corrected: list[dict[str, Any]]) -> CorrectReceiptPrices:
        return CorrectReceiptPrices(
            correction_id=self.correction_id,
            receipt_id=self.document_id,
            dated_on=values["dated_on"],
            lines=tuple(CorrectedPrice(line["line"].id, line["unit_price"]) for line in corrected),
            invoice_number=values.get("invoice_number") or "",
            invoiced_on=values.get("invoiced_on"),
            rate=values.get("rate"),
        )

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
        sentence = self._what_of_the_price(corrected)
        exchange = _sum(corrected).exchange_difference
        if not self.rate.is_foreign or exchange is None:
            return sentence
        text = translate(
            "CorrectPricePage",
            "{sentence} The rate makes an exchange difference of {currency} {exchange} besides, which never goes to stock.",
        )
        return text.format(sentence=sentence, currency=self._currency, exchange=self._signed(exchange))

    def _what_of_the_price(self, corrected: list[dict[str, Any]]) -> str:
        effect = _sum(corrected)
        if effect.to_inventory is None or effect.to_cost_of_sales is None:
            sentence = translate(
                "CorrectPricePage",
                "Difference {currency} {difference}. The centre works out what of it goes to stock and to cost of sales. What "
                "is posted stays; the difference becomes an entry of its own.",
            )
            return sentence.format(currency=self._currency, difference=self._signed(effect.difference))
        sentence = translate(
            "CorrectPricePage",
            "Difference {currency} {difference}: {stock} goes to the value of what is still in stock, {sold} to the cost of "
            "what has left. What is posted stays; the difference becomes an entry of its own.",
        )
        if effect.to_goods_dispatched:
            sentence = translate(
                "CorrectPricePage",
                "Difference {currency} {difference}: {stock} goes to the value of what is still in stock, {dispatched} to that of "
                "goods dispatched, {sold} to the cost of what was sold. What is posted stays; the difference becomes an entry of "
                "its own.",
            )
        return sentence.format(
            currency=self._currency, difference=self._signed(effect.difference), **self._parts(effect)
        )

    def _post(self, corrected: list[dict[str, Any]], values: dict[str, Any], then: Callable[[], object] | None) -> None:
        done = partial(
            self.leave_for,
            "price_correction",
            self.correction_id,
            translate("CorrectPricePage", "Price corrected"),
            then,
        )
        self.perform(self._correction(values, corrected), done, self.say_refusal)

    def say_refusal(self, refused: Refused) -> None:
        self.show_line_refusal(refused, "unit_price", FIELD_OF_REFUSAL)


def _sum(lines: list[dict[str, Any]]) -> PriceEffect:
    """Of all lines; a part is None if it is so of one of them."""

    def total(name: str) -> Decimal | None:
        amounts = [line[name] for line in lines]
        return None if None in amounts else sum(amounts, ZERO)

    difference, *parts = (total(field.name) for field in fields(PriceEffect))
    return PriceEffect(difference or ZERO, *parts)
