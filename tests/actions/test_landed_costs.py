"""Freight, duty and insurance of many receipts: shared by what is chosen or typed by hand, and credited again."""

import json
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.base import action_args, read_action
from erp_desktop.actions.landed_costs import EnterLandedCost, ManualShare
from erp_desktop.actions.price_corrections import CorrectedPrice, CorrectReceiptPrice, CorrectReceiptPrices
from erp_desktop.ids import new_id
from erp_desktop.models.ledger import JournalEntry
from erp_desktop.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    LandedCostShare,
    PriceCorrection,
    PriceCorrectionLine,
)
from erp_desktop.queries.doctor import examine


def lines_of(company: SmallCompany, *receipts: UUID) -> list[UUID]:
    with company.session() as session:
        rows = session.execute(
            select(GoodsReceiptLine.receipt_id, GoodsReceiptLine.id).order_by(GoodsReceiptLine.line_no)
        ).all()
        return [line for receipt in receipts for of_receipt, line in rows if of_receipt == receipt]


def freight(company: SmallCompany, amount: str, basis: str, *receipts: UUID, **more: object) -> UUID:
    cost_id = new_id()
    on = more.pop("on", TODAY)
    company.perform(EnterLandedCost(cost_id, "freight", on, Decimal(amount), basis, receipts, **more))  # type: ignore[arg-type]
    return cost_id


def shares_of(company: SmallCompany, cost_id: UUID) -> dict[UUID, Decimal]:
    with company.session() as session:
        rows = session.execute(
            select(LandedCostShare.receipt_line_id, LandedCostShare.amount).where(
                LandedCostShare.landed_cost_id == cost_id
            )
        )
        return dict(rows.all())


def no_differences(company: SmallCompany) -> bool:
    with company.session() as session:
        return examine(session, company.company_id) == ()


def two_receipts(company: SmallCompany) -> tuple[UUID, UUID]:
    """Of two orders: 10 bottles at 3.00, then 20 caps at 1.00 and 5 lids at 2.00."""
    company.product("BTL", weight_kg=Decimal("0.5"), volume_m3=Decimal("0.002"))
    company.product("CAP", weight_kg=Decimal("0.1"))
    company.product("LID")
    first = company.stock("BTL", "10", "3.00")
    second = company.receive(company.purchase_order(("CAP", "20", "1.00"), ("LID", "5", "2.00")), "20", "5")
    return first, second


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("value", ["30", "20", "10"]),
        ("qty", ["17.14", "34.29", "8.57"]),
        ("weight", ["42.86", "17.14", "0"]),
        ("volume", ["60", "0", "0"]),
        ("equal", ["20", "20", "20"]),
    ],
)
def test_one_cost_is_shared_over_the_lines_of_many_receipts(
    company: SmallCompany, basis: str, expected: list[str]
) -> None:
    receipts = two_receipts(company)
    shares = shares_of(company, freight(company, "60.00", basis, *receipts))
    assert [shares[line] for line in lines_of(company, *receipts)] == [Decimal(share) for share in expected]
    assert no_differences(company)


def test_shares_typed_by_hand_stand_as_they_were_typed(company: SmallCompany) -> None:
    receipts = two_receipts(company)
    bottle, cap, lid = lines_of(company, *receipts)
    typed = (ManualShare(lid, Decimal("40.00")), ManualShare(bottle, Decimal("20.00")))
    shares = shares_of(company, freight(company, "60.00", "manual", *receipts, shares=typed))
    assert shares == {bottle: 20, cap: 0, lid: 40}
    assert no_differences(company)


def test_a_basis_of_nothing_is_shared_in_equal_parts(company: SmallCompany) -> None:
    company.product("LID")
    receipt = company.receive(company.purchase_order(("LID", "5", "2.00"), ("CAP", "5", "2.00")), "5", "5")
    shares = shares_of(company, freight(company, "10.01", "weight", receipt))
    assert sorted(shares.values()) == [Decimal("5.00"), Decimal("5.01")]


