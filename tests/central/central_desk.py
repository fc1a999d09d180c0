"""A company at a centre, and a desk's conversation with it over real HTTP on loopback."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
import pytest
import requests
from sqlalchemy import Engine, select

from company_fixtures import opening_of
from erp_desktop.actions.base import Action, action_args
from erp_desktop.actions.masters import SaveUnit
from erp_desktop.actions.opening import OpenCompany, SaveUser
from erp_desktop.central.accounts import set_password
from erp_desktop.central.performing import Centre
from erp_desktop.central.serving import Server, served
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.product import Unit
from erp_desktop.wire import Ack, PullReply, PushedAction, PushReply, PushResult, Session

PASSWORD = "correct horse"
_NUMBERS = count(1)  # a device gives each once


def opening(code: str = "ACME") -> OpenCompany:
    return opening_of(code, name_zh="顶点贸易", owner_login="lin", owner_name="Lin Wei")


def save_unit(code: str, unit_id: UUID | None = None) -> SaveUnit:
    return SaveUnit(unit_id=unit_id or new_id(), code=code, name=f"unit {code}")


def pushed(
    action: Action, actor_id: UUID, *, id: UUID | None = None, seq: int | None = None, depends_on: tuple[UUID, ...] = ()
) -> PushedAction:
    return PushedAction(
        id=id or new_id(),
        seq=next(_NUMBERS) if seq is None else seq,
        name=type(action).__name__,
        version=action.version,
        args=msgspec.json.decode(action_args(action)),
        depends_on=list(depends_on),
        actor_id=actor_id,
        issued_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
        base_tick=1,
    )


@dataclass
class OpenedCompany:
    """A company that has just been opened at `centre`; its owner is the administrator."""

    centre: Centre
    id: UUID
    owner_id: UUID
    code: str

    @property
    def engine(self) -> Engine:
        return self.centre.engine

    def perform(self, *actions: Action) -> list[PushResult]:
        return self.centre.perform_local(self.id, self.owner_id, actions)

    def push(self, *actions: PushedAction, device_id: UUID | None = None) -> list[PushResult]:
        return self.centre.perform(self.id, device_id, actions)

    def add_user(self, login: str, *roles: str) -> UUID:
        user_id = new_id()
        (result,) = self.perform(SaveUser(user_id=user_id, login=login, name=login.title(), role_codes=roles))
        assert result.outcome == "applied", result
        set_password(self.engine, self.id, user_id, PASSWORD)
        return user_id

    def unit_codes(self) -> set[str]:
        with self.engine.connect() as connection:
            return set(connection.scalars(select(Unit.code).where(Unit.company_id == self.id)))


def on_sqlite(sqlite_url: str) -> Iterator[Engine]:
    """`engine = pytest.fixture(on_sqlite)` in a module whose tests say nothing about databases."""
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def centre(engine: Engine) -> Centre:
    return Centre(engine)


@pytest.fixture
def open_company(centre: Centre) -> Callable[[str], OpenedCompany]:
    def make(code: str) -> OpenedCompany:
        action = opening(code)
        company_id = centre.open_company(action, PASSWORD)
        return OpenedCompany(centre, company_id, action.owner_id, code)

    return make


@pytest.fixture
def acme(open_company: Callable[[str], OpenedCompany]) -> OpenedCompany:
    return open_company("ACME")


@pytest.fixture
def server(acme: OpenedCompany) -> Iterator[Server]:
    with served(acme.engine) as running:
        yield running


@dataclass
class RemoteDesk:
    """What a desk says to the centre, as raw HTTP."""

    url: str
    device_id: UUID = field(default_factory=new_id)
    session: Session | None = None
    http: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, body: Any, *, token: bool = True, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.session.access_token}"} if token and self.session else {}
        headers |= options.pop("headers", {})
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.http.post(self.url + path, data=data, headers=headers, timeout=60, **options)

    def log_in(self, login: str, password: str = PASSWORD, company: str = "ACME", **more: Any) -> requests.Response:
        answer = self.post(
            "/v1/auth/login",
            {
                "company": company,
                "login": login,
                "password": password,
                "device_id": self.device_id,
                "device_name": "Dock 1",
                **more,
            },
            token=False,
        )
        if answer.status_code == 200:
            self.session = msgspec.json.decode(answer.content, type=Session)
        return answer

    def push(self, *actions: PushedAction) -> requests.Response:
        return self.post("/v1/sync/push", {"device_id": self.device_id, "schema_revision": 1, "actions": list(actions)})

    def results(self, *actions: PushedAction) -> list[PushResult]:
        answer = self.push(*actions)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=PushReply).results

    def pull(self, cursor: str | None = None, **options: Any) -> requests.Response:
        return self.post(
            "/v1/sync/pull", {"device_id": self.device_id, "schema_revision": 1, "cursor": cursor, **options}
        )

    def pull_all(self, cursor: str | None = None, **options: Any) -> "Pulled":
        """Every page until the reply is complete, put together as a desk would."""
        pulled = Pulled()
        while True:
            answer = self.pull(cursor, **options)
            assert answer.status_code == 200, answer.text
            reply = msgspec.json.decode(answer.content, type=PullReply)
            pulled.take(reply)
            cursor = reply.cursor
            if reply.complete:
                return pulled


@dataclass
class Pulled:
    """Rows by table and id, as they are after the pages were applied in order."""

    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    acks: list[Ack] = field(default_factory=list)
    cursor: str = ""
    tick: int = 0
    replies: int = 0
    largest_reply: int = 0

    def take(self, reply: PullReply) -> None:
        size = 0
        for page in reply.pages:
            table = self.rows.setdefault(page.table, {})
            for gone in page.gone:
                table.pop(gone.hex, None)
            for values in zip(*page.values, strict=True):
                row = dict(zip(page.columns, values, strict=True))
                table[row["id"]] = row
                size += 1
        self.acks += reply.acks
        self.cursor, self.tick = reply.cursor, reply.tick
        self.replies += 1
        self.largest_reply = max(self.largest_reply, size)


@pytest.fixture
def new_desk(server: Server) -> Iterator[Callable[[], RemoteDesk]]:
    desks: list[RemoteDesk] = []

    def make() -> RemoteDesk:
        desks.append(RemoteDesk(server.url))
        return desks[-1]

    yield make
    for desk in desks:
        desk.http.close()


@pytest.fixture
def desk(new_desk: Callable[[], RemoteDesk]) -> RemoteDesk:
    """The owner's desk, signed in."""
    made = new_desk()
    assert made.log_in("lin").status_code == 200
    return made
