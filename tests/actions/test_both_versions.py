"""Two people change one record, neither of them seeing what the other does: nothing that was typed is lost."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from company_fixtures import ActionRefused, SmallCompany
from erp_desktop.actions.both_versions import keeping, names_of, versions_of
from erp_desktop.actions.masters import SaveMasters, SaveParty, SavePrice, SavePriceLevel
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.product import Price

FILM = SaveParty(new_id(), "S9", "Ningbo Film", is_supplier=True, address="1 Port Road", phone="1", payment_days=30)


@pytest.fixture
def film(company: SmallCompany) -> SaveParty:
    company.perform(FILM)
    return FILM


def party(company: SmallCompany) -> Party:
    with company.session() as session:
        return session.get_one(Party, (company.company_id, FILM.party_id))


def change(seen: SaveParty, **typed: object) -> SaveParty:
    return replace(seen, **typed).changing(seen)  # type: ignore[arg-type]


def test_two_people_who_change_different_fields_both_have_their_way(company: SmallCompany, film: SaveParty) -> None:
    company.perform(change(film, address="2 Harbour Street"))
    company.perform(change(film, phone="2"))
    assert (party(company).address, party(company).phone) == ("2 Harbour Street", "2")


def test_who_changes_what_somebody_else_changed_meanwhile_is_asked_which_is_right(
    company: SmallCompany, film: SaveParty
) -> None:
    company.perform(change(film, address="2 Harbour Street", phone="2"))
    mine = change(film, address="3 Mill Lane", payment_days=60)
    with pytest.raises(ActionRefused) as refused:
        company.perform(mine)
    assert "S9" in str(refused.value)
    assert party(company).address == "2 Harbour Street"
    facts = refused.value.problem.fields
    (clash,) = versions_of(mine, facts)
    assert (clash.column, clash.mine, clash.theirs, clash.was) == (
        "address",
        "3 Mill Lane",
        "2 Harbour Street",
        "1 Port Road",
    )

    theirs = keeping(mine, facts, frozenset())
    assert theirs is not None
    company.perform(theirs)  # the rest of mine is not lost with it
    assert (party(company).address, party(company).payment_days) == ("2 Harbour Street", 60)
    kept = keeping(mine, facts, {"address"})
    assert kept is not None
    company.perform(kept)
    assert (party(company).address, party(company).phone) == ("3 Mill Lane", "2")


def test_where_nothing_of_mine_is_left_nothing_is_sent(company: SmallCompany, film: SaveParty) -> None:
    company.perform(change(film, address="2 Harbour Street"))
    mine = change(film, address="3 Mill Lane")
    with pytest.raises(ActionRefused) as refused:
        company.perform(mine)
    assert keeping(mine, refused.value.problem.fields, frozenset()) is None


def test_ones_own_changes_that_follow_each_other_and_equal_ones_are_no_matter(
    company: SmallCompany, film: SaveParty
) -> None:
    first = change(film, address="2 Harbour Street")
    company.perform(first)
    company.perform(change(replace(first, before=None), address="3 Mill Lane"))
    company.perform(change(film, address="3 Mill Lane"))  # somebody else had the same idea
    assert party(company).address == "3 Mill Lane"


def test_an_import_says_what_a_record_is_to_be_and_asks_nobody(company: SmallCompany, film: SaveParty) -> None:
    company.perform(change(film, address="2 Harbour Street"))
    company.perform(SaveMasters(parties=(replace(film, address="4 Quay"),)))
    assert party(company).address == "4 Quay"


def test_a_price_that_two_people_changed_is_found_in_a_batch(company: SmallCompany) -> None:
    product, level = company.product("BX-204"), new_id()
    price = SavePrice(new_id(), level, product, Decimal(1), date(2026, 1, 1), Decimal(10))
    company.perform(SavePriceLevel(level, "A", "List"), price)
    company.perform(replace(price, unit_price=Decimal(11)).changing(price))
    mine = SaveMasters(prices=(replace(price, unit_price=Decimal(12)).changing(price),))
    with pytest.raises(ActionRefused) as refused:
        company.perform(mine)
    facts = refused.value.problem.fields
    (clash,) = versions_of(mine, facts)
    assert (clash.column, Decimal(clash.mine), Decimal(clash.theirs)) == ("unit_price", 12, 11)
    kept = keeping(mine, facts, {"unit_price"})
    assert kept is not None
    company.perform(kept)
    with company.session() as session:
        assert session.get_one(Price, (company.company_id, price.price_id)).unit_price == 12


def test_records_that_both_versions_name_are_called_by_their_codes(company: SmallCompany, film: SaveParty) -> None:
    levels = [SavePriceLevel(new_id(), code, code) for code in ("A", "B")]
    company.perform(*levels)
    company.perform(change(film, price_level_id=levels[0].price_level_id))
    mine = change(film, price_level_id=levels[1].price_level_id)
    with pytest.raises(ActionRefused) as refused:
        company.perform(mine)
    assert sorted(names_of(refused.value.problem.fields).values()) == ["A", "B"]
