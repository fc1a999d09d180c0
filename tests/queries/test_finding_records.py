"""Records by what a person calls them: number, code or name."""

import pytest

from company_fixtures import SmallCompany
from erp_desktop.queries.finding_records import RecordsNamed


@pytest.fixture
def traded(company: SmallCompany) -> SmallCompany:
    company.stock("BX-204", "10", "12.50")
    company.ship(company.sales_order(("BX-204", "3", "20")), "3")
    return company


def found(company: SmallCompany, text: str) -> list[tuple[str, str]]:
    with company.session() as session:
        return [(one.kind, one.code) for one in RecordsNamed(text).run(session, company.company_id)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so-2026", [("sales_order", "SO-2026-0001")]),
        ("0001", [("sales_order", "SO-2026-0001"), ("purchase_order", "PO-2026-0001")]),
        ("SH-2026-0001", [("shipment", "SH-2026-0001")]),
        ("GR-", [("goods_receipt", "GR-2026-0001")]),
        ("204", [("product", "BX-204")]),
        ("hangzhou", [("party", "S1")]),
        ("张敏", [("party", "C1")]),
        ("s", []),
        ("nothing of the kind", []),
        ("1" * 80, []),  # longer than any number, code or name can be
    ],
)
def test_a_record_is_found_by_its_number_its_code_or_its_name(
    traded: SmallCompany, text: str, expected: list[tuple[str, str]]
) -> None:
    assert found(traded, text) == expected


def test_the_newest_of_many_come_first_and_no_more_than_a_few(company: SmallCompany) -> None:
    for _ in range(6):
        company.sales_order(("BX-204", "1", "1"))
    assert found(company, "SO-") == [("sales_order", f"SO-2026-000{place}") for place in (6, 5, 4, 3)]
