"""What a landed cost would do to each line, seen before it is entered: always what entering it then does."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.landed_costs import EnterLandedCost, ManualShare
from erp_desktop.ids import new_id
from erp_desktop.models.purchasing import LandedCostShare
from erp_desktop.queries.landed_cost_preview import LandedCostBearers, LinesToBear


def bearers(company: SmallCompany, *receipts: UUID, credits_id: UUID | None = None) -> LinesToBear:
    with company.session() as session:
        return LandedCostBearers(receipts, credits_id).run(session, company.company_id)


def entered(company: SmallCompany, cost_id: UUID) -> list[tuple[Decimal, Decimal, Decimal]]:
    with company.session() as session:
        shares = session.scalars(
            select(LandedCostShare).where(LandedCostShare.landed_cost_id == cost_id).order_by(LandedCostShare.line_no)
        )
        return [(one.amount, one.to_inventory, one.to_cost_of_sales) for one in shares]


def trade(company: SmallCompany, method: str) -> tuple[UUID, UUID]:
    """Two receipts of which some was sold and some went back."""
    company.product("BTL", method, weight_kg=Decimal("0.5"), volume_m3=Decimal("0.002"))
    company.product("CAP", method, weight_kg=Decimal("0.1"))
    first = company.stock("BTL", "10", "3.00")
    second = company.receive(company.purchase_order(("CAP", "20", "1.00"), ("BTL", "5", "3.50")), "20", "5")
    company.ship(company.sales_order(("BTL", "4", "20"), ("CAP", "20", "3")), "4", "20")
    return first, second


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average"])
@pytest.mark.parametrize("basis", ["value", "qty", "weight", "volume", "equal", "manual"])
def test_what_is_foreseen_is_what_entering_it_does(company: SmallCompany, method: str, basis: str) -> None:
    receipts = trade(company, method)
    lines = bearers(company, *receipts)
    amount = Decimal("100.01")
    typed = {line.id: share for line, share in zip(lines.lines, map(Decimal, ("50", "0", "50.01")), strict=True)}
    typed = typed if basis == "manual" else {}
    foreseen = lines.foresee(amount, basis, TODAY, typed)
    cost_id = new_id()
    shares = tuple(ManualShare(line_id, share) for line_id, share in typed.items())
    company.perform(EnterLandedCost(cost_id, "freight", TODAY, amount, basis, receipts, shares=shares))
    assert [(share.amount, share.to_inventory, share.to_cost_of_sales) for share in foreseen.shares] == entered(
        company, cost_id
    )
    if basis != "manual":
        assert lines.foresee(Decimal("0.001"), basis, TODAY).shares == ()  # finer than the currency: refused in words

    credited = bearers(company, credits_id=cost_id)
    foreseen = credited.foresee(Decimal("-60.00"), "value", TODAY)
    credit_id = new_id()
    company.perform(EnterLandedCost(credit_id, "freight", TODAY, Decimal("-60.00"), "value", (), credits_id=cost_id))
    assert [(share.amount, share.to_inventory, share.to_cost_of_sales) for share in foreseen.shares] == entered(
        company, credit_id
    )


def test_products_that_cannot_be_measured_are_named(company: SmallCompany) -> None:
    receipts = trade(company, "fifo")
    lines = bearers(company, *receipts)
    foreseen = lines.foresee(Decimal(10), "volume", TODAY)
    assert foreseen.unmeasured == ("CAP",)
    assert not foreseen.fell_back_to_equal
    company.product("LID")
    nothing = bearers(company, company.stock("LID", "3", "0")).foresee(Decimal(10), "weight", TODAY)
    assert nothing.fell_back_to_equal
    assert [share.amount for share in nothing.shares] == [10]


def test_more_than_is_left_to_credit_is_not_foreseen(company: SmallCompany) -> None:
    receipt = company.stock("BTL", "10", "3.00")
    cost_id = new_id()
    company.perform(EnterLandedCost(cost_id, "duty", TODAY, Decimal("5.00"), "value", (receipt,)))
    assert bearers(company, credits_id=cost_id).foresee(Decimal("-5.01"), "value", TODAY).shares == ()
    assert bearers(company).foresee(Decimal(5), "value", TODAY).shares == ()
