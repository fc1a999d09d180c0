"""Asking over HTTP what an action would change: who is let in, what is no question, and that nothing comes of any of it."""

import contextlib
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import requests
from central_desk import OpenedCompany, RemoteDesk, save_unit
from sqlalchemy import select

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.base import Action, action_args, date
from erp_desktop.actions.opening import SaveUser
from erp_desktop.central import previewing
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.base import Base
from erp_desktop.models.sync import Device, RefreshToken
from erp_desktop.numbers import Decimal
from erp_desktop.wire import MAX_PUSH_BYTES, Effect

ABOUT_SIGNING_IN = (Device.__table__, RefreshToken.__table__)


def question(desk: RemoteDesk, action: Action, **changes: Any) -> dict[str, Any]:
    sound = {
        "device_id": desk.device_id,
        "schema_revision": 1,
        "name": type(action).__name__,
        "version": action.version,
        "args": msgspec.json.decode(action_args(action)),
    }
    return sound | changes


def ask(desk: RemoteDesk, action: Action, **changes: Any) -> requests.Response:
    return desk.post("/v1/sync/preview", question(desk, action, **changes))


def effect_of(answer: requests.Response) -> Effect:
    assert answer.status_code == 200, answer.text
    assert answer.content.endswith(b'"end":true}')
    return msgspec.json.decode(answer.content, type=Effect)


