"""Two people write on one draft order, neither of them seeing what the other does: both have their way, or are asked."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from company_fixtures import ActionRefused, SmallCompany
from erp_desktop.actions.both_versions import keeping, names_of, versions_of
from erp_desktop.actions.drafts import changing
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.selling import SalesLine, SaveSalesOrder
from erp_desktop.ids import new_id
from erp_desktop.models.purchasing import PurchaseOrder, PurchaseOrderLine
from erp_desktop.models.sales import SalesOrder, SalesOrderLine

TODAY = date(2026, 3, 16)


@pytest.fixture
def order(company: SmallCompany) -> SaveSalesOrder:
    """A draft of 10 bottles and 20 caps."""
    lines = tuple(
        SalesLine(new_id(), company.product(code), Decimal(qty), Decimal("9.00"))
        for code, qty in (("BTL", 10), ("CAP", 20))
    )
    draft = SaveSalesOrder(
        new_id(), company.channel, company.warehouse, TODAY, TODAY, lines, customer_id=company.customer
    )
    company.perform(draft)
    return draft


def with_qty(draft: SaveSalesOrder, place: int, qty: int) -> SaveSalesOrder:
    line = replace(draft.lines[place], qty=Decimal(qty))
    return replace(draft, lines=(*draft.lines[:place], line, *draft.lines[place + 1 :]))


def lines(company: SmallCompany, draft: SaveSalesOrder) -> list[Decimal]:
    with company.session() as session:
        asked = select(SalesOrderLine.qty).where(SalesOrderLine.order_id == draft.order_id)
        return list(session.scalars(asked.order_by(SalesOrderLine.line_no)))


def test_a_line_each_and_a_new_one_and_another_date_are_all_kept(company: SmallCompany, order: SaveSalesOrder) -> None:
    company.perform(changing(with_qty(order, 0, 11), order))
    company.perform(changing(replace(order, note="by truck"), order))
    label = SalesLine(new_id(), company.product("LBL"), Decimal(3), Decimal(1))
    company.perform(changing(replace(with_qty(order, 1, 21), lines=(*with_qty(order, 1, 21).lines, label)), order))
    assert lines(company, order) == [11, 21, 3]
    with company.session() as session:
        assert session.get_one(SalesOrder, (company.company_id, order.order_id)).note == "by truck"


def test_a_line_that_was_taken_out_stays_out_and_an_untouched_one_does_not_come_back(
    company: SmallCompany, order: SaveSalesOrder
) -> None:
    company.perform(changing(replace(order, lines=order.lines[:1]), order))
    company.perform(changing(with_qty(order, 0, 12), order))
    assert lines(company, order) == [12]


def test_the_same_line_changed_twice_is_asked_about(company: SmallCompany, order: SaveSalesOrder) -> None:
    company.perform(changing(with_qty(order, 0, 11), order))
    mine = changing(replace(with_qty(order, 0, 12), note="by truck"), order)
    with pytest.raises(ActionRefused) as refused:
        company.perform(mine)
    facts = refused.value.problem.fields
    (clash,) = versions_of(mine, facts)
    assert (clash.mine["qty"], clash.theirs["qty"], clash.was["qty"]) == ("12", "11", "10")
    assert names_of(facts) == {str(order.lines[0].product_id): "BTL"}

    theirs = keeping(mine, facts, frozenset())
    assert theirs is not None
    company.perform(theirs)
    assert lines(company, order) == [11, 20]
    kept = keeping(mine, facts, {clash.column})
    assert kept is not None
    company.perform(kept)
    assert lines(company, order) == [12, 20]


def test_ones_own_changes_that_follow_each_other_are_no_matter(company: SmallCompany, order: SaveSalesOrder) -> None:
    first = with_qty(order, 0, 11)
    company.perform(changing(first, order), changing(with_qty(first, 0, 12), first))
    company.perform(changing(with_qty(order, 0, 12), order))  # somebody else had the same idea
    assert lines(company, order) == [12, 20]


def test_the_same_holds_for_purchase_orders(company: SmallCompany) -> None:
    line = PurchaseLine(new_id(), company.product("BTL"), Decimal(10), Decimal("4.000000"))
    seen = SavePurchaseOrder(new_id(), company.supplier, company.warehouse, TODAY, TODAY, (line,), currency="CNY")
    company.perform(seen)
    company.perform(changing(replace(seen, reference="HP-7731"), seen))
    company.perform(changing(replace(seen, lines=(replace(line, unit_price=Decimal(5)),)), seen))
    with company.session() as session:
        stored = session.get_one(PurchaseOrder, (company.company_id, seen.order_id))
        price = session.scalars(select(PurchaseOrderLine.unit_price).where(PurchaseOrderLine.id == line.line_id)).one()
        assert (stored.reference, price) == ("HP-7731", 5)
    with pytest.raises(ActionRefused, match="Somebody else changed PO-"):
        company.perform(changing(replace(seen, reference="X"), seen))
