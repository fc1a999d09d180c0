"""What no desk of ours would say: forged names, broken bodies, impossible envelopes. Each gets its problem; nothing stumbles,
nothing is kept, and the service goes on.
"""

import contextlib
import gzip
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import pytest
import requests
from central_desk import PASSWORD, OpenedCompany, RemoteDesk, on_sqlite, opening, pushed, save_unit

from erp_desktop.central.describing import calls
from erp_desktop.central.performing import Centre
from erp_desktop.central.serving import Server
from erp_desktop.ids import new_id
from erp_desktop.models import Base, replicated_tables
from erp_desktop.wire import MAX_PUSH_BYTES, PullReply, PushReply, PushResult

SECONDS = 60  # for one answer on a loaded machine; each takes milliseconds
SQL_IN_NAMES = (
    "unit; DROP TABLE unit",
    "unit' OR '1'='1",
    'unit"',
    "unit--",
    "UNIT",
    " unit",
    "unit ",
    "",
    "main.unit",
    "unit\x00",
    "单位",
    "x" * 5_000,
)
NOT_FOR_DESKS = [
    *sorted(set(Base.metadata.tables) - set(replicated_tables())),
    "alembic_version",
    "sqlite_schema",
    "pg_user",
]
NO_ACTIONS = (
    "Action",
    "Save",
    "object",
    "saveunit",
    "SaveUnits",
    "SaveUnit ",
    "Save Unit",
    "__init__",
    "SaveUnit;",
    "",
    "é",
    "x" * 200,
)
DEEP = 1_000

Ask = Callable[..., requests.Response]


engine = pytest.fixture(on_sqlite)


