"""Desks and centres of different releases: each is sent what it knows, and is told where it must be upgraded."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests
from central_desk import OpenedCompany, RemoteDesk, on_sqlite, pushed, save_unit
from sqlalchemy import Column, Integer, MetaData, String, Table

from erp_desktop import wire
from erp_desktop.actions.base import action_names
from erp_desktop.central import rows, service
from erp_desktop.models import replicated_tables
from erp_desktop.models.base import Base, since_of
from erp_desktop.models.product import Unit
from erp_desktop.models.stock import Bin
from erp_desktop.wire import Hello, PullReply

engine = pytest.fixture(on_sqlite)


@pytest.fixture
def next_release(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if the centre's program were of revision 2, which brought units their Chinese names."""
    monkeypatch.setitem(Unit.__table__.columns["name_zh"].info, "since", 2)
    monkeypatch.setattr(service, "SCHEMA_REVISION", 2)
    rows.readable_tables.cache_clear()
    yield
    rows.readable_tables.cache_clear()


@pytest.fixture
def first_bins(next_release: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """And bins at all."""
    monkeypatch.setattr(Bin, "since", 2)


def ask(desk: RemoteDesk, path: str, revision: int, **more: Any) -> requests.Response:
    return desk.post(path, {"device_id": desk.device_id, "schema_revision": revision, **more})


def pulled(desk: RemoteDesk, revision: int, cursor: str | None = None) -> PullReply:
    answer = ask(desk, "/v1/sync/pull", revision, cursor=cursor)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=PullReply)


def columns(reply: PullReply) -> dict[str, list[str]]:
    return {page.table: page.columns for page in reply.pages}


def test_every_column_that_came_later_may_be_missing() -> None:
    assert later_that_cannot_be_missing([cls.__table__ for cls in replicated_tables().values()]) == []  # type: ignore[misc]
    newest = max(since_of(column) for table in Base.metadata.tables.values() for column in table.columns)
    assert max(newest, *(cls.since for cls in replicated_tables().values())) <= wire.SCHEMA_REVISION
    assert service.OLDEST_SCHEMA_REVISION <= wire.SCHEMA_REVISION
    later = {"since": 2}
    wrong = Table(
        "wrong",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("note", String, nullable=False, info=later),
        Column("colour", String, nullable=False, server_default="", info=later),
        Column("size", String, info=later),
    )
    assert later_that_cannot_be_missing([wrong]) == ["wrong.note"]


def later_that_cannot_be_missing(tables: list[Table]) -> list[str]:
    return [
        f"{table.name}.{column.name}"
        for table in tables
        for column in table.columns
        if since_of(column) > 1 and not column.nullable and column.server_default is None
    ]


@pytest.mark.usefixtures("first_bins")
def test_a_desk_of_the_release_before_is_sent_only_what_it_knows(desk: RemoteDesk) -> None:
    old, new = columns(pulled(desk, 1)), columns(pulled(desk, 2))
    assert "bin" not in old
    assert "name_zh" not in old["unit"]
    assert {"id", "code", "name", "tick"} <= set(old["unit"])
    assert "bin" in new
    assert "name_zh" in new["unit"]

    refused = ask(desk, "/v1/sync/snapshot", 1, table="bin")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_readable")
    page = ask(desk, "/v1/sync/snapshot", 1, table="unit").json()["page"]
    assert "name_zh" not in page["columns"]
    assert ask(desk, "/v1/sync/snapshot", 2, table="bin").status_code == 200


@pytest.mark.usefixtures("next_release")
def test_a_desk_that_is_upgraded_fetches_everything_anew_and_one_that_is_not_goes_on(
    desk: RemoteDesk, acme: OpenedCompany
) -> None:
    cursor = pulled(desk, 1).cursor
    acme.perform(save_unit("DOZEN"))
    assert columns(pulled(desk, 1, cursor)).keys() == {"unit"}
    answer = ask(desk, "/v1/sync/pull", 2, cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_gone")


def test_a_centre_that_is_upgraded_fills_the_desks_anew_that_know_more_and_no_others(
    desk: RemoteDesk, request: pytest.FixtureRequest
) -> None:
    of_the_old_program, of_a_newer_one = pulled(desk, 1).cursor, pulled(desk, 2).cursor
    request.getfixturevalue("next_release")
    assert ask(desk, "/v1/sync/pull", 1, cursor=of_the_old_program).status_code == 200
    assert ask(desk, "/v1/sync/pull", 2, cursor=of_a_newer_one).status_code == 410


def test_a_desk_of_a_newer_release_is_served_what_the_centre_has(desk: RemoteDesk) -> None:
    assert columns(pulled(desk, 7)) == columns(pulled(desk, 1))
    hello = msgspec.json.decode(requests.get(f"{desk.url}/v1/sync/hello", timeout=60).content, type=Hello)
    assert hello.schema_revision == wire.SCHEMA_REVISION
    assert hello.actions == action_names()


@pytest.mark.parametrize("path", ["push", "pull", "snapshot", "preview", "verify"])
def test_a_desk_below_the_minimum_is_told_to_upgrade_whatever_it_asks(
    desk: RemoteDesk, acme: OpenedCompany, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "OLDEST_SCHEMA_REVISION", 2)
    bodies: dict[str, dict[str, Any]] = {
        "push": {"actions": [pushed(save_unit("DOZEN"), acme.owner_id)]},
        "pull": {},
        "snapshot": {"table": "unit"},
        "preview": {"name": "SaveUnit", "version": 1, "args": {}},
        "verify": {"cursor": "", "buckets": []},
    }
    answer = ask(desk, f"/v1/sync/{path}", 1, **bodies[path])
    told = answer.json()
    assert (answer.status_code, told["code"]) == (426, "client_too_old")
    assert "Install the new version" in told["detail"]
    assert "kept" in told["detail"]
    assert "DOZEN" not in acme.unit_codes()
    assert ask(desk, f"/v1/sync/{path}", 2, **bodies[path]).status_code != 426