def problem(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    return answer.status_code, answer.json()["code"]


def capital(acme: OpenedCompany, amount: str) -> PostJournalEntry:
    bank, equity = (derived_id("account", acme.id, code) for code in ("1002", "3001"))
    lines = (EntryLine(bank, debit=Decimal(amount)), EntryLine(equity, credit=Decimal(amount)))
    return PostJournalEntry(new_id(), date(2026, 3, 2), "Capital", lines)


@pytest.fixture
def books(acme: OpenedCompany) -> Callable[[], str]:
    """A digest of every row that business makes."""

    def digest() -> str:
        found = hashlib.sha256()
        with acme.engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                if table not in ABOUT_SIGNING_IN:
                    for row in sorted(map(repr, connection.execute(select(table)))):
                        found.update(row.encode())
        return found.hexdigest()

    return digest


def test_an_entry_is_shown_before_it_is_posted(desk: RemoteDesk, acme: OpenedCompany, books: Callable[[], str]) -> None:
    before = books()
    effect = effect_of(ask(desk, capital(acme, "1000.50")))
    assert effect.entries is not None
    assert [(line.account, line.debit, line.credit) for line in effect.entries] == [
        ("1002", Decimal("1000.50"), 0),
        ("3001", 0, Decimal("1000.50")),
    ]
    assert books() == before


def test_the_clock_and_the_numbers_go_on_without_a_gap(desk: RemoteDesk, acme: OpenedCompany) -> None:
    for _ in range(3):
        effect_of(ask(desk, capital(acme, "1")))
    (result,) = acme.perform(capital(acme, "1"))
    assert (result.outcome, result.tick) == ("applied", 2)


def test_nobody_asks_without_signing_in_or_from_another_device(desk: RemoteDesk) -> None:
    body = question(desk, save_unit("DOZ"))
    assert problem(desk.post("/v1/sync/preview", body, token=False)) == (401, "not_signed_in")
    assert problem(ask(desk, save_unit("DOZ"), device_id=new_id())) == (403, "other_device")
    assert problem(ask(desk, save_unit("DOZ"), schema_revision=0)) == (426, "client_too_old")
    forged = {"Authorization": "Bearer " + "x" * 200}
    assert problem(desk.post("/v1/sync/preview", body, token=False, headers=forged)) == (401, "token_expired")


def test_somebody_who_is_locked_out_is_told_nothing(new_desk: Callable[[], RemoteDesk], acme: OpenedCompany) -> None:
    buyer = acme.add_user("buyer", "purchasing")
    desk = new_desk()
    desk.log_in("buyer")
    acme.perform(SaveUser(user_id=buyer, login="buyer", name="B", role_codes=("purchasing",), is_active=False))
    assert problem(ask(desk, save_unit("DOZ"))) == (401, "user_disabled")


def test_costs_are_for_those_who_may_see_them(new_desk: Callable[[], RemoteDesk], acme: OpenedCompany) -> None:
    acme.add_user("dock", "warehouse")
    desk = new_desk()
    desk.log_in("dock")
    assert effect_of(ask(desk, save_unit("DOZ"))).problem == {
        "code": "not_permitted",
        "fields": {"permission": "cost.read"},
    }


def test_another_companys_accounts_are_not_found(
    desk: RemoteDesk, acme: OpenedCompany, open_company: Callable[[str], OpenedCompany]
) -> None:
    other = open_company("OTHER")
    effect = effect_of(ask(desk, capital(other, "5")))
    assert effect.problem is not None
    assert effect.problem["code"] == "not_found"


@pytest.mark.parametrize(
    "change",
    [
        {"surplus": 1},
        {"name": "x" * 81},
        {"name": "SaveUnit; DROP TABLE unit"},
        {"name": ""},
        {"name": None},
        {"version": 0},
        {"version": 2**31},
        {"version": "1"},
        {"args": []},
        {"args": "{}"},
        {"device_id": "nobody"},
        {"schema_revision": "one"},
    ],
    ids=repr,
)
def test_what_is_no_question_is_told_so(desk: RemoteDesk, books: Callable[[], str], change: dict[str, Any]) -> None:
    before = books()
    assert problem(ask(desk, save_unit("DOZ"), **change)) == (422, "malformed")
    assert books() == before


def test_a_body_that_is_no_message_is_told_so(desk: RemoteDesk) -> None:
    for body in (b"", b"no json", b"[]", b"[" * 100_000, b'{"args":' * 50_000, b'{"device_id":"\xff"}'):
        assert problem(desk.post("/v1/sync/preview", body)) == (422, "malformed"), body[:80]
    assert problem(desk.post("/v1/sync/preview", b" " * (MAX_PUSH_BYTES + 1))) == (413, "too_large")
    packed = {"Content-Encoding": "gzip"}
    assert problem(desk.post("/v1/sync/preview", b"x", headers=packed)) == (415, "malformed")
    with contextlib.suppress(requests.ConnectionError):  # the centre may hang up on the rest
        assert problem(desk.post("/v1/sync/preview", b" " * 20_000_000)) == (413, "too_large")
    assert problem(desk.http.get(f"{desk.url}/v1/sync/preview", timeout=60)) == (405, "no_such_call")


@pytest.mark.parametrize(
    ("name", "args", "code"),
    [
        ("NoSuchAction", {}, "unknown_action"),
        ("Action", {}, "unknown_action"),
        ("SaveUnit", {}, "malformed"),
        ("SaveUnit", {"unit_id": "x", "code": "DOZ", "name": "d"}, "malformed"),
        ("SaveUnit", {"unit_id": str(new_id()), "code": "DOZ", "name": "d", "company_id": str(new_id())}, "malformed"),
        ("SaveUnit", {"unit_id": str(new_id()), "code": {"$gt": ""}, "name": "d"}, "malformed"),
        ("SaveUnit", {"unit_id": str(new_id()), "code": [[]] * 1000, "name": "d"}, "malformed"),
    ],
    ids=["nameless", "base", "empty", "no id", "surplus", "object", "deep"],
)
def test_what_is_no_action_is_refused(
    desk: RemoteDesk, books: Callable[[], str], name: str, args: dict[str, Any], code: str
) -> None:
    before = books()
    effect = effect_of(ask(desk, save_unit("DOZ"), name=name, args=args))
    assert effect.problem is not None
    assert effect.problem["code"] == code
    assert books() == before


@pytest.mark.parametrize(
    "amount", ["NaN", "Infinity", "-1", "1e400", "9" * 38, "0.00001", "1" + "0" * 5000], ids=lambda text: text[:12]
)
def test_amounts_that_cannot_be_kept_are_refused(
    desk: RemoteDesk, acme: OpenedCompany, books: Callable[[], str], amount: str
) -> None:
    before = books()
    sound = question(desk, capital(acme, "1"))
    sound["args"]["lines"][0]["debit"] = sound["args"]["lines"][1]["credit"] = amount
    effect = effect_of(desk.post("/v1/sync/preview", sound))
    assert effect.problem is not None
    assert effect.entries is None
    assert books() == before


@pytest.mark.parametrize("text", ["a\x00b", "x" * 5_000, "'; DELETE FROM unit; --"], ids=lambda text: text[:12])
def test_texts_are_texts(desk: RemoteDesk, books: Callable[[], str], text: str) -> None:
    before = books()
    effect_of(ask(desk, save_unit(text)))
    assert books() == before


def test_a_database_that_cannot_answer_is_busy_and_not_a_refusal(
    desk: RemoteDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise previewing.DBAPIError("SELECT 1", {}, Exception("the disk is gone"))

    monkeypatch.setattr(previewing, "perform_action", fails)
    answer = ask(desk, save_unit("DOZ"))
    assert answer.status_code >= 500
