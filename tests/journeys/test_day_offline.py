"""A day without the network at two desks: what they did meets at the centre, and what it refused is settled by buttons."""

from typing import Any
from uuid import UUID

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from the_books import nothing_differs

from erp_desktop.demo.business_day import BusinessDay
from erp_desktop.demo.person import Person
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sales import SalesOrder
from erp_desktop.queries.base import ListRequest
from erp_desktop.queries.details import PartyDetail
from erp_desktop.queries.masters import Parties
from erp_desktop.queries.selling_details import SalesOrderDetail


def change_phone(person: Person, party: UUID, phone: str) -> None:
    """Opens the record and types another phone number."""
    page = person.open("party", id=party)
    person.wait(lambda: page.record is not None, "the party")
    person.type(page, "phone", phone)
    person.do(page.do_save)
    person.wait(lambda: not page.is_dirty, "that it is saved")


def enter_party(person: Person, code: str, name: str) -> UUID:
    party = new_id()
    page = person.open("party", id=party, is_new=True)
    person.fill(page, code=code, name=name)
    person.do(page.do_save)
    person.wait(lambda: not page.is_dirty, "that it is saved")
    return party


def press(person: Person, view: Any, code: str, words: str) -> None:
    """Chooses the row of the refusal and presses the button with these words."""
    person.wait(lambda: any(case.first.code == code for case in view.model.cases), code)
    row = next(place for place, case in enumerate(view.model.cases) if case.first.code == code)
    view.view.selectRow(row)
    person.wait(lambda: any(button.text() == words for button in view.pane.ways), words)
    next(button for button in view.pane.ways if button.text() == words).click()
    person.wait(lambda: all(case.first.code != code for case in view.model.cases), f"that {words} is done")


def test_two_desks_work_a_day_offline_and_settle_what_the_centre_refused(day: BusinessDay, books: Engine) -> None:
    colleague = Person(day.office.window(day.office.desk("packing table"), (1280, 720)))
    known = day.desk.ask(Parties(ListRequest(limit=1))).result().rows[0].id
    product, place = day._scarce()
    for person in (day.person, colleague):
        person.desk.go_offline()

    theirs = day._order_of(colleague.desk, product, place)
    change_phone(colleague, known, "0571-1111")
    enter_party(colleague, "C-NEW", "Ningbo Film")
    mine = day._order_of(day.desk, product, place)
    change_phone(day.person, known, "0571-2222")
    party = enter_party(day.person, "C-NEW", "Ningbo Film and Foil")
    day.person.window.top.pill.click()
    waiting = day.person.page
    day.person.wait(lambda: waiting.model.rowCount() == 6, "the six changes that wait")
    assert day.person.window.top.pill.text() == "Offline, 6 changes waiting"

    colleague.desk.go_online()
    assert colleague.desk.wait_until_synced(120)
    day.desk.go_online()
    assert day.desk.wait_until_synced(120)
    day.person.wait(lambda: day.desk.sync_state.attention == 3, "the centre's answers")
    view = day.person.open("attention")
    press(day.person, view, "not_enough_free", "Back-order all of it, send nothing now")
    press(day.person, view, "changed_meanwhile", "Keep mine")
    press(day.person, view, "code_taken", "Save it with the code C-NEW-2")
    day.person.wait(lambda: day.desk.sync_state.attention == 0, "that nothing needs attention")

    for person in (day.person, colleague):
        assert person.desk.wait_until_synced(120)
        person.wait(lambda: person.desk.sync_state.waiting == 0, "that nothing waits")  # noqa: B023
        assert person.ask(PartyDetail(known)).phone == "0571-2222"
        assert person.ask(PartyDetail(party)).code == "C-NEW-2"
        assert person.ask(SalesOrderDetail(theirs)).status == "shipped"
        assert person.ask(SalesOrderDetail(mine)).status == "confirmed"  # open, as a back-order
    with Session(books) as session:
        assert session.scalars(select(Party.phone).where(Party.id == known)).one() == "0571-2222"
        codes = session.scalars(select(Party.code).where(Party.code.like("C-NEW%")).order_by(Party.code)).all()
        assert list(codes) == ["C-NEW", "C-NEW-2"]
        numbered = select(func.count()).where(SalesOrder.id.in_([mine, theirs]), SalesOrder.number.is_not(None))
        assert session.scalar(numbered) == 2
    assert nothing_differs(books)
