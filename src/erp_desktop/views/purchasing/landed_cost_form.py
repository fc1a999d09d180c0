"""Entering a landed cost: freight, duty, insurance or handling, the receipts that bear it, and what each line would bear."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QLabel

from erp_desktop.actions.landed_costs import LANDED_COST_KINDS, EnterLandedCost, ManualShare
from erp_desktop.actions.landed_shares import BASES
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.numbers import round_money
from erp_desktop.queries.landed_cost_preview import EnteredBefore, LandedCostBearers, LandedCostToCorrect
from erp_desktop.queries.purchasing import LandedCostRow
from erp_desktop.queries.purchasing_details import (
    GoodsReceiptDetail,
    GoodsReceiptRecord,
    LandedCostDetail,
    LandedCostRecord,
)
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.documents.exchange_rate import REFUSALS, CurrencyField, RateField
from erp_desktop.views.documents.form_page import FormPage
from erp_desktop.views.purchasing.landed_cost_lookups import landed_costs_lookup, receipt_lines, receipts_lookup
from erp_desktop.views.purchasing.landed_cost_shares import SharesTable
from erp_desktop.views.purchasing.words import basis_text, kind_of_cost_text
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.fields import company_today
from erp_desktop.views.widgets.form import FormBroken
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.lookup import LookupItem

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

FIELD_OF_REFUSAL = {
    "amount_not_positive": "amount",
    "number": "amount",
    "credit_names_no_cost": "credits",
    "credit_not_negative": "amount",
    "over_credit": "amount",
    "not_creditable": "credits",
    "credit_before_cost": "dated_on",
    "not_a_supplier": "supplier",
    "before_receipt": "dated_on",
    "credit_at_another_rate": "rate",
    "no_such_currency": "currency",
    "period_closed": "dated_on",
    "no_period": "dated_on",
    **REFUSALS,
}


_OF_A_SHARE = {"number": "value", "amount_negative": "amount", "share_above_zero": "amount"}  # names the amount refused
_LOOK_AGAIN_MS = 300


class LandedCostForm(FormPage):
    """Opened with `receipts` (ids) it starts with these, with `credits` (id of a landed cost) as a credit note for it."""

    def __init__(
        self,
        desk: "Desk",
        shell: "MainWindow",
        id: UUID,
        receipts: tuple[UUID, ...] = (),
        credits: UUID | None = None,
    ) -> None:
        super().__init__(
            desk,
            shell,
            "landed_cost",
            id,
            LandedCostDetail,
            "landed_cost_form",
            ("kind", "amount", "basis", "dated_on", "supplier", "reference", "credits", "currency", "rate"),
            ("kind", "amount", "basis", "dated_on"),
            is_new=True,
            has_related=False,
        )
        self._amount_label = self.binder.widget("amount_label")
        self._amount_text = self._amount_label.text().rstrip(" *") if isinstance(self._amount_label, QLabel) else ""
        self.money = CurrencyField(self, self._currency_changed)
        self.rate = RateField(self, "dated_on")
        self._bearers: LandedCostBearers | None = None  # what the shares are of
        self._entered_before = EnteredBefore((), None, None)
        self._fill_choices("kind", [(kind, kind_of_cost_text(kind)) for kind in LANDED_COST_KINDS])
        self._fill_choices("basis", [(basis, basis_text(basis)) for basis in BASES])
        self.lookup("supplier").use(desk, lookups.parties())
        self.lookup("credits").use(desk, landed_costs_lookup())
        self.use_lines(receipt_lines())
        shares = self.binder.widget("shares")
        if not isinstance(shares, LineGrid):
            raise FormBroken("the form landed_cost_form.ui has no line grid called shares, which it needs")
        self.shares = SharesTable(desk, shares, self)
        self.shares.changed.connect(self._note_shares)
        self.shares.shown.connect(self._say_shares)
        self.binder.show({"kind": LANDED_COST_KINDS[0], "basis": BASES[0], "dated_on": company_today()})
        self.do_enter = self.add_page_action(
            "landed_cost.enter", translate("LandedCostForm", "Enter landed cost"), self.save, "", "landed_cost"
        )
        self.set_title(translate("LandedCostForm", "Enter landed cost"))
        self.header.name(self.title)
        self.header.hint.setText(
            translate("LandedCostForm", "What is still in stock becomes dearer; what is sold goes to cost of sales.")
        )
        self.let_form_scroll()
        self.effect = self.add_effect(self._as_typed, "dated_on", self.shares.product_ids)
        self.binder.edited.connect(self._follow_field)
        self.lookup("credits").chosen.connect(self._note_credited)
        desk.changed.connect(self._hear)
        self.lines_changed()
        self.offer_actions()
        for receipt_id in receipts:
            when_done(desk.ask(GoodsReceiptDetail(receipt_id)), self, self._add)
        if credits is not None:
            when_done(desk.ask(LandedCostDetail(credits)), self, self._start_as_credit)
        self.start_at("kind")

    def _currency_changed(self) -> None:
        """The label of the amount says which currency it is in; a foreign one has a rate."""
        if isinstance(self._amount_label, QLabel):
            text = translate("LandedCostForm", "{label} in {currency}")
            self._amount_label.setText(text.format(label=self._amount_text, currency=self.money.currency) + " *")
        self.rate.use(self.money.currency, self.money.own)
        self._show_shares()

    def _fill_choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        box = self.binder.widget(name)
        if isinstance(box, QComboBox):
            for value, text in choices:
                box.addItem(text, value)

    def _add(self, receipt: GoodsReceiptRecord) -> None:
        item = receipts_lookup().item(receipt)
        row = len(self.grid.lines())
        self.grid.model_of_lines.change({(row, 0): item})

    def _start_as_credit(self, credited: LandedCostRecord) -> None:
        """All that is not credited yet, of the same kind and from the same supplier; each can be typed over."""
        self.binder.set_value("credits", landed_costs_lookup().item(credited))
        self.binder.set_value("kind", credited.kind)
        self.binder.set_value("amount", -credited.to_credit)
        self._take_money(credited)
        if credited.supplier_id is not None:
            self.binder.set_value(
                "supplier",
                lookups.item(
                    credited.supplier_id, credited.supplier_code, credited.supplier_name, credited.supplier_name_zh
                ),
            )
        self._ask_for_bearers()

    def _note_credited(self, item: LookupItem | None) -> None:
        row = item.row if item is not None else None
        if isinstance(row, LandedCostRow):
            self._take_money(row)
        self._ask_for_bearers()

    def _take_money(self, credited: LandedCostRow) -> None:
        """A credit note is in the currency, and at the rate, of what it takes back."""
        self.money.propose(credited.currency)
        self.rate.use(credited.currency, self.money.own or credited.currency)
        self.rate.fix(credited.rate)

    # --- what is typed

    def _credits_id(self) -> UUID | None:
        item = self.typed("credits")
        return item.id if item is not None else None

    def _receipt_ids(self) -> tuple[UUID, ...]:
        items = [line["receipt"] for line in self.grid.lines() if line.get("receipt") is not None]
        return tuple(dict.fromkeys(item.id for item in items))

    def _follow_field(self, name: str) -> None:
        if name in ("amount", "basis", "dated_on", "rate"):
            self._show_shares()

    def lines_changed(self) -> None:
        text = translate("LandedCostForm", "Receipts: {count}")
        self.show_text("line_count", text.format(count=len(self.grid.lines())))
        if hasattr(self, "shares"):
            self._ask_for_bearers()

    def _hear(self, tables: frozenset[str]) -> None:
        if tables & LandedCostBearers.tables and self._bearers is not None:
            self._ask_for_bearers(again=True)

    def _ask_for_bearers(self, *, again: bool = False) -> None:
        """The lines that bear the cost follow the receipts, or the landed cost that is credited."""
        credits_id = self._credits_id()
        self.grid.setEnabled(credits_id is None)
        wanted = LandedCostBearers(() if credits_id else self._receipt_ids(), credits_id)
        if wanted == self._bearers and not again:
            return
        self._bearers = wanted
        when_done(self.desk.ask(wanted), self, partial(self._take_bearers, wanted))

    def _take_bearers(self, asked: LandedCostBearers, found: Any) -> None:
        if asked != self._bearers:
            return
        if self.shares.is_typing:  # news waits until the cell is closed
            QTimer.singleShot(_LOOK_AGAIN_MS, self, partial(self._take_bearers, asked, found))
            return
        self.shares.show_bearers(found)
        self._show_shares()
        self.effect.note_change()

    def _show_shares(self) -> None:
        self.shares.show_shares(
            self._amount_to_share(),
            self.typed("basis") or BASES[0],
            cast("date | None", self.typed("dated_on")),
        )

    def _amount_to_share(self) -> Decimal | None:
        """The amount in company currency; None while it or its rate is not known."""
        amount, rate = self.typed("amount"), self.rate.value()
        if not isinstance(amount, Decimal) or (self.rate.is_foreign and rate is None):
            return None
        return amount if rate is None else round_money(amount * rate, self.money.company_places)

    def _say_shares(self) -> None:
        """The sentence below the shares: what is wrong with them first."""
        is_asked_for = bool(self._receipt_ids()) or self._credits_id() is not None
        self.show_text("warning", self.shares.warning(is_asked_for=is_asked_for))
        self.show_text("total", self.shares.total_text())

    def _note_shares(self) -> None:
        self.binder.note_other_change()
        self.effect.note_change()

    # --- a refused entry

    def read_for_entry(self, entry: RefusedEntry, then: Callable[[], object]) -> None:
        entered = cast(EnterLandedCost, entry.action)

        def take(found: EnteredBefore) -> None:
            self._entered_before = found
            then()

        when_done(self.desk.ask(LandedCostToCorrect(entered.receipt_ids, entered.credits_id)), self, take)

    def entry_values(self, entry: RefusedEntry) -> dict[str, Any]:
        values, credited = super().entry_values(entry), self._entered_before.credited
        if credited is None:
            return values
        del values["rate"]  # it has the credited one's
        return values | {"credits": landed_costs_lookup().item(credited)}

    def show_entry(self, entry: RefusedEntry) -> int:
        entered, found = cast(EnterLandedCost, entry.action), self._entered_before
        self._bearers = LandedCostBearers(entered.receipt_ids, entered.credits_id)
        if found.credited is not None:
            self._take_money(found.credited)
        self.show_lines([{"receipt": receipts_lookup().item(receipt)} for receipt in found.receipts])
        super().show_entry(entry)
        if found.bearers is not None:
            self.shares.show_bearers(found.bearers, {share.receipt_line_id: share.amount for share in entered.shares})
        self._show_shares()
        return len(entered.receipt_ids) - len(found.receipts)

    def offer_actions(self) -> None:
        if hasattr(self, "do_enter"):
            self.allow(self.do_enter, self.may("cost.write"))
            self.offer(self.do_enter)

    # --- entering

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Enters the cost; afterwards its page opens in the place of this form."""
        self.when_settled(partial(self._save, then))

    def read_form(self) -> dict[str, Any] | None:
        values = super().read_form()
        problems = self.shares.grid.problems() if values is not None else []
        if problems:
            go_to = self.shares.grid.go_to
            self.binder.bar.show_problems([(text, partial(go_to, row, column)) for row, column, text in problems])
            go_to(*problems[0][:2])
            return None
        return values

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_form()
        if values is None:
            return
        if not self._receipt_ids() and self._credits_id() is None:
            text = translate("LandedCostForm", "Choose at least one receipt that bears the cost.")
            self.binder.bar.show_problems([(text, self.grid.setFocus)])
            self.grid.setFocus()
            return

        done = partial(
            self.leave_for, "landed_cost", self.document_id, translate("LandedCostForm", "Landed cost entered"), then
        )
        self.perform(self._entered(values), done, self.say_refusal)

    def _as_typed(self) -> EnterLandedCost | None:
        """The action as it would be performed now; None while something is missing."""
        values = self.peek_form()
        if values is None or self.shares.grid.problems():
            return None
        has_bearers = bool(self._receipt_ids()) or self._credits_id() is not None
        return self._entered(values) if has_bearers else None

    def _entered(self, values: dict[str, Any]) -> EnterLandedCost:
        supplier, credited = values.get("supplier"), values.get("credits")
        return EnterLandedCost(
            landed_cost_id=self.document_id,
            kind=values["kind"],
            dated_on=values["dated_on"],
            amount=values["amount"],
            basis=values["basis"],
            receipt_ids=() if credited else self._receipt_ids(),
            supplier_id=supplier.id if supplier else None,
            reference=values.get("reference", ""),
            shares=tuple(ManualShare(line_id, amount) for line_id, amount in self.shares.typed().items() if amount)
            if values["basis"] == "manual"
            else (),
            credits_id=credited.id if credited else None,
            currency=values.get("currency") or "",
            rate=self.rate.value(),
        )

    def say_refusal(self, refused: Refused) -> None:
        problem = refused.problem
        named = problem.fields.get(_OF_A_SHARE.get(problem.code, ""), "")
        go_to = self.shares.go_to_share(named) if named and named != str(self.typed("amount")) else None
        if go_to is not None:
            self.binder.bar.show_problems([(problem.sentence, go_to)])
            go_to()
            return
        self.show_line_refusal(refused, "receipt", FIELD_OF_REFUSAL)