@pytest.fixture
def nothing_stumbles(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No error was logged: neither an action's nor the service's."""
    with caplog.at_level(logging.ERROR):
        yield
        assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


pytestmark = pytest.mark.usefixtures("nothing_stumbles")


def problem(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.text[:500]
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert len(answer.content) < 2_000
    return answer.status_code, told["code"]


def ask(desk: RemoteDesk, path: str, *, headers: dict[str, Any] | None = None, **more: Any) -> requests.Response:
    return desk.post(path, {"device_id": desk.device_id, "schema_revision": 1, **more}, headers=headers or {})


def raw_push(desk: RemoteDesk, acme: OpenedCompany, args: bytes = b"{}", **envelope: Any) -> requests.Response:
    """A push of one SaveUnit with exactly these bytes as arguments."""
    action = msgspec.to_builtins(pushed(save_unit("X"), acme.owner_id)) | envelope
    action["args"] = msgspec.Raw(args)
    body = {"device_id": str(desk.device_id), "schema_revision": 1, "actions": [action]}
    return desk.post("/v1/sync/push", msgspec.json.encode(body))


def result(answer: requests.Response) -> PushResult:
    assert answer.status_code == 200, answer.text
    (found,) = msgspec.json.decode(answer.content, type=PushReply).results
    return found


def still_works(desk: RemoteDesk, acme: OpenedCompany) -> None:
    assert desk.results(pushed(save_unit("STILL"), acme.owner_id))[0].outcome == "applied"
    assert "STILL" in acme.unit_codes()


# --- names


def test_a_table_that_is_not_for_desks_cannot_be_fetched_by_whatever_name(desk: RemoteDesk) -> None:
    for table in [*NOT_FOR_DESKS, *SQL_IN_NAMES]:
        assert problem(ask(desk, "/v1/sync/snapshot", table=table)) in [(403, "not_readable"), (422, "malformed")], (
            table
        )


def test_a_table_that_is_not_for_desks_cannot_be_verified(desk: RemoteDesk) -> None:
    cursor = msgspec.json.decode(desk.pull().content, type=PullReply).cursor
    for table in [*NOT_FOR_DESKS, *SQL_IN_NAMES]:
        answer = ask(desk, "/v1/sync/verify", cursor=cursor, buckets=[{"table": table}], with_rows=True)
        if answer.status_code == 200:
            (content,) = answer.json()["buckets"]
            assert (content["columns"], content["count"], content.get("rows")) == ([], 0, None), table
        else:
            assert problem(answer) == (422, "malformed")


def test_an_action_that_does_not_exist_is_refused_and_the_queue_goes_on(desk: RemoteDesk, acme: OpenedCompany) -> None:
    for name in NO_ACTIONS:
        answer = raw_push(desk, acme, name=name)
        if answer.status_code == 200:
            assert (result(answer).problem or {})["code"] == "unknown_action", name
        else:
            assert problem(answer) == (422, "malformed"), name
    still_works(desk, acme)


def test_a_forged_cursor_is_gone(desk: RemoteDesk) -> None:
    sound = msgspec.json.decode(desk.pull().content, type=PullReply).cursor
    forged = ["", "x", sound[:-3], sound + "A", sound.swapcase(), "é" * 50, "\x00", "A" * 10_000, sound[::-1], "=" * 40]
    for cursor in forged:
        assert problem(desk.pull(cursor)) == (410, "cursor_gone"), cursor
        assert problem(ask(desk, "/v1/sync/verify", cursor=cursor, buckets=[])) == (410, "cursor_gone"), cursor


def test_a_token_that_is_none_signs_nobody_in(desk: RemoteDesk) -> None:
    session, desk.session = desk.session, None
    for header in (
        "",
        "Bearer",
        "Bearer ",
        "Basic bGluOng=",
        "Bearer x",
        "Bearer \xe9\xff",
        "Bearer ...",
        "bearer ==",
        "Bearer " + "A" * 9_000,
    ):
        told = ask(desk, "/v1/sync/pull", headers={"Authorization": header.encode("latin-1")})
        assert problem(told)[0] == 401, header
    desk.session = session
    assert desk.pull().status_code == 200


# --- bodies


def nested(opening: bytes, closing: bytes, depth: int = DEEP) -> bytes:
    return opening * depth + b"1" + closing * depth


BROKEN = {
    "empty": b"",
    "blank": b" \n",
    "no object": b"[]",
    "null": b"null",
    "cut": b'{"device_id": "',
    "two": b"{}{}",
    "not UTF-8": b'{"device_id": "\xff\xfe"}',
    "UTF-16": '{"device_id": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "deep lists": nested(b"[", b"]", 100_000 // 16),
    "deep objects": nested(b'{"a":', b"}", 2_000),
    "never closed": b"[" * 10_000,
    "NUL": b'{"device_id": "\x00"}',
    "a number too large": b'{"device_id": 1e400}',
    "no number": b'{"device_id": NaN}',
    "many digits": b'{"device_id": ' + b"9" * 10_000 + b"}",
    "many names": b"{" + b",".join(b'"a%d":1' % n for n in range(1_000)) + b"}",
    "a form": b"device_id=1&schema_revision=1",
    "markup": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
}


def test_a_broken_body_is_malformed_at_every_door(desk: RemoteDesk) -> None:
    doors = [call.path for call in calls() if call.asked is not None]
    for what, body in BROKEN.items():
        for path in doors if what in ("empty", "deep lists") else ("/v1/sync/push", "/v1/auth/login"):
            assert problem(desk.post(path, body)) == (422, "malformed"), (what, path)


ARGUMENTS = {
    "deep": b'{"unit_id": ' + nested(b"[", b"]") + b"}",
    "deep objects": nested(b'{"a":', b"}"),
    "hardly deep enough to be refused": nested(b'{"a":', b"}", 200),
    "38 digits": b'{"unit_id": 99999999999999999999999999999999999999}',
    "1e308": b'{"code": 1e308}',
    "a lone surrogate": b'{"code": "\\ud800", "name": "x"}',
    "half a pair": b'{"code": "\\ud83d\\u0041", "name": "x"}',
    "NUL": b'{"unit_id": "00000000-0000-4000-8000-000000000001", "code": "A\\u0000B", "name": "x"}',
    "named twice": b'{"unit_id": "00000000-0000-4000-8000-000000000001", "code": "A", "code": "B", "code": 5, "name": "x"}',
    "a list": b"[1]",
    "a text": b'"x"',
    "nothing": b"null",
    "5,000 names": b"{" + b",".join(b'"a%d":1' % n for n in range(5_000)) + b"}",
    "a name of 100,000 characters": b'{"' + b"n" * 100_000 + b'": 1}',
}


def test_arguments_of_no_shape_are_refused_and_not_kept(desk: RemoteDesk, acme: OpenedCompany) -> None:
    for what, args in ARGUMENTS.items():
        answer = raw_push(desk, acme, args)
        if answer.status_code == 200:
            refused = result(answer)
            assert refused.outcome == "refused", what
            assert (refused.problem or {})["code"] in ("malformed", "text"), what
            assert len(answer.content) < 2_000, what
        else:
            assert problem(answer) == (422, "malformed"), what
        previewed = ask(desk, "/v1/sync/preview", name="SaveUnit", version=1, args=msgspec.Raw(args))
        assert previewed.status_code in (200, 422), what
    assert acme.unit_codes() & {"A", "B", "A\x00B"} == set()
    assert desk.pull_all().tick >= 1
    still_works(desk, acme)


def test_emoji_and_rare_characters_come_back_as_they_were_written(desk: RemoteDesk, acme: OpenedCompany) -> None:
    name = "📦 𠮷野家 é \u202e"
    unit = new_id()
    args = msgspec.json.encode({"unit_id": unit, "code": "EMOJI", "name": name})
    assert result(raw_push(desk, acme, args)).outcome == "applied"
    assert desk.pull_all().rows["unit"][unit.hex]["name"] == name


def test_a_packed_request_is_not_unpacked(desk: RemoteDesk) -> None:
    bomb = gzip.compress(b"0" * 20_000_000)
    for coding in ("gzip", "zstd", "br", "deflate", "GZIP", "identity, gzip", "x"):
        answer = desk.post("/v1/sync/push", bomb, headers={"Content-Encoding": coding})
        assert problem(answer) == (415, "malformed"), coding


def test_a_body_that_is_too_large_is_refused_at_every_door_announced_or_not(desk: RemoteDesk) -> None:
    def drip(size: int) -> Iterator[bytes]:
        for _ in range(size // 65_536 + 1):
            yield b" " * 65_536

    for call in calls():
        if call.asked is None:
            continue
        assert problem(desk.post(call.path, b" " * (call.most_bytes + 1))) == (413, "too_large"), call.path
        answer = desk.http.post(
            desk.url + call.path, data=drip(max(MAX_PUSH_BYTES, call.most_bytes) + 1), timeout=SECONDS
        )
        assert problem(answer) == (413, "too_large"), call.path


# --- envelopes: a desk that lies


def test_a_strange_envelope_is_answered_and_stops_nobody(desk: RemoteDesk, acme: OpenedCompany) -> None:
    strange: list[dict[str, Any]] = [
        {"issued_at": "0001-01-01T00:00:00Z"},
        {"base_tick": 2**63 - 1},
        {"seq": 2**63 - 1},
        {"seq": 0},
        {"depends_on": [str(UUID(int=n)) for n in range(1_000)]},
        {"id": "00000000-0000-0000-0000-000000000000"},
    ]
    for place, envelope in enumerate(strange):
        args = msgspec.json.encode({"unit_id": new_id(), "code": f"ODD{place}", "name": "odd"})
        answer = result(raw_push(desk, acme, args, **envelope))
        assert (answer.outcome, answer.problem) == ("applied", None), envelope
    desk.pull_all()
    still_works(desk, acme)


def test_an_impossible_envelope_is_malformed_and_says_which_action_it_is(desk: RemoteDesk, acme: OpenedCompany) -> None:
    impossible: list[dict[str, Any]] = [
        {"seq": -1},
        {"seq": 2**63},
        {"seq": 1.5},
        {"base_tick": -1},
        {"version": 0},
        {"version": 2**31},
        {"issued_at": "2026-03-01T08:00:00"},
        {"issued_at": "2026-13-01T08:00:00Z"},
        {"issued_at": "0001-01-01T00:00:00+14:00"},  # before the first year, as the world counts
        {"issued_at": "9999-12-31T23:59:59-12:00"},
        {"depends_on": ["x"]},
        {"depends_on": [str(UUID(int=n)) for n in range(1_001)]},
        {"surplus": 1},
        {"actor_id": None},
    ]
    for envelope in impossible:
        assert problem(raw_push(desk, acme, **envelope)) == (422, "malformed"), envelope
    own = new_id()
    told = raw_push(desk, acme, id=str(own), issued_at="0001-01-01T00:00:00+14:00").json()
    assert told["action_id"] == str(own), "so that its desk puts it to Needs attention, and the rest goes on"
    still_works(desk, acme)


def test_actions_that_depend_on_themselves_or_on_each_other_are_answered_one_by_one(
    desk: RemoteDesk, acme: OpenedCompany
) -> None:
    one, two, three = new_id(), new_id(), new_id()
    actions = [
        pushed(save_unit("A"), acme.owner_id, id=one, depends_on=(one,)),
        pushed(save_unit("B"), acme.owner_id, id=two, depends_on=(three,)),
        pushed(save_unit("C"), acme.owner_id, id=three, depends_on=(two,)),
    ]
    first = desk.results(*actions)
    assert {found.outcome for found in first} <= {"applied", "blocked"}
    assert desk.results(*actions) == first
    still_works(desk, acme)


def test_one_id_for_two_actions_is_performed_once(desk: RemoteDesk, acme: OpenedCompany) -> None:
    same = new_id()
    one, other = pushed(save_unit("A"), acme.owner_id, id=same), pushed(save_unit("B"), acme.owner_id, id=same)
    answers = desk.results(one, other)
    assert [answer.outcome for answer in answers] == ["applied", "refused"]
    assert (answers[1].problem or {})["code"] == "id_reused"
    assert "B" not in acme.unit_codes()
    assert [answer.outcome for answer in desk.results(other)] == ["refused"]


def test_a_desk_that_claims_another_device_person_or_company_gets_nowhere(
    desk: RemoteDesk, acme: OpenedCompany, centre: Centre, new_desk: Callable[[], RemoteDesk]
) -> None:
    action = opening("RIVAL")
    rival = OpenedCompany(centre, centre.open_company(action, PASSWORD), action.owner_id, "RIVAL")
    spy = new_desk()
    assert spy.log_in("lin", company="RIVAL").status_code == 200
    cursor_there = msgspec.json.decode(spy.pull().content, type=PullReply).cursor
    assert problem(desk.pull(cursor_there)) == (410, "cursor_gone")
    assert problem(raw_push(desk, acme, actor_id=str(rival.owner_id))) == (403, "other_actor")

    own, desk.device_id = desk.device_id, spy.device_id
    assert problem(desk.pull()) == (403, "other_device")
    assert problem(raw_push(desk, acme)) == (403, "other_device")
    desk.device_id = own
    theirs = pushed(save_unit("THEIRS"), rival.owner_id)
    assert spy.results(theirs)[0].outcome == "applied"
    ours = desk.results(pushed(save_unit("OURS"), acme.owner_id, id=theirs.id))  # an id is one company's own
    assert ours[0].outcome == "applied"
    assert "OURS" not in rival.unit_codes()
    assert {row["company_id"] for table in desk.pull_all().rows.values() for row in table.values()} == {acme.id.hex}


# --- below HTTP


NO_REQUESTS = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /v1/sync/push HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/sync/push HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /v1/sync/push HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/sync/push HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /status HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET /status HTTP/1.1\r\n" + b"".join(b"X%d: a\r\n" % n for n in range(20_000)) + b"\r\n",
]


def test_what_is_no_request_is_cut_off_and_the_service_goes_on(
    server: Server, desk: RemoteDesk, acme: OpenedCompany
) -> None:
    address = urlsplit(server.url)
    for request in NO_REQUESTS:
        line = socket.create_connection((address.hostname, address.port), timeout=SECONDS)
        with line, contextlib.suppress(ConnectionError):  # cut off while it was sent
            line.sendall(request)
            line.shutdown(socket.SHUT_WR)
            while line.recv(65_536):
                pass
    still_works(desk, acme)
