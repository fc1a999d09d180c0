"""The checklist before a period is closed tells which costs to serve are not shared, or changed since they were."""

from datetime import date
from decimal import Decimal

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.cost_to_serve import AllocateCostToServe, SaveCostToServeRule, SetUpCostToServe
from erp_desktop.ids import derived_id, new_id
from erp_desktop.queries.period_checklist import PeriodChecklist

MARCH = date(2026, 3, 1)


def test_costs_that_are_not_shared_are_counted_and_those_that_changed_since(company: SmallCompany) -> None:
    march = derived_id("period", company.company_id, MARCH.isoformat())

    def item():
        with company.session() as session:
            rows = PeriodChecklist(period_id=march).run(session, company.company_id).rows
        return next(row for row in rows if row.key == "cost_to_serve")

    assert (item().count, item().state) == (0, "fine")
    storage = SaveCostToServeRule(new_id(), "storage", "storage_expense", "volume_days")
    company.perform(
        SetUpCostToServe((storage, SaveCostToServeRule(new_id(), "delivery", "delivery_expense", "parcels")))
    )
    assert (item().count, item().state) == (2, "warns")
    company.perform(AllocateCostToServe(march, new_id()))
    assert item().state == "fine"
    rent, bank = (derived_id("account", company.company_id, code) for code in ("560101", "1002"))
    lines = (EntryLine(rent, debit=Decimal(5)), EntryLine(bank, credit=Decimal(5)))
    company.perform(PostJournalEntry(new_id(), TODAY, "Rent", lines))
    assert (item().count, item().examples) == (1, ("560101",))
