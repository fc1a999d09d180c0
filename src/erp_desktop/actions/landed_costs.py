"""Freight, duty, insurance and handling that reach receipts later, and credit notes for them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.exchanging import Exchange, exchange_at, exchange_of, refuse_unknown_currency
from erp_desktop.actions.finding import (
    AmountNegative,
    TwiceTheSameLine,
    WrongState,
    company_of,
    find,
    find_all,
    open_period,
)
from erp_desktop.actions.landed_shares import (
    BASES,
    BearingLine,
    amounts_of,
    bases_of,
    lines_with_ids,
    still_borne,
    still_owed,
    stocked_lines,
)
from erp_desktop.actions.late_value import LateValue, add_late_value, late_cost
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.purchasing import NotASupplier
from erp_desktop.actions.refusals import NotFound, NumberRefused, Refused, Required
from erp_desktop.costing.landed_cost import Split
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import LandedCostEntered
from erp_desktop.models.costing import AdjustmentKind
from erp_desktop.models.party import Party
from erp_desktop.models.purchasing import GoodsReceipt, LandedCost, LandedCostShare
from erp_desktop.numbers import ZERO, minor_unit, round_money

LANDED_COST_KINDS = ("freight", "duty", "insurance", "handling")


class AmountNotPositive(Refused):
    code = "amount_not_positive"
    sentence = QT_TRANSLATE_NOOP("Refusal", "The amount {amount} must be above zero. Correct it; nothing was changed.")


class UnknownChoice(Refused):
    code = "unknown_choice"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{value} is not one of: {choices}. Choose one of these; nothing was changed."
    )


class NothingStocked(Refused):
    code = "nothing_stocked"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "These receipts brought no stock that could bear the cost. Choose other receipts; nothing was changed.",
    )


class BeforeReceipt(Refused):
    code = "before_receipt"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{receipt} came on {received_on}; its cost cannot be dated before. Correct the date; nothing was changed.",
    )


class CreditNamesNoCost(Refused):
    code = "credit_names_no_cost"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{amount} is below zero: a credit note names the landed cost that it takes back. Choose that landed cost, or "
        "correct the amount; nothing was changed.",
    )


class CreditNotNegative(Refused):
    code = "credit_not_negative"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "A credit note lowers {landed_cost}, so its amount is below zero; {amount} is not. Correct it; nothing was changed.",
    )


class NotCreditable(Refused):
    code = "not_creditable"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{landed_cost} is a credit note itself. Choose the landed cost that it was for; nothing was changed.",
    )


class OverCredit(Refused):
    code = "over_credit"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{asked} are to be credited, but only {open} of {landed_cost} are left to credit. Correct the amount; nothing "
        "was changed.",
    )


class CreditBeforeCost(Refused):
    code = "credit_before_cost"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{landed_cost} is dated {dated_on}; its credit note cannot be dated before. Correct the date; nothing was changed.",
    )


class CreditAtAnotherRate(Refused):
    code = "credit_at_another_rate"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{landed_cost} was entered in {currency} at the rate {rate}, and its credit note takes it back at the same. Use "
        "that currency and rate; nothing was changed.",
    )


class ShareAboveZero(Refused):
    code = "share_above_zero"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The share {amount} of a credit note must be below zero. Correct it; nothing was changed."
    )


class ShareOverCredit(Refused):
    code = "share_over_credit"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{asked} are to be credited to a line that bears no more than {open} of it. Correct the share; nothing was changed.",
    )


class SharesDiffer(Refused):
    code = "shares_differ"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The shares add up to {shares}, but {amount} are to be shared. Correct one of them; nothing was changed.",
    )


@dataclass(frozen=True)
class ManualShare:
    """What somebody decided that a receipt line bears, in company currency; signed as the landed cost is."""

    receipt_line_id: UUID
    amount: Decimal


@action("cost.write")
@dataclass(frozen=True)
class EnterLandedCost(Action):
    """Freight, duty, insurance or handling of some receipts: into the value of what is still there, expensed for what
    has left (IAS 2.11; costing.md, rule 7). Shared and valued by the centre.

    `amount` is in `currency` (none given: the company's), which is worth `rate` (none given: the day's); what it comes to in
    company currency is shared. A credit note takes back at the currency and rate of what it credits (costing.md, rule 10).

    `shares` are typed by hand and go with the basis "manual"; lines without one bear nothing. A credit note has a negative
    amount and names in `credits_id` the landed cost that it takes back: it is shared over the lines that bear that one, in
    proportion to what they still bear (or by hand), whatever `basis` and `receipt_ids` say.
    """

    landed_cost_id: UUID
    kind: str
    dated_on: date
    amount: Decimal
    basis: str
    receipt_ids: tuple[UUID, ...]
    supplier_id: UUID | None = None
    reference: str = ""
    shares: tuple[ManualShare, ...] = ()
    credits_id: UUID | None = None
    currency: str = ""
    rate: Decimal | None = None

    def run(self, session: Session, ctx: Context) -> None:
        self._refuse_bad_input(session, ctx)
        open_period(session, ctx, self.dated_on)
        credited = self._credited(session, ctx)
        exchange = self._exchange(session, ctx, credited)
        self._refuse_places(exchange)
        borne = still_borne(session, ctx.company_id, credited.id) if credited is not None else {}
        if credited is None:
            lines = self._lines_of_receipts(session, ctx)
            amount = exchange.in_company(self.amount)
        else:
            lines = lines_with_ids(session, ctx.company_id, list(borne))
            amount = self._taken_back(session, ctx, credited, borne, exchange)
        self._refuse_bad_shares(lines, borne, amount)
        minor = minor_unit(exchange.company_places)
        amounts: Sequence[Decimal] = ()
        if ctx.at_centre:
            bases = [] if self.shares or borne else bases_of(session, ctx.company_id, self.basis, lines)
            typed = {share.receipt_line_id: share.amount for share in self.shares}
            amounts = amounts_of(amount, [one.line.id for one in lines], minor, bases, typed, borne).amounts
        landed_cost = LandedCost(
            company_id=ctx.company_id,
            id=self.landed_cost_id,
            number=give_number(session, ctx, "landed_cost", self.dated_on),
            kind=self.kind,
            supplier_id=self.supplier_id,
            dated_on=self.dated_on,
            amount=amount,
            currency=exchange.currency,
            rate=exchange.rate,
            amount_in_currency=self.amount,
            basis=self.basis,
            credits_id=self.credits_id,
            reference=self.reference,
            status="posted",
        )
        session.add(landed_cost)
        if ctx.at_centre:
            self._post(session, ctx, landed_cost, exchange, lines, amounts)

    def _refuse_bad_input(self, session: Session, ctx: Context) -> None:
        if self.kind not in LANDED_COST_KINDS:
            raise UnknownChoice(value=self.kind, choices=", ".join(LANDED_COST_KINDS))
        if self.basis not in BASES:
            raise UnknownChoice(value=self.basis, choices=", ".join(BASES))
        if self.shares and self.basis != "manual":
            raise UnknownChoice(value=self.basis, choices="manual")
        if self.basis == "manual" and not self.shares:
            raise Required(field="shares")
        if not self.amount or (self.amount < 0 and self.credits_id is None):
            raise CreditNamesNoCost(amount=self.amount) if self.amount else AmountNotPositive(amount=self.amount)
        if self.currency:
            refuse_unknown_currency(session, ctx, self.currency)
        if not self.receipt_ids and self.credits_id is None:
            raise Required(field="receipts")
        if len(set(self.receipt_ids)) < len(self.receipt_ids):
            raise TwiceTheSameLine()
        if self.supplier_id is not None:
            supplier = find(session, ctx, Party, self.supplier_id)
            if not supplier.is_supplier and not supplier.is_carrier:
                raise NotASupplier(party=supplier.name)

    def _credited(self, session: Session, ctx: Context) -> LandedCost | None:
        """The landed cost that a credit note takes back."""
        if self.credits_id is None:
            return None
        credited = find(session, ctx, LandedCost, self.credits_id)
        number = credited.number or ""
        if self.amount > 0:
            raise CreditNotNegative(landed_cost=number, amount=self.amount)
        if credited.credits_id is not None:
            raise NotCreditable(landed_cost=number)
        if self.dated_on < credited.dated_on:
            raise CreditBeforeCost(landed_cost=number, dated_on=credited.dated_on)
        return credited

    def _exchange(self, session: Session, ctx: Context, credited: LandedCost | None) -> Exchange:
        """Of the bill; a credit note has that of what it takes back."""
        company = company_of(session, ctx)
        if credited is None:
            return exchange_at(session, ctx, self.currency or company.currency, self.dated_on, self.rate)
        if self.currency not in ("", credited.currency) or self.rate not in (None, credited.rate):
            raise CreditAtAnotherRate(
                landed_cost=credited.number or "", currency=credited.currency, rate=credited.rate.normalize()
            )
        return exchange_of(company, credited.currency, credited.rate)

    def _refuse_places(self, exchange: Exchange) -> None:
        amounts = [(share.amount, exchange.company_places) for share in self.shares]
        for amount, places in [(self.amount, exchange.places), *amounts]:
            if round_money(amount, places) != amount:
                raise NumberRefused(value=amount, places=places)

    def _taken_back(
        self, session: Session, ctx: Context, credited: LandedCost, borne: dict[UUID, Decimal], exchange: Exchange
    ) -> Decimal:
        """What a credit note comes to in company currency: all that is left once all that is owed is credited."""
        amount = exchange.in_company(self.amount)
        if not borne:  # a desk that does not know the shares yet leaves it to the centre
            return amount
        open_amount = still_owed(session, ctx.company_id, credited.id)
        if -self.amount > open_amount:
            raise OverCredit(asked=-self.amount, open=open_amount, landed_cost=credited.number or "")
        left = -sum(borne.values(), ZERO)
        return left if -self.amount == open_amount else max(amount, left)

    def _lines_of_receipts(self, session: Session, ctx: Context) -> list[BearingLine]:
        receipts = find_all(session, ctx, GoodsReceipt, self.receipt_ids)
        for receipt in receipts.values():
            if receipt.status != "posted":
                raise WrongState(document=receipt.number or "", status=receipt.status)
            if self.dated_on < receipt.received_on:
                raise BeforeReceipt(receipt=receipt.number or "", received_on=receipt.received_on)
        lines = stocked_lines(session, ctx.company_id, self.receipt_ids)
        if not lines:
            raise NothingStocked()
        return lines

    def _refuse_bad_shares(self, lines: Sequence[BearingLine], borne: dict[UUID, Decimal], amount: Decimal) -> None:
        if not lines:
            return  # a desk that does not know yet what bears the credited cost leaves it to the centre
        known = {bearing.line.id for bearing in lines}
        if len({share.receipt_line_id for share in self.shares}) < len(self.shares):
            raise TwiceTheSameLine()
        for share in self.shares:
            if share.receipt_line_id not in known:
                raise NotFound(kind="goods receipt line")
            if (share.amount < 0) != (self.amount < 0) and share.amount:
                wrong = AmountNegative if self.amount > 0 else ShareAboveZero
                raise wrong(amount=share.amount)
            if self.credits_id is not None and -share.amount > borne[share.receipt_line_id]:
                raise ShareOverCredit(asked=-share.amount, open=borne[share.receipt_line_id])
        total = sum((share.amount for share in self.shares), ZERO)
        if self.shares and total != amount:
            raise SharesDiffer(shares=total, amount=amount)

    def _post(
        self,
        session: Session,
        ctx: Context,
        landed_cost: LandedCost,
        exchange: Exchange,
        lines: Sequence[BearingLine],
        amounts: Sequence[Decimal],
    ) -> None:
        document = ("landed_cost", landed_cost.id)
        late = [LateValue(bearing.move, share) for bearing, share in zip(lines, amounts, strict=True) if share]
        splits = add_late_value(session, ctx, late, AdjustmentKind.LANDED_COST, self.dated_on, document)
        rows = []
        for line_no, (bearing, share) in enumerate(zip(lines, amounts, strict=True), start=1):
            rows.append(
                {
                    "id": ctx.new_centre_id(),
                    "landed_cost_id": landed_cost.id,
                    "line_no": line_no,
                    "receipt_line_id": bearing.line.id,
                    "amount": share,
                    **asdict(splits.get(bearing.move.id, Split(ZERO, ZERO))),
                }
            )
        append_rows(session, ctx, LandedCostShare, rows)
        event = LandedCostEntered(
            tuple(late_cost(value.move, splits[value.move.id], self.supplier_id) for value in late),
            billed_by=self.supplier_id,
            in_currency=exchange.beside(self.amount),
        )
        post(session, ctx, event, self.dated_on, document, text=landed_cost.number or "")
