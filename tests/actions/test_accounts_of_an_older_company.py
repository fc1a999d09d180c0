"""A company that was opened before the program knew a purpose of posting gets the account that its chart has for it by now."""

from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update
from test_supplier_returns import differences

from company_fixtures import TODAY, ActionRefused, SmallCompany
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.ids import new_id
from erp_desktop.ledger.charts import load_chart
from erp_desktop.ledger.posting import Purpose
from erp_desktop.models.company import Company
from erp_desktop.models.ledger import Account, AccountPurpose, JournalLine

CODE = load_chart("cn-small-enterprise").purposes[Purpose.SCRAP_LOSS]


@pytest.fixture
def older(company: SmallCompany) -> SmallCompany:
    """Opened when nobody knew of scrap losses; there are ten bottles in stock."""
    company.stock("BTL", "10", "5.00")
    with company.session() as session:
        session.execute(delete(AccountPurpose).where(AccountPurpose.purpose == Purpose.SCRAP_LOSS.value))
        session.execute(delete(Account).where(Account.code == CODE))
        session.commit()
    return company


def scrap(company: SmallCompany, qty: str) -> ScrapStock:
    line = ScrappedLine(company.products["BTL"], company.bin, Decimal(qty))
    return ScrapStock(new_id(), company.warehouse, TODAY, (line,), "wet")


def test_the_first_posting_adds_the_account_and_the_next_use_it(older: SmallCompany) -> None:
    older.perform(scrap(older, "1"), scrap(older, "2"))
    older.perform(scrap(older, "3"))
    with older.session() as session:
        account = session.scalars(select(Account).where(Account.code == CODE)).one()
        purpose = session.scalars(
            select(AccountPurpose).where(AccountPurpose.purpose == Purpose.SCRAP_LOSS.value)
        ).one()
        assert purpose.account_id == account.id
        posted = session.scalars(select(JournalLine.debit).where(JournalLine.account_id == account.id)).all()
    assert (account.type, account.is_active, sum(posted)) == ("expense", True, 30)
    assert differences(older) == ()


def test_a_refused_posting_adds_nothing_that_the_next_one_would_rely_on(older: SmallCompany) -> None:
    with pytest.raises(ActionRefused):
        older.perform(scrap(older, "1"), scrap(older, "100"))
    older.perform(scrap(older, "2"))
    assert differences(older) == ()


def test_a_company_of_a_chart_that_nobody_knows_is_told_what_is_missing(older: SmallCompany) -> None:
    with older.session() as session:
        session.execute(update(Company).values(chart="home-made"))
        session.commit()
    with pytest.raises(ActionRefused, match="no account for scrap loss, so nothing was posted") as refused:
        older.perform(scrap(older, "1"))
    assert refused.value.code == "no_account_for_purpose"
