"""The conversation with the centre over real HTTP on loopback."""

import base64
import contextlib
import gzip
import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
import requests
import zstandard
from argon2 import Parameters, PasswordHasher, Type, extract_parameters
from central_desk import OpenedCompany, RemoteDesk, pushed, save_unit
from sqlalchemy import select, text

from erp_desktop.actions.opening import SaveUser
from erp_desktop.central import accounts
from erp_desktop.central.serving import Server
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.company import UserSecret
from erp_desktop.wire import LONGEST_WAIT_SECONDS, MAX_PUSH_BYTES, Hello, PullReply


def problem(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"]


@pytest.fixture
def somebody_waits(server: Server, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a desk waits for news: a test that acted before then would find no one waiting."""
    waits, news = threading.Event(), server.service.wakeups.news

    async def watched(company_id: UUID, after: int, seconds: float) -> None:
        waits.set()
        await news(company_id, after, seconds)

    monkeypatch.setattr(server.service.wakeups, "news", watched)
    return waits


def test_hello_says_who_it_is_and_what_it_understands(server: Server) -> None:
    answer = requests.get(f"{server.url}/v1/sync/hello", timeout=60)
    hello = msgspec.json.decode(answer.content, type=Hello)
    assert hello.product == "erp-central"
    assert hello.actions["SaveUnit"] == [1]
    assert hello.companies == [{"code": "ACME", "name": "Acme Trading"}]
    assert answer.content.endswith(b'"end":true}')


def test_the_right_password_signs_in_with_what_the_user_may_do(new_desk: Callable[[], RemoteDesk]) -> None:
    desk = new_desk()
    assert desk.log_in("lin").status_code == 200
    assert desk.session is not None
    assert "admin" in desk.session.permissions


def test_a_password_that_was_hashed_weakly_is_hashed_anew_as_strongly_as_the_program_does_it(
    new_desk: Callable[[], RemoteDesk],
    acme: OpenedCompany,
    slow_hasher: PasswordHasher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def kept() -> Parameters:
        with acme.engine.connect() as connection:
            return extract_parameters(connection.execute(select(UserSecret.password_hash)).scalar_one())

    weak = kept()
    monkeypatch.setattr(accounts, "_hasher", slow_hasher)
    assert new_desk().log_in("lin").status_code == 200
    strong = kept()
    assert weak.memory_cost < strong.memory_cost
    assert strong.type is Type.ID
    assert strong.time_cost * strong.memory_cost >= 2 * 19 * 1024  # KiB: what OWASP asks of Argon2id at the least
    assert new_desk().log_in("lin").status_code == 200


def test_a_wrong_password_an_unknown_name_and_an_unknown_company_are_told_alike(
    new_desk: Callable[[], RemoteDesk],
) -> None:
    for wrong in (("lin", "wrong", "ACME"), ("nobody", "correct horse", "ACME"), ("lin", "correct horse", "NONE")):
        assert problem(new_desk().log_in(*wrong)) == (401, "wrong_password")


def test_a_login_that_no_database_could_keep_is_malformed(new_desk: Callable[[], RemoteDesk]) -> None:
    assert problem(new_desk().log_in("lin\x00")) == (422, "malformed")
    assert problem(new_desk().log_in("l" * 500)) == (422, "malformed")


def test_one_device_that_signs_in_many_times_at_once_is_let_in_each_time(server: Server) -> None:
    device_id, answers = new_id(), []

    def sign_in() -> None:
        desk = RemoteDesk(server.url, device_id)
        answers.append(desk.log_in("lin").status_code)
        desk.http.close()

    threads = [threading.Thread(target=sign_in) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 6


def test_a_token_that_ran_out_or_was_changed_is_not_taken(desk: RemoteDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.session is not None
    assert desk.pull().status_code == 200
    sound = desk.session
    changed = sound.access_token[:-4] + ("aaaa" if not sound.access_token.endswith("aaaa") else "bbbb")
    desk.session = msgspec.structs.replace(sound, access_token=changed)
    assert problem(desk.pull()) == (401, "token_expired")

    monkeypatch.setattr(accounts, "ACCESS_TOKEN_SECONDS", -1)
    desk.log_in("lin")
    assert problem(desk.pull()) == (401, "token_expired")

    desk.session = None
    assert problem(desk.pull()) == (401, "not_signed_in")


def test_a_revoked_device_is_shut_out_at_once_and_cannot_sign_in(
    desk: RemoteDesk, server: Server, acme: OpenedCompany
) -> None:
    server.service.accounts.revoke_device(acme.id, desk.device_id)
    assert problem(desk.pull()) == (401, "device_revoked")
    assert problem(desk.log_in("lin")) == (401, "device_revoked")


def test_a_disabled_user_is_shut_out_at_once(new_desk: Callable[[], RemoteDesk], acme: OpenedCompany) -> None:
    buyer = acme.add_user("buyer", "purchasing")
    desk = new_desk()
    desk.log_in("buyer")
    assert desk.pull().status_code == 200
    acme.perform(SaveUser(user_id=buyer, login="buyer", name="B", role_codes=("purchasing",), is_active=False))
    assert problem(desk.pull()) == (401, "user_disabled")
    assert problem(desk.log_in("buyer")) == (401, "wrong_password")


def test_a_token_works_on_its_own_device_only(desk: RemoteDesk) -> None:
    desk.device_id = new_id()
    assert problem(desk.pull()) == (403, "other_device")


def test_a_push_is_answered_action_by_action(desk: RemoteDesk, acme: OpenedCompany) -> None:
    good, refused = pushed(save_unit("DOZEN"), acme.owner_id), pushed(save_unit("PC"), acme.owner_id)
    results = desk.results(good, refused, pushed(save_unit("X"), acme.owner_id, depends_on=(refused.id,)))
    assert [result.outcome for result in results] == ["applied", "refused", "blocked"]
    assert desk.results(good)[0] == results[0]


def test_the_same_push_sent_twice_at_once_is_applied_once(
    desk: RemoteDesk, acme: OpenedCompany, server: Server
) -> None:
    actions = [pushed(save_unit(f"U{number}"), acme.owner_id) for number in range(30)]
    answers: list[Any] = []

    def send() -> None:
        twin = RemoteDesk(server.url, desk.device_id, desk.session)
        answers.append(twin.results(*actions))
        twin.http.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer == answers[0] for answer in answers] == [True] * 4
    assert server.service.changes.tick_of(acme.id) == 31


def test_nobody_pushes_what_somebody_else_did(desk: RemoteDesk, acme: OpenedCompany) -> None:
    someone = acme.add_user("buyer", "purchasing")
    assert problem(desk.push(pushed(save_unit("DOZEN"), someone))) == (403, "other_actor")
    assert "DOZEN" not in acme.unit_codes()


def test_a_malformed_body_is_told_so(desk: RemoteDesk) -> None:
    for body in (
        b"",
        b"no json",
        b"[]",
        b'{"device_id": 7}',
        b"[" * 100_000,
        b'{"device_id":"\xff"}',
        b'{"device_id":"00000000-0000-7000-8000-000000000000","schema_revision":1,"actions":[],"surplus":1}',
    ):
        assert problem(desk.post("/v1/sync/push", body)) == (422, "malformed"), body[:80]


def test_an_action_with_an_impossible_envelope_makes_the_push_malformed(desk: RemoteDesk, acme: OpenedCompany) -> None:
    sound = msgspec.to_builtins(pushed(save_unit("DOZEN"), acme.owner_id))
    for change in (
        {"issued_at": "2026-03-01T08:00:00"},  # which time zone?
        {"version": 2**31},
        {"seq": -1},
        {"name": "x" * 81},
    ):
        body = {"device_id": desk.device_id, "schema_revision": 1, "actions": [sound | change]}
        assert problem(desk.post("/v1/sync/push", body)) == (422, "malformed")


def test_a_push_that_is_too_large_is_refused_whether_its_length_is_announced_or_not(desk: RemoteDesk) -> None:
    def drip() -> Any:
        for _ in range(MAX_PUSH_BYTES // 1024 + 1):
            yield b" " * 1024

    assert problem(desk.post("/v1/sync/push", b" " * (MAX_PUSH_BYTES + 1))) == (413, "too_large")
    assert problem(desk.http.post(f"{desk.url}/v1/sync/push", data=drip(), timeout=60)) == (413, "too_large")
    with contextlib.suppress(requests.ConnectionError):  # the centre may hang up on the rest
        assert problem(desk.post("/v1/sync/push", b" " * 20_000_000)) == (413, "too_large")


def test_a_desk_that_is_too_old_is_asked_to_upgrade(desk: RemoteDesk) -> None:
    body = {"device_id": desk.device_id, "schema_revision": 0, "actions": []}
    assert problem(desk.post("/v1/sync/push", body)) == (426, "client_too_old")


def test_an_unknown_address_is_a_problem_too(desk: RemoteDesk) -> None:
    assert problem(desk.post("/v1/sync/steal", {})) == (404, "no_such_call")
    assert problem(desk.http.get(f"{desk.url}/v1/sync/push", timeout=60)) == (405, "no_such_call")


def test_answers_are_compressed_as_the_desk_can_take_it_and_their_digest_is_of_what_travels(desk: RemoteDesk) -> None:
    unpack = {"zstd": zstandard.ZstdDecompressor().decompress, "gzip": gzip.decompress, None: bytes}
    accepted = {"zstd, gzip": "zstd", "gzip": "gzip", "identity": None, "zstd;q=0, gzip;q=0.5": "gzip"}
    for accept, encoding in accepted.items():
        wanted = {"device_id": desk.device_id, "schema_revision": 1}
        answer = desk.post("/v1/sync/pull", wanted, headers={"Accept-Encoding": accept}, stream=True)
        travelled = answer.raw.read(decode_content=False)
        assert answer.headers.get("Content-Encoding") == encoding
        digest = base64.b64encode(hashlib.sha256(travelled).digest()).decode()
        assert answer.headers["Content-Digest"] == f"sha-256=:{digest}:"
        assert unpack[encoding](travelled).endswith(b'"end":true}')


def test_a_waiting_pull_is_woken_by_a_commit(
    desk: RemoteDesk, acme: OpenedCompany, somebody_waits: threading.Event
) -> None:
    cursor = desk.pull_all().cursor
    answered: list[tuple[float, PullReply]] = []

    def wait() -> None:
        answer = desk.pull(cursor, wait=LONGEST_WAIT_SECONDS)
        answered.append((time.monotonic(), msgspec.json.decode(answer.content, type=PullReply)))

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert somebody_waits.wait(60)
    assert not answered
    acted = time.monotonic()
    desk_of_another = pushed(save_unit("DOZEN"), acme.owner_id)
    RemoteDesk(desk.url, desk.device_id, desk.session).results(desk_of_another)
    waiting.join()
    at, reply = answered[0]
    assert [page.table for page in reply.pages] == ["unit"]
    assert at - acted < LONGEST_WAIT_SECONDS - 5


def test_a_waiting_pull_hears_of_other_workers_commits(desk: RemoteDesk, acme: OpenedCompany) -> None:
    cursor = desk.pull_all().cursor
    later = threading.Timer(0.3, acme.perform, [save_unit("DOZEN")])  # another Centre on the same database
    later.start()
    reply = msgspec.json.decode(desk.pull(cursor, wait=20).content, type=PullReply)
    later.join()
    assert [page.table for page in reply.pages] == ["unit"]


def test_a_pull_that_waits_in_vain_answers_with_nothing_new(desk: RemoteDesk) -> None:
    before = desk.pull_all()
    reply = msgspec.json.decode(desk.pull(before.cursor, wait=1).content, type=PullReply)
    assert (reply.pages, reply.acks, reply.complete, reply.tick) == ([], [], True, before.tick)


def test_stopping_the_service_answers_who_waits(
    desk: RemoteDesk, server: Server, somebody_waits: threading.Event
) -> None:
    cursor = desk.pull_all().cursor

    def stop() -> None:
        somebody_waits.wait(60)
        server.stop()

    stopping = threading.Thread(target=stop)
    stopping.start()
    began = time.monotonic()
    answer = desk.pull(cursor, wait=LONGEST_WAIT_SECONDS)
    ended = time.monotonic()
    stopping.join()
    assert answer.status_code == 200
    assert ended - began < LONGEST_WAIT_SECONDS - 5


def test_a_database_that_went_away_is_busy_and_not_a_failure_of_ours(desk: RemoteDesk, acme: OpenedCompany) -> None:
    if acme.engine.dialect.name == "postgresql":
        name = acme.engine.url.database
        server = open_engine(acme.engine.url.set(database="postgres"))
        with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false'))
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
        server.dispose()
    else:
        with acme.engine.begin() as connection:
            connection.execute(text("ALTER TABLE device RENAME TO elsewhere"))
    answer = desk.push(pushed(save_unit("DOZEN"), acme.owner_id))
    assert problem(answer) == (503, "busy")
    assert answer.headers["Retry-After"]