BAD = {
    "shares that do not add up": ("60.00", ("manual", ["10", "20", "29.99"]), "shares add up to 59.99, but 60 are"),
    "a share below zero": ("60.00", ("manual", ["-10", "50", "20"]), "-10 may not be below zero here"),
    "no shares": ("60.00", ("manual", []), "Share of each line is missing"),
    "shares with another basis": ("60.00", ("value", ["60"]), "value is not one of: manual"),
    "a share of a tenth of a cent": (
        "60.00",
        ("manual", ["59.999", "0.001"]),
        "59.999 is not a number that can be kept",
    ),
    "nothing": ("0", ("value", []), "The amount 0 must be above zero"),
    "less than nothing": ("-5.00", ("value", []), "-5 is below zero: a credit note names the landed cost"),
    "a tenth of a cent": ("0.001", ("value", []), "0.001 is not a number that can be kept with 2 decimal places"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_landed_cost_is_refused_and_nothing_is_written(company: SmallCompany, what: str) -> None:
    amount, (basis, typed), sentence = BAD[what]
    receipts = two_receipts(company)
    lines = lines_of(company, *receipts)
    shares = tuple(ManualShare(line, Decimal(share)) for line, share in zip(lines, typed, strict=False))
    with pytest.raises(ActionRefused, match=sentence):
        freight(company, amount, basis, *receipts, shares=shares)
    with company.session() as session:
        assert session.scalars(select(LandedCost)).all() == []
    assert no_differences(company)


def test_a_share_of_a_receipt_that_does_not_bear_the_cost_is_refused(company: SmallCompany) -> None:
    first, second = two_receipts(company)
    (bottle, *_) = lines_of(company, first)
    with pytest.raises(ActionRefused, match="line of the goods receipt that this names is not here"):
        freight(company, "5", "manual", second, shares=(ManualShare(bottle, Decimal(5)),))


def test_a_cost_before_a_receipt_or_on_a_cancelled_one_or_on_services_is_refused(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "3.00")
    with pytest.raises(ActionRefused, match="GR-2026-0001 came on 2026-03-16; its cost cannot be dated before"):
        freight(company, "5", "value", receipt, on=TODAY - timedelta(days=1))
    company.product("SVC", is_stocked=False)
    service = company.stock("SVC", "1", "3.00")
    with pytest.raises(ActionRefused, match="brought no stock that could bear the cost"):
        freight(company, "5", "value", service)
    with company.session() as session:
        session.get_one(GoodsReceipt, (company.company_id, receipt)).status = "cancelled"
        session.commit()
    with pytest.raises(ActionRefused, match="GR-2026-0001 is cancelled"):
        freight(company, "5", "value", receipt)


def test_a_credit_note_takes_back_what_each_line_bears(company: SmallCompany) -> None:
    receipts = two_receipts(company)
    bottle, cap, lid = lines_of(company, *receipts)
    cost = freight(company, "60.00", "value", *receipts)
    part = freight(company, "-20.00", "value", credits_id=cost)
    assert shares_of(company, part) == {bottle: -10, cap: Decimal("-6.67"), lid: Decimal("-3.33")}
    by_hand = freight(company, "-5.00", "manual", credits_id=cost, shares=(ManualShare(lid, Decimal("-5.00")),))
    assert shares_of(company, by_hand) == {bottle: 0, cap: 0, lid: -5}
    with pytest.raises(ActionRefused, match=r"35\.01 are to be credited, but only 35 of LC-2026-0001 are left"):
        freight(company, "-35.01", "value", credits_id=cost)
    rest = freight(company, "-35.00", "value", credits_id=cost)
    assert shares_of(company, rest) == {bottle: -20, cap: Decimal("-13.33"), lid: Decimal("-1.67")}
    assert no_differences(company)


def test_a_credit_note_is_for_a_landed_cost_and_lowers_it(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "3.00")
    cost = freight(company, "5.00", "value", receipt)
    with pytest.raises(ActionRefused, match="lowers LC-2026-0001, so its amount is below zero; 5 is not"):
        freight(company, "5.00", "value", credits_id=cost)
    with pytest.raises(ActionRefused, match="LC-2026-0001 is dated 2026-03-16; its credit note cannot be dated before"):
        freight(company, "-5.00", "value", credits_id=cost, on=date(2026, 3, 15))
    credit = freight(company, "-1.00", "value", credits_id=cost)
    with pytest.raises(ActionRefused, match="LC-2026-0002 is a credit note itself"):
        freight(company, "-1.00", "value", credits_id=credit)
    (line,) = lines_of(company, receipt)
    shares = (ManualShare(line, Decimal(1)),)
    with pytest.raises(ActionRefused, match="The share 1 of a credit note must be below zero"):
        freight(company, "-1.00", "manual", credits_id=cost, shares=shares)
    with pytest.raises(ActionRefused, match="The landed cost that this names is not here"):
        freight(company, "-1.00", "value", credits_id=new_id())


def test_a_landed_cost_that_was_sent_before_shares_could_be_typed_is_still_read() -> None:
    sent = EnterLandedCost(new_id(), "duty", TODAY, Decimal("5.00"), "value", (new_id(),))
    old = json.loads(action_args(sent))
    del old["shares"], old["credits_id"]
    assert read_action("EnterLandedCost", 1, old) == sent


def test_several_prices_of_a_receipt_are_corrected_in_one_document(company: SmallCompany) -> None:
    receipt = company.receive(company.purchase_order(("BTL", "10", "3.00"), ("CAP", "20", "1.00")), "10", "20")
    company.ship(company.sales_order(("BTL", "4", "9")), "4")
    bottle, cap = lines_of(company, receipt)
    correction = new_id()
    company.perform(
        CorrectReceiptPrices(
            correction,
            receipt,
            TODAY,
            (CorrectedPrice(bottle, Decimal("3.50")), CorrectedPrice(cap, Decimal("0.90"))),
            invoice_number="HP-7731",
            invoiced_on=date(2026, 3, 14),
        )
    )
    with company.session() as session:
        made = session.get_one(PriceCorrection, (company.company_id, correction))
        assert (made.number, made.invoice_number, made.invoiced_on) == ("PC-2026-0001", "HP-7731", date(2026, 3, 14))
        lines = session.scalars(select(PriceCorrectionLine).order_by(PriceCorrectionLine.line_no)).all()
        assert [
            (line.price_before, line.unit_price, line.difference, line.to_inventory, line.to_cost_of_sales)
            for line in lines
        ] == [(3, Decimal("3.5"), 5, 3, 2), (1, Decimal("0.9"), -2, -2, 0)]
        (entry,) = session.scalars(select(JournalEntry).where(JournalEntry.event == "receipt_price"))
        assert (entry.document_kind, entry.document_id, entry.text) == ("price_correction", correction, "HP-7731")
    assert no_differences(company)


def test_the_next_correction_starts_from_the_last_one(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "3.00")
    (line,) = lines_of(company, receipt)
    company.perform(CorrectReceiptPrice(new_id(), line, Decimal("3.50"), TODAY, "HP-1"))
    company.perform(CorrectReceiptPrices(new_id(), receipt, TODAY, (CorrectedPrice(line, Decimal("3.20")),)))
    with company.session() as session:
        lines = session.scalars(select(PriceCorrectionLine).order_by(PriceCorrectionLine.tick)).all()
        assert [(row.price_before, row.difference) for row in lines] == [(3, 5), (Decimal("3.5"), -3)]
    assert no_differences(company)


def test_bad_price_corrections_are_refused(company: SmallCompany) -> None:
    receipt, other = company.stock("BTL", "10", "3.00"), company.stock("BTL", "10", "3.00")
    (line,), (foreign,) = lines_of(company, receipt), lines_of(company, other)

    def correct(*lines: CorrectedPrice, on: date = TODAY) -> None:
        company.perform(CorrectReceiptPrices(new_id(), receipt, on, lines))

    with pytest.raises(ActionRefused, match="There is no line yet"):
        correct()
    with pytest.raises(ActionRefused, match="One line is named twice"):
        correct(CorrectedPrice(line, Decimal(1)), CorrectedPrice(line, Decimal(2)))
    with pytest.raises(ActionRefused, match="-1 may not be below zero"):
        correct(CorrectedPrice(line, Decimal(-1)))
    with pytest.raises(ActionRefused, match="line of the goods receipt that this names"):
        correct(CorrectedPrice(foreign, Decimal(1)))
    with pytest.raises(ActionRefused, match="its cost cannot be dated before"):
        correct(CorrectedPrice(line, Decimal(1)), on=date(2026, 3, 15))
    with company.session() as session:
        assert session.scalars(select(PriceCorrection)).all() == []
