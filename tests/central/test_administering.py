"""What an administrator asks of the centre over HTTP: computers, one-time passwords, sessions."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from central_desk import PASSWORD, OpenedCompany, RemoteDesk, opening, pushed, save_unit
from sqlalchemy import Engine, select, update

from erp_desktop.actions.opening import SaveUser
from erp_desktop.central import backups
from erp_desktop.central.administering import Administration, one_time_password
from erp_desktop.central.changes import Reader
from erp_desktop.central.serving import Server
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.sync import Device


@pytest.fixture
def engine(database_url: str) -> Any:
    made: Engine = open_engine(database_url)
    yield made
    made.dispose()


def code_of(answer: Any) -> str:
    return str(answer.json()["code"])


def order(desk: RemoteDesk, what: str, **more: Any) -> Any:
    return desk.post(f"/v1/admin/{what}", {"device_id": desk.device_id, "schema_revision": 1, **more})


def devices(desk: RemoteDesk) -> dict[str, dict[str, Any]]:
    answer = order(desk, "devices")
    assert answer.status_code == 200, answer.text
    return {row["login"]: row for row in answer.json()["devices"]}


@pytest.fixture
def buyer_id(acme: OpenedCompany) -> UUID:
    return acme.add_user("buyer", "purchasing")


@pytest.fixture
def buyer(new_desk: Callable[[], RemoteDesk], buyer_id: UUID) -> RemoteDesk:
    desk = new_desk()
    assert desk.log_in("buyer").status_code == 200
    return desk


def test_an_administrator_sees_each_computer_how_far_it_is_and_whether_it_is_signed_in(
    desk: RemoteDesk, buyer: RemoteDesk
) -> None:
    buyer.pull_all()
    desk.results(pushed(save_unit("DOZ"), desk.session.user_id))
    desk.pull_all()
    seen = devices(desk)
    assert (seen["lin"]["ticks_behind"], seen["buyer"]["ticks_behind"]) == (0, 1)
    assert {row["state"] for row in seen.values()} == {"signed_in"}
    assert seen["buyer"]["name"] == "Dock 1"


def test_a_computer_that_is_signed_out_wants_a_password_at_its_next_request(
    desk: RemoteDesk, buyer: RemoteDesk
) -> None:
    before = buyer.session
    assert order(desk, "device", target=buyer.device_id, order="sign_out").status_code == 200
    assert code_of(buyer.pull()) == "token_expired"
    refreshed = buyer.post(
        "/v1/auth/refresh",
        {"company_id": before.company_id, "device_id": buyer.device_id, "refresh_token": before.refresh_token},
        token=False,
    )
    assert code_of(refreshed) == "token_expired"
    assert devices(desk)["buyer"]["state"] == "signed_out"
    assert buyer.log_in("buyer").status_code == 200
    assert buyer.pull().status_code == 200


def test_a_computer_that_was_taken_out_signs_in_again_only_once_it_is_let_in(
    desk: RemoteDesk, buyer: RemoteDesk
) -> None:
    assert order(desk, "device", target=buyer.device_id, order="take_out").status_code == 200
    assert code_of(buyer.pull()) == "device_revoked"
    assert devices(desk)["buyer"]["state"] == "taken_out"
    assert order(desk, "device", target=buyer.device_id, order="let_in").status_code == 200
    assert code_of(buyer.pull()) == "token_expired", "what was signed in before stays ended"
    assert buyer.log_in("buyer").status_code == 200


def test_nobody_takes_out_the_computer_that_they_work_at_or_one_that_is_not_there(desk: RemoteDesk) -> None:
    assert code_of(order(desk, "device", target=desk.device_id, order="take_out")) == "own_device"
    assert code_of(order(desk, "device", target=new_id(), order="sign_out")) == "unknown_device"
    assert code_of(order(desk, "device", target=desk.device_id, order="burn")) == "malformed"
    assert desk.pull().status_code == 200


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("devices", {}),
        ("device", {"target": str(new_id()), "order": "sign_out"}),
        ("user", {"user_id": str(new_id()), "order": "sign_out"}),
    ],
)
def test_only_administrators_administer(buyer: RemoteDesk, what: str, more: dict[str, str]) -> None:
    assert code_of(order(buyer, what, **more)) == "not_allowed"


def test_a_one_time_password_is_good_for_choosing_ones_own_and_for_nothing_else(
    desk: RemoteDesk, buyer: RemoteDesk, buyer_id: UUID
) -> None:
    given = order(desk, "user", user_id=buyer_id, order="one_time_password").json()["password"]
    assert code_of(buyer.pull()) == "token_expired", "whoever was signed in with the old one is out"
    assert code_of(buyer.log_in("buyer")) == "wrong_password"
    assert code_of(buyer.log_in("buyer", given)) == "password_to_change"

    def choose(new: str) -> Any:
        wanted = {"company": "ACME", "login": "buyer", "password": given, "new_password": new}
        return buyer.post("/v1/auth/password", {**wanted, "device_id": buyer.device_id}, token=False)

    assert code_of(choose("seven77")) == "weak_password"
    assert code_of(choose(given)) == "same_password"
    assert choose("eight888").status_code == 200
    assert code_of(buyer.log_in("buyer", given)) == "wrong_password"
    assert buyer.log_in("buyer", "eight888").status_code == 200


def test_choosing_another_password_signs_out_ones_other_computers_and_not_this_one(
    new_desk: Callable[[], RemoteDesk], buyer: RemoteDesk
) -> None:
    other = new_desk()
    other.log_in("buyer")
    wanted = {"company": "ACME", "login": "buyer", "password": PASSWORD, "new_password": "another one"}
    assert buyer.post("/v1/auth/password", {**wanted, "device_id": buyer.device_id}).status_code == 200
    assert buyer.pull().status_code == 200
    assert code_of(other.pull()) == "token_expired"


def test_a_user_who_may_sign_in_again_has_to_do_so(
    desk: RemoteDesk, buyer: RemoteDesk, buyer_id: UUID, acme: OpenedCompany
) -> None:
    session = buyer.session
    for is_active in (False, True):
        acme.perform(
            SaveUser(user_id=buyer_id, login="buyer", name="B", role_codes=("purchasing",), is_active=is_active)
        )
    refreshed = buyer.post(
        "/v1/auth/refresh",
        {"company_id": session.company_id, "device_id": buyer.device_id, "refresh_token": session.refresh_token},
        token=False,
    )
    assert code_of(refreshed) == "token_expired"


def test_guessing_the_password_to_change_costs_time_like_signing_in(buyer: RemoteDesk) -> None:
    wanted = {"company": "ACME", "login": "buyer", "password": "wrong wrong", "new_password": "another one"}
    codes = [
        code_of(buyer.post("/v1/auth/password", {**wanted, "device_id": buyer.device_id}, token=False))
        for _ in range(6)
    ]
    assert codes[-1] == "too_many_attempts"


def test_when_desks_were_seen_is_written_when_the_service_ends(desk: RemoteDesk, server: Server) -> None:
    tick = desk.pull_all().tick
    server.service.administration.close()
    rows = server.service.administration.devices(desk.session.company_id)
    assert [(row.ticks_behind, row.state) for row in rows] == [(0, "signed_in")]
    assert tick > 0


def test_one_time_passwords_are_easy_to_read_out_and_never_the_same() -> None:
    made = {one_time_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) == 14 and not set(one) & set("l1o0 ") for one in made)


def test_where_several_companies_are_kept_no_administrator_of_one_takes_a_backup_of_all(
    desk: RemoteDesk, acme: OpenedCompany, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the service is that of one person's own computer."""
    monkeypatch.setattr(backups, "write_backup", lambda *_: None)  # what is in it is another test's
    acme.centre.open_company(opening("RIVAL"), PASSWORD)
    answer = order(desk, "backup/begin")
    assert (answer.status_code, code_of(answer)) == (403, "several_companies")
    server.service.backups.is_of_one_person = True
    assert order(desk, "backup/begin").status_code == 200
    server.service.backups.close()


