"""Buying in a foreign currency: stock at the receipt's rate, price differences to stock and cost of sales, rate differences to
exchange gain or loss (costing.md, rule 10; IAS 21.21, IAS 2.11)."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.exchanging import SaveExchangeRate
from erp_desktop.actions.landed_costs import EnterLandedCost, ManualShare
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrices
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.supplier_returns import ReturnToSupplier, SentBackLine
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.costing import CostPool
from erp_desktop.models.ledger import AccountPurpose, JournalEntry, JournalLine
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    PriceCorrectionLine,
    PurchaseOrder,
    SupplierReturn,
)
from erp_desktop.numbers import ZERO, round_money
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.currencies import KnownCurrencies, RateOn, SupplierCurrency
from erp_desktop.queries.doctor import examine
from erp_desktop.queries.order_entry import LastPurchasePrices, PriceWanted
from erp_desktop.queries.purchasing import PurchaseOrders
from erp_desktop.queries.receipt_prices import ReceiptPrices
from erp_desktop.queries.supplier_returns import ReturnableReceipt, SupplierReturnDetail

MARCH_1 = date(2026, 3, 1)


def rate_of(company: SmallCompany, currency: str, rate: str, on: date = MARCH_1) -> UUID:
    rate_id = new_id()
    company.perform(SaveExchangeRate(rate_id, currency, on, Decimal(rate)))
    return rate_id


def order(company: SmallCompany, currency: str, *lines: tuple[str, str, str]) -> UUID:
    """A confirmed order in `currency` of (product code, qty, unit price)."""
    order_id = new_id()
    wanted = tuple(
        PurchaseLine(derived_id("line", order_id, str(place)), company.product(code), Decimal(qty), Decimal(price))
        for place, (code, qty, price) in enumerate(lines)
    )
    company.perform(
        SavePurchaseOrder(order_id, company.supplier, company.warehouse, TODAY, TODAY, wanted, currency=currency),
        ConfirmPurchaseOrder(order_id),
    )
    return order_id


def receive(company: SmallCompany, order_id: UUID, qty: str, rate: str = "", on: date = TODAY) -> UUID:
    receipt_id = new_id()
    counted = (ReceivedLine(derived_id("line", order_id, "0"), Decimal(qty)),)
    stated = Decimal(rate) if rate else None
    company.perform(ReceiveGoods(receipt_id, order_id, on, counted, rate=stated))
    return receipt_id


def line_of(company: SmallCompany, receipt: UUID) -> UUID:
    with company.session() as session:
        return session.scalars(select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt)).one()


def invoice(company: SmallCompany, receipt: UUID, price: str, rate: str = "", on: date = TODAY) -> UUID:
    correction = new_id()
    corrected = (CorrectedPrice(line_of(company, receipt), Decimal(price)),)
    stated = Decimal(rate) if rate else None
    company.perform(CorrectReceiptPrices(correction, receipt, on, corrected, "INV-1", on, rate=stated))
    return correction


def sell(company: SmallCompany, code: str, qty: str) -> None:
    order_id = company.sales_order((code, qty, "100"))
    company.allocate(order_id)
    company.ship(order_id)


@dataclass(frozen=True)
class OnAccount:
    amount: Decimal  # debit less credit, company currency
    in_currency: Decimal  # the same in the document's currency


def posted(company: SmallCompany, event: str) -> dict[str, OnAccount]:
    with company.session() as session:
        rows = session.execute(
            select(AccountPurpose.purpose, JournalLine)
            .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
            .join(AccountPurpose, AccountPurpose.account_id == JournalLine.account_id)
            .where(JournalEntry.event == event)
        ).all()
    sums: dict[str, OnAccount] = {}
    for purpose, line in rows:
        before = sums.get(purpose, OnAccount(ZERO, ZERO))
        beside = (line.amount_in_currency or ZERO) * (1 if line.debit else -1)
        sums[purpose] = OnAccount(before.amount + line.debit - line.credit, before.in_currency + beside)
    return {purpose: both for purpose, both in sums.items() if both != OnAccount(ZERO, ZERO)}


def amounts(company: SmallCompany, event: str) -> dict[str, Decimal]:
    return {purpose: both.amount for purpose, both in posted(company, event).items()}


def stock_value(company: SmallCompany, code: str) -> Decimal:
    with company.session() as session:
        pools = select(CostPool.value).where(CostPool.product_id == company.products[code])
        return sum(session.scalars(pools), ZERO)


def nothing_found(company: SmallCompany) -> bool:
    with company.session() as session:
        return not examine(session, company.company_id)


def test_stock_is_valued_at_the_rate_of_the_receipts_day(company: SmallCompany) -> None:
    rate_of(company, "USD", "7.05", date(2026, 2, 1))
    rate_of(company, "USD", "7.10", date(2026, 3, 10))
    rate_of(company, "USD", "7.30", TODAY + timedelta(days=1))
    receipt = receive(company, order(company, "USD", ("CUP", "10", "8.00")), "10")

    assert stock_value(company, "CUP") == Decimal("568.00")
    assert posted(company, "goods_receipt") == {
        "inventory": OnAccount(Decimal("568.00"), ZERO),
        "goods_received_not_invoiced": OnAccount(Decimal("-568.00"), Decimal("-80.00")),
    }
    with company.session() as session:
        stored = session.get_one(GoodsReceipt, (company.company_id, receipt))
        assert (stored.currency, stored.rate) == ("USD", Decimal("7.10"))
        currencies = session.scalars(select(JournalLine.currency).where(JournalLine.currency.is_not(None)))
        assert set(currencies) == {"USD"}
    assert nothing_found(company)


def test_a_rate_that_is_typed_on_the_receipt_goes_before_the_days(company: SmallCompany) -> None:
    rate_of(company, "USD", "7.10")
    receive(company, order(company, "USD", ("CUP", "10", "8.00")), "10", rate="7.2")
    assert stock_value(company, "CUP") == Decimal("576.00")


def test_a_line_is_rounded_in_the_orders_currency_and_once_more_in_the_companys(company: SmallCompany) -> None:
    rate_of(company, "JPY", "0.0473")
    order_id = order(company, "JPY", ("CUP", "3", "33.5"))
    with company.session() as session:
        assert session.get_one(PurchaseOrder, (company.company_id, order_id)).total == Decimal(101)  # 100.5, no sen
    receive(company, order_id, "3")
    # 101 x 0.0473 = 4.7773
    assert posted(company, "goods_receipt")["goods_received_not_invoiced"] == OnAccount(Decimal("-4.78"), Decimal(-101))
    assert nothing_found(company)


def test_an_invoice_at_another_price_and_rate_keeps_the_two_differences_apart(company: SmallCompany) -> None:
    rate_of(company, "USD", "7.10")
    receipt = receive(company, order(company, "USD", ("CUP", "10", "8.00")), "10")
    sell(company, "CUP", "4")
    correction = invoice(company, receipt, "8.50", "7.20")

    # price: 5.00 x 7.10 = 35.50, six of ten pieces are there still; rate: 85.00 x 0.10
    assert amounts(company, "receipt_price") == {
        "inventory": Decimal("21.30"),
        "cost_of_sales": Decimal("14.20"),
        "exchange_difference": Decimal("8.50"),
        "goods_received_not_invoiced": Decimal("-44.00"),
    }
    assert stock_value(company, "CUP") == Decimal("340.80") + Decimal("21.30")
    with company.session() as session:
        line = session.scalars(select(PriceCorrectionLine).where(PriceCorrectionLine.correction_id == correction)).one()
        assert (line.price_before, line.amount_difference) == (Decimal("8.00"), Decimal("5.00"))
        assert (line.difference, line.exchange_difference) == (Decimal("35.50"), Decimal("8.50"))
    both = [posted(company, event)["goods_received_not_invoiced"] for event in ("goods_receipt", "receipt_price")]
    assert sum(one.amount for one in both) == Decimal("-612.00")  # what is owed: USD 85.00 at 7.20
    assert sum(one.in_currency for one in both) == Decimal("-85.00")
    assert nothing_found(company)


def test_an_invoice_at_the_same_price_leaves_stock_as_it_is(company: SmallCompany) -> None:
    rate_of(company, "USD", "7.10")
    receipt = receive(company, order(company, "USD", ("CUP", "10", "8.00")), "10")
    invoice(company, receipt, "8.00", "7.00")
    assert amounts(company, "receipt_price") == {
        "exchange_difference": Decimal("-8.00"),  # a gain
        "goods_received_not_invoiced": Decimal("8.00"),
    }
    assert stock_value(company, "CUP") == Decimal("568.00")
    assert nothing_found(company)


def test_a_second_correction_counts_from_the_first(company: SmallCompany) -> None:
    rate_of(company, "USD", "7.10")
    receipt = receive(company, order(company, "USD", ("CUP", "10", "8.00")), "10")
    invoice(company, receipt, "8.50", "7.20")
    invoice(company, receipt, "8.10", "7.15")
    # in the end USD 81.00: 575.10 at the receipt's rate in stock, 0.05 x 81.00 lost by the rate
    assert stock_value(company, "CUP") == Decimal("575.10")
    assert amounts(company, "receipt_price") == {
        "inventory": Decimal("7.10"),
        "exchange_difference": Decimal("4.05"),
        "goods_received_not_invoiced": Decimal("-11.15"),
    }
    assert nothing_found(company)


def test_before_it_is_posted_the_page_tells_both_differences(company: SmallCompany) -> None:
    rate_of(company, "USD", "7.10")
    receipt = receive(company, order(company, "USD", ("CUP", "10", "8.00")), "10")
    sell(company, "CUP", "4")
    with company.session() as session:
        (line,) = ReceiptPrices(receipt).run(session, company.company_id).prices
        told = line.effect_of(Decimal("8.50"), TODAY, Decimal("7.20"))
    assert line.unit_price == Decimal("8.00")
    assert (told.difference, told.exchange_difference) == (Decimal("35.50"), Decimal("8.50"))
    assert (told.to_inventory, told.to_cost_of_sales) == (Decimal("21.30"), Decimal("14.20"))
    assert line.effect_of(Decimal("8.50"), TODAY).exchange_difference is None


def test_the_credit_for_a_return_has_its_own_rate(company: SmallCompany) -> None:
    rate_of(company, "USD", "7.10")
    receipt = receive(company, order(company, "USD", ("CUP", "10", "8.00")), "10")
    return_id = new_id()
    sent = (SentBackLine(line_of(company, receipt), Decimal(4), Decimal("7.50")),)
    company.perform(ReturnToSupplier(return_id, receipt, TODAY, sent, rate=Decimal("7.20")))

    # cost 227.20; credit USD 30.00: 213.00 at the receipt's rate, 216.00 at its own
    assert posted(company, "supplier_return") == {
        "inventory": OnAccount(Decimal("-227.20"), ZERO),
        "purchase_price_variance": OnAccount(Decimal("14.20"), ZERO),
        "exchange_difference": OnAccount(Decimal("-3.00"), ZERO),
        "goods_received_not_invoiced": OnAccount(Decimal("216.00"), Decimal("30.00")),
    }
    with company.session() as session:
        shown = SupplierReturnDetail(return_id).run(session, company.company_id)
        assert (shown.currency, shown.rate, shown.total) == ("USD", Decimal("7.20"), Decimal("30.00"))
        assert (shown.lines[0].value, shown.lines[0].exchange_difference) == (Decimal("216.00"), Decimal("3.00"))
        assert session.get_one(SupplierReturn, (company.company_id, return_id)).total == Decimal("30.00")
        (line,) = ReturnableReceipt(receipt).run(session, company.company_id).returnable
        assert line.unit_price == Decimal("8.00")  # proposed as it was ordered
    assert nothing_found(company)


def freight(
    company: SmallCompany, receipt: UUID, amount: str, currency: str = "", rate: str = "", credits: UUID | None = None
) -> UUID:
    cost_id = new_id()
    stated = Decimal(rate) if rate else None
    receipts = () if credits else (receipt,)
    company.perform(
        EnterLandedCost(
            cost_id,
            "freight",
            TODAY,
            Decimal(amount),
            "value",
            receipts,
            credits_id=credits,
            currency=currency,
            rate=stated,
        )
    )
    return cost_id


def test_freight_is_billed_in_another_currency_than_the_goods(company: SmallCompany) -> None:
    rate_of(company, "USD", "7.10")
    rate_of(company, "JPY", "0.0473")
    receipt = receive(company, order(company, "USD", ("CUP", "10", "8.00")), "10")
    sell(company, "CUP", "4")
    cost = freight(company, receipt, "2000", "JPY")
    # 2000 x 0.0473 = 94.60, six of ten pieces are there still
    assert posted(company, "landed_cost") == {
        "inventory": OnAccount(Decimal("56.76"), ZERO),
        "cost_of_sales": OnAccount(Decimal("37.84"), ZERO),
        "landed_cost_clearing": OnAccount(Decimal("-94.60"), Decimal(-2000)),
    }
    with company.session() as session:
        stored = session.get_one(LandedCost, (company.company_id, cost))
        assert (stored.amount, stored.currency, stored.rate) == (Decimal("94.60"), "JPY", Decimal("0.0473"))
        assert stored.amount_in_currency == 2000
    assert nothing_found(company)


def test_a_credit_note_takes_back_at_the_rate_of_the_bill_to_the_cent(company: SmallCompany) -> None:
    rate_of(company, "JPY", "0.0473")
    receipt = receive(company, order(company, "CNY", ("CUP", "10", "8.00")), "10")
    cost = freight(company, receipt, "100", "JPY")  # 4.73
    rate_of(company, "JPY", "0.05", TODAY)
    for part in ("-33", "-33"):  # 1.56 each
        freight(company, receipt, part, credits=cost)
    with pytest.raises(ActionRefused) as refused:
        freight(company, receipt, "-35", credits=cost)
    assert refused.value.code == "over_credit"
    with pytest.raises(ActionRefused) as refused:
        freight(company, receipt, "-34", "JPY", "0.05", credits=cost)
    assert refused.value.code == "credit_at_another_rate"
    assert "0.0473" in refused.value.problem.sentence
    freight(company, receipt, "-34", "JPY", "0.0473", credits=cost)
    assert stock_value(company, "CUP") == Decimal("80.00")
    assert posted(company, "landed_cost") == {}
    assert nothing_found(company)


def test_a_bill_has_no_more_decimals_than_its_currency_and_shares_by_hand_are_in_company_currency(
    company: SmallCompany,
) -> None:
    rate_of(company, "JPY", "0.0473")
    receipt = receive(company, order(company, "CNY", ("CUP", "10", "8.00")), "10")
    with pytest.raises(ActionRefused) as refused:
        freight(company, receipt, "100.5", "JPY")
    assert refused.value.code == "number"
    with pytest.raises(ActionRefused) as refused:
        freight(company, receipt, "100", "EUR")
    assert refused.value.code == "no_exchange_rate"
    line = line_of(company, receipt)

    def by_hand(share: str) -> EnterLandedCost:
        shares = (ManualShare(line, Decimal(share)),)
        return EnterLandedCost(
            new_id(), "duty", TODAY, Decimal(100), "manual", (receipt,), shares=shares, currency="JPY"
        )

    with pytest.raises(ActionRefused) as refused:
        company.perform(by_hand("100"))
    assert refused.value.code == "shares_differ"
    company.perform(by_hand("4.73"))
    assert stock_value(company, "CUP") == Decimal("84.73")


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_price_and_rate_stay_apart(company: SmallCompany, seed: int) -> None:
    """Random receipts, sales, invoices, returns and freight of one product: each receipt is owed as its last invoice says, and stock
    never holds anything of a rate."""
    chance = random.Random(seed)
    rates = {
        "USD": ("7.0812345678", "7.2999", "6.95"),
        "JPY": ("0.0473", "0.05", "0.0451119"),
        "KWD": ("23.4567", "22.9"),
    }
    prices = {"USD": ("8.00", "8.333333"), "JPY": ("111", "117.5"), "KWD": ("2.5", "2.499")}
    owed: dict[UUID, Decimal] = {}
    on_hand = 0
    for _ in range(5):
        currency = chance.choice(sorted(rates))
        qty = chance.randint(1, 9)
        bought = order(company, currency, ("CUP", str(qty), chance.choice(prices[currency])))
        receipt = receive(company, bought, str(qty), chance.choice(rates[currency]))
        with company.session() as session:
            amount = session.get_one(PurchaseOrder, (company.company_id, bought)).total
            rate = session.get_one(GoodsReceipt, (company.company_id, receipt)).rate
        owed[receipt] = round_money(amount * rate, 2)
        on_hand += qty
        if chance.random() < 0.6:
            sold = chance.randint(1, on_hand)
            sell(company, "CUP", str(sold))
            on_hand -= sold
        for _ in range(chance.randint(0, 2)):
            price, rate = chance.choice(prices[currency]), Decimal(chance.choice(rates[currency]))
            invoice(company, receipt, price, str(rate))
            places = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
            owed[receipt] = round_money(round_money(Decimal(price) * qty, places) * rate, 2)
        if chance.random() < 0.4:
            freight(company, receipt, "77", currency, chance.choice(rates[currency]))
    events = [amounts(company, event) for event in ("goods_receipt", "receipt_price")]
    assert sum(one.get("goods_received_not_invoiced", ZERO) for one in events) == -sum(owed.values())
    with company.session() as session:
        rate_only = select(JournalLine).join(AccountPurpose, AccountPurpose.account_id == JournalLine.account_id)
        lost = session.scalars(rate_only.where(AccountPurpose.purpose == "exchange_difference")).all()
        corrected = session.scalars(select(PriceCorrectionLine.exchange_difference)).all()
        assert sum(line.debit - line.credit for line in lost) == sum(corrected)
    assert nothing_found(company)


def test_without_a_rate_nothing_is_received_invoiced_or_sent_back(company: SmallCompany) -> None:
    order_id = order(company, "EUR", ("CUP", "10", "8.00"))
    with pytest.raises(ActionRefused) as refused:
        receive(company, order_id, "10")
    assert refused.value.code == "no_exchange_rate"
    assert "EUR" in refused.value.problem.sentence
    rate_of(company, "EUR", "7.9", TODAY + timedelta(days=1))  # only from tomorrow on
    with pytest.raises(ActionRefused, match="no exchange rate of EUR"):
        receive(company, order_id, "10")
    receipt = receive(company, order_id, "10", rate="7.8")
    with pytest.raises(ActionRefused, match="no exchange rate"):
        invoice(company, receipt, "8.50")
    sent = (SentBackLine(line_of(company, receipt), Decimal(1), Decimal(8)),)
    with pytest.raises(ActionRefused, match="no exchange rate"):
        company.perform(ReturnToSupplier(new_id(), receipt, TODAY, sent))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda company: rate_of(company, "USD", "0"), "rate_not_positive"),
        (lambda company: rate_of(company, "USD", "-7"), "rate_not_positive"),
        (lambda company: rate_of(company, "USD", "NaN"), "rate_not_positive"),
        (lambda company: rate_of(company, "USD", "Infinity"), "rate_not_positive"),
        (lambda company: rate_of(company, "CNY", "1"), "own_currency"),
        (lambda company: rate_of(company, "XYZ", "1"), "no_such_currency"),
        (lambda company: order(company, "usd", ("CUP", "1", "1")), "no_such_currency"),
        (lambda company: receive(company, order(company, "USD", ("CUP", "1", "1")), "1", "0"), "rate_not_positive"),
        (lambda company: receive(company, order(company, "CNY", ("CUP", "1", "1")), "1", "7"), "own_currency"),
    ],
)
def test_rates_and_currencies_without_sense_are_refused(
    company: SmallCompany, change: Callable[[SmallCompany], object], code: str
) -> None:
    with pytest.raises(ActionRefused) as refused:
        change(company)
    assert refused.value.code == code


def test_a_day_has_one_rate_of_a_currency_that_can_be_put_right(company: SmallCompany) -> None:
    rate_id = rate_of(company, "USD", "7.10")
    with pytest.raises(ActionRefused) as refused:
        rate_of(company, "USD", "7.11")
    assert refused.value.code == "already_there"
    company.perform(SaveExchangeRate(rate_id, "USD", MARCH_1, Decimal("7.1234567891")))
    with company.session() as session:
        assert RateOn("USD", TODAY).run(session, company.company_id) == Decimal("7.1234567891")
        assert RateOn("USD", MARCH_1 - timedelta(days=1)).run(session, company.company_id) is None


def test_an_order_takes_the_suppliers_currency_unless_it_says_another(company: SmallCompany) -> None:
    company.perform(
        SaveParty(party_id=company.supplier, code="S1", name="Ohio Plastics", is_supplier=True, currency="USD")
    )
    rate_of(company, "EUR", "7.9")
    usual, other = order(company, "", ("CUP", "1", "1")), order(company, "CNY", ("CUP", "2", "3"))
    with company.session() as session:
        currency = {row.id: row.currency for row in session.scalars(select(PurchaseOrder))}
        assert (currency[usual], currency[other]) == ("USD", "CNY")
        assert SupplierCurrency(company.supplier).run(session, company.company_id) == "USD"
        known = KnownCurrencies().run(session, company.company_id)
        assert (known.own, known.foreign) == ("CNY", ("EUR", "USD"))
        cup = PriceWanted(company.products["CUP"])
        assert LastPurchasePrices((cup,), company.supplier, "USD").run(session, company.company_id) == (Decimal(1),)


def test_different_currencies_are_never_added(company: SmallCompany) -> None:
    order(company, "USD", ("CUP", "10", "8"))
    order(company, "CNY", ("CUP", "10", "57"))
    order(company, "USD", ("CUP", "1", "8.5"))
    with company.session() as session:
        page = PurchaseOrders(ListRequest()).run(session, company.company_id)
    assert {currency: sums["total"] for currency, sums in page.totals_by_currency.items()} == {
        "USD": Decimal("88.50"),
        "CNY": Decimal("570.00"),
    }
    assert "total" not in page.totals


def test_the_companys_own_currency_stays_as_it_was(company: SmallCompany) -> None:
    receipt = receive(company, order(company, "CNY", ("CUP", "10", "8")), "10")
    invoice(company, receipt, "8.5")
    assert amounts(company, "receipt_price") == {
        "inventory": Decimal("5.00"),
        "goods_received_not_invoiced": Decimal("-5.00"),
    }
    with company.session() as session:
        stored = session.get_one(GoodsReceipt, (company.company_id, receipt))
        assert (stored.currency, stored.rate) == ("CNY", Decimal(1))
        assert not session.scalars(select(JournalLine.id).where(JournalLine.currency.is_not(None))).all()
