"""What a new order starts with."""

from decimal import Decimal

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.masters import SaveBin, SaveWarehouse
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.ids import new_id
from erp_desktop.queries.order_entry import OrderDefaults


def first_warehouse(company: SmallCompany, used_last: object = None) -> str:
    with company.session() as session:
        choices = OrderDefaults(used_last).run(session, company.company_id)  # type: ignore[arg-type]
    assert choices.warehouse is not None
    return choices.warehouse.code


def test_a_new_company_begins_in_its_main_warehouse(company: SmallCompany) -> None:
    company.perform(SaveWarehouse(new_id(), "ANNEX", "Annex"))
    assert first_warehouse(company) == "MAIN"


def test_the_warehouse_used_last_comes_first_as_long_as_it_is_in_use(company: SmallCompany) -> None:
    annex = new_id()
    company.perform(SaveWarehouse(annex, "ANNEX", "Annex"))
    assert first_warehouse(company, annex) == "ANNEX"
    company.perform(SaveWarehouse(annex, "ANNEX", "Annex", is_active=False))
    assert first_warehouse(company, annex) == "MAIN"


def test_a_main_warehouse_that_never_had_stock_gives_way_to_one_that_has(company: SmallCompany) -> None:
    annex, shelf = new_id(), new_id()
    company.perform(SaveWarehouse(annex, "ANNEX", "Annex"), SaveBin(shelf, annex, "A-01"))
    counted = (CountedLine(company.product("BX-204"), shelf, Decimal(5), Decimal("1.00")),)
    company.perform(CountStock(new_id(), annex, TODAY, counted, is_opening=True))
    assert first_warehouse(company) == "ANNEX"
    company.stock("BX-204", "1", "1")
    assert first_warehouse(company) == "MAIN"
