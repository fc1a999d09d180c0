"""Where only the database says no, its rule is named alike on both, and nothing of the row is told."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from company_fixtures import open_small_company
from erp_desktop.actions.performing import rule_of
from erp_desktop.ids import new_id
from erp_desktop.models.product import Unit


def test_a_value_that_is_missing_is_named_by_its_table_and_column(engine):
    company = open_small_company(engine)
    unit = {"company_id": company.company_id, "id": new_id(), "code": "PALLET", "name": None}
    with company.session() as session, pytest.raises(IntegrityError) as refused:
        session.execute(insert(Unit), [unit])
    assert rule_of(refused.value) == "unit.name"
