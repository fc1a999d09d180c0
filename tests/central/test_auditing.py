"""Who did what: the action log, and beside it what is no action; only for those who may read it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from central_desk import PASSWORD, OpenedCompany, RemoteDesk, pushed, save_unit
from sqlalchemy import Engine

from erp_desktop.central import accounts, auditing
from erp_desktop.central.devices import SignInRefused
from erp_desktop.central.serving import Server
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.wire import LoginRequest


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = open_engine(database_url)
    yield made
    made.dispose()


def audit(desk: RemoteDesk, of: str, **more: Any) -> dict[str, Any]:
    answer = desk.post("/v1/admin/audit", {"device_id": desk.device_id, "schema_revision": 1, "of": of, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_changes_are_told_newest_first_by_whom_where_and_to_what(desk: RemoteDesk, acme: OpenedCompany) -> None:
    desk.results(pushed(save_unit("DOZ"), acme.owner_id), pushed(save_unit("DOZ"), acme.owner_id))
    refused, saved, opened = audit(desk, "changes")["rows"]
    assert (saved["person"], saved["what"], saved["outcome"]) == ("Lin Wei (lin)", "SaveUnit", "applied")
    assert (saved["computer"], "DOZ" in saved["subject"]) == ("Dock 1", True)
    assert (refused["outcome"], refused["problem"]["code"]) == ("refused", "code_taken")
    assert (opened["what"], opened["computer"]) == ("OpenCompany", "")


def test_pages_follow_each_other_without_a_gap_while_more_is_done(desk: RemoteDesk, acme: OpenedCompany) -> None:
    acme.perform(*(save_unit(f"U{number}") for number in range(9)))
    seen, before = [], ""
    while True:
        page = audit(desk, "changes", limit=4, before=before)
        seen += [row["subject"].partition(",")[0] for row in page["rows"]]
        acme.perform(save_unit(f"L{len(seen)}"))
        before = page["before"]
        if not before:
            break
    assert seen == [*(f"U{number}" for number in reversed(range(9))), "ACME"]


def test_changes_are_found_by_person_by_kind_by_what_they_name_and_by_date(
    desk: RemoteDesk, acme: OpenedCompany
) -> None:
    acme.perform(save_unit("DOZ"), save_unit("CASE_100%"))
    acme.add_user("buyer", "purchasing")

    def found(**narrowed: str) -> list[str]:
        return [row["what"] for row in audit(desk, "changes", **narrowed)["rows"]]

    assert found(text="doz") == ["SaveUnit"]
    assert found(text="100%") == ["SaveUnit"]
    assert found(text="saveuser") == ["SaveUser"]
    assert len(found(text="lin wei")) == 4
    assert found(text="' OR 1=1 --") == []
    assert found(until="2020-01-01T00:00:00Z") == []
    assert len(found(since="2020-01-01T00:00:00+08:00")) == 4


def test_signing_in_wrong_passwords_and_what_administrators_order_are_kept(
    desk: RemoteDesk, new_desk: Callable[[], RemoteDesk], acme: OpenedCompany
) -> None:
    buyer_id = acme.add_user("buyer", "purchasing")
    buyer = new_desk()
    buyer.log_in("buyer", "wrong wrong")
    buyer.log_in("nobody\x00 there")
    buyer.log_in("nobody", "wrong wrong")
    buyer.log_in("buyer")
    order = {"device_id": desk.device_id, "schema_revision": 1}
    desk.post("/v1/admin/device", {**order, "target": buyer.device_id, "order": "sign_out"})
    desk.post("/v1/admin/user", {**order, "user_id": buyer_id, "order": "one_time_password"})
    rows = audit(desk, "events")["rows"]
    assert [(row["what"], row["person"], row["subject"]) for row in reversed(rows)] == [
        ("signed_in", "Lin Wei (lin)", ""),
        ("sign_in_failed", "Buyer (buyer)", "buyer"),
        ("sign_in_failed", "", "nobody"),
        ("signed_in", "Buyer (buyer)", ""),
        ("device_sign_out", "Lin Wei (lin)", "Dock 1"),
        ("one_time_password", "Lin Wei (lin)", "buyer"),
    ]
    assert PASSWORD not in str(rows)
    assert len(audit(desk, "events", limit=2)["rows"]) == 2
    older = audit(desk, "events", limit=2, before=audit(desk, "events", limit=2)["before"])
    assert [row["what"] for row in older["rows"]] == ["signed_in", "sign_in_failed"]
    assert audit(desk, "events", before="no id")["rows"] == []


def test_guessing_without_end_is_one_entry_an_hour_of_each_account_with_how_often_and_from_where(
    desk: RemoteDesk, acme: OpenedCompany, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attacker who takes another name and computer for each guess, behind a proxy that is not trusted."""
    acme.add_user("buyer", "purchasing")
    monkeypatch.setattr(accounts, "_is_password", lambda _stored, _password: False)  # without its cost

    def guess(login: str, address: str) -> None:
        request = LoginRequest(
            company="ACME", login=login, password="wrong", device_id=new_id(), device_name="?", program="1"
        )
        with pytest.raises(SignInRefused, match="wrong_password"):
            server.service.accounts.log_in(request, address)

    for number in range(30):
        guess(f"made up {number}", "127.0.0.1")
    for address in ("203.0.113.7", "203.0.113.7", "198.51.100.1"):
        guess("buyer", address)
    _signed_in, nobody, buyer = reversed(audit(desk, "events")["rows"])
    assert (buyer["what"], buyer["person"], buyer["subject"]) == ("sign_in_failed", "Buyer (buyer)", "buyer")
    assert buyer["details"] == {"times": 3, "addresses": ["203.0.113.7", "198.51.100.1"]}
    assert (nobody["what"], nobody["person"]) == ("sign_in_failed", "")
    assert nobody["subject"] == "made up 0, made up 1, made up 2, made up 3, …"
    assert nobody["details"] == {"times": 30, "addresses": ["127.0.0.1"]}
    assert audit(desk, "events", text="made up 3")["rows"] == [nobody]

    monkeypatch.setattr(auditing, "FAILURES_TOLD_TOGETHER", timedelta(seconds=-1))  # an hour later
    guess("buyer", "203.0.113.7")
    latest, *_ = audit(desk, "events")["rows"]
    assert (latest["subject"], latest["details"]["times"]) == ("buyer", 1)


def test_who_may_not_read_it_is_refused_and_that_is_kept_too(
    desk: RemoteDesk, new_desk: Callable[[], RemoteDesk], acme: OpenedCompany
) -> None:
    acme.add_user("buyer", "purchasing")
    acme.add_user("boss", "manager")
    buyer, boss = new_desk(), new_desk()
    buyer.log_in("buyer")
    boss.log_in("boss")
    asked = {"device_id": buyer.device_id, "schema_revision": 1, "of": "changes"}
    assert buyer.post("/v1/admin/audit", asked).json()["code"] == "not_allowed"
    assert audit(boss, "events", text="refused")["rows"][0]["person"] == "Buyer (buyer)"