def test_a_worker_that_notes_late_takes_nothing_back_that_another_has_noted(
    desk: RemoteDesk, acme: OpenedCompany
) -> None:
    """The desk was here first, and then at another worker, which wrote it down before."""
    who = Reader(acme.id, acme.owner_id, desk.device_id, frozenset())
    early, late = Administration(acme.engine), Administration(acme.engine)
    early._noted_at = late._noted_at = datetime.max.replace(tzinfo=UTC)  # nobody writes by themselves
    early.saw(who, 1)
    late.saw(who, 7)
    late.note_sightings()
    noted = seen(acme)
    early.note_sightings()
    assert seen(acme) == noted
    assert noted.seen_tick == 7
    with acme.engine.begin() as connection:  # the clock of the machine was wrong
        connection.execute(update(Device).values(seen_at=datetime(2199, 1, 1, tzinfo=UTC)))
    late.saw(who, 8)
    late.note_sightings()
    assert seen(acme).seen_tick == 8
    early.close()
    late.close()


def seen(acme: OpenedCompany) -> Any:
    with acme.engine.connect() as connection:
        return connection.execute(select(Device.seen_at, Device.seen_tick)).one()


def test_nobody_signs_in_as_somebody_elses_computer(desk: RemoteDesk, buyer: RemoteDesk, acme: OpenedCompany) -> None:
    """It would be theirs then in the list of computers, and signing its person out would miss it."""
    own, buyer.device_id = buyer.device_id, desk.device_id
    answer = buyer.log_in("buyer")
    assert (answer.status_code, code_of(answer)) == (409, "other_books")
    assert desk.pull().status_code == 200
    assert {row["login"] for row in devices(desk).values()} == {"lin", "buyer"}
    buyer.device_id = own
    assert buyer.log_in("buyer").status_code == 200
