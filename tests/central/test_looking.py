"""Desks that ask for news at the same moment are looked for together, and each is told what it would be told alone."""

import asyncio
import gzip
import random
from collections.abc import Iterator, Sequence

import anyio.to_thread
import msgspec
import pytest
from central_desk import PASSWORD, OpenedCompany, pushed, save_unit
from sqlalchemy import Engine, event

from erp_desktop.actions.opening import SaveUser
from erp_desktop.central.accounts import AccessToken, Accounts
from erp_desktop.central.changes import Changes
from erp_desktop.central.devices import SignInRefused
from erp_desktop.central.looking import Asked, Look, Looks
from erp_desktop.central.moment import CursorGone
from erp_desktop.central.signing import identity_of
from erp_desktop.ids import new_id
from erp_desktop.wire import SCHEMA_REVISION, LoginRequest, PullReply

Outcome = Look | None | BaseException


class Office:
    """The desks of a company that is served by one worker, without HTTP."""

    def __init__(self, acme: OpenedCompany) -> None:
        self.acme = acme
        signer = identity_of(acme.engine).signer
        self.changes = Changes(acme.engine, signer)
        self.accounts = Accounts(acme.engine, signer)

    def sign_in(self, login: str) -> AccessToken:
        request = LoginRequest(
            company="ACME", login=login, password=PASSWORD, device_id=new_id(), device_name=f"of {login}"
        )
        return self.accounts.token(self.accounts.log_in(request).access_token)

    def pull(self, token: AccessToken, cursor: str | None = None) -> PullReply:
        """As a desk that asks alone."""
        while not (reply := self.changes.pull(self.accounts.known(token), cursor)).complete:
            cursor = reply.cursor
        return reply

    def look(self, asked: Sequence[Asked]) -> list[Outcome]:
        """All at the same moment."""

        async def everybody() -> list[Outcome]:
            looks = Looks(
                self.acme.engine,
                self.changes,
                lambda *_: None,
                lambda _: None,
                anyio.to_thread.run_sync,
            )
            return await asyncio.gather(*(looks.look(one) for one in asked), return_exceptions=True)

        return asyncio.run(everybody())


def asks(token: AccessToken, cursor: str | None, encoding: str = "") -> Asked:
    return Asked(token, cursor, 5_000, SCHEMA_REVISION, encoding, is_last=False)


def told(outcome: Outcome) -> PullReply:
    assert isinstance(outcome, Look), outcome
    assert outcome.body is not None
    packed = outcome.body.headers.get("Content-Encoding")
    body = gzip.decompress(outcome.body.body) if packed == "gzip" else outcome.body.body
    return msgspec.json.decode(body, type=PullReply)


@pytest.fixture
def office(acme: OpenedCompany) -> Office:
    return Office(acme)


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def test_a_hundred_desks_that_hear_of_a_change_cost_the_database_as_much_as_three(
    office: Office, statements: list[str]
) -> None:
    tokens = [office.sign_in("lin") for _ in range(3)]
    here = office.pull(tokens[0]).cursor
    office.acme.perform(save_unit("CRATE"))
    office.look([asks(token, here) for token in tokens])  # reads the change
    counts = []
    for desks in (tokens, tokens * 33):
        statements.clear()
        assert all(told(one).pages for one in office.look([asks(token, here) for token in desks]))
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_each_of_many_is_told_what_it_would_be_told_alone(office: Office) -> None:
    chance = random.Random(20261123)
    office.acme.add_user("wang", "warehouse")
    office.acme.add_user("chen", "purchasing")
    tokens = [office.sign_in(login) for login in ("lin", "lin", "wang", "wang", "chen")]
    cursors = {token: [office.pull(token).cursor] for token in tokens}
    for number in range(12):
        token = chance.choice(tokens)
        action = pushed(save_unit(f"U{number}" if number % 3 else "U0"), token.user_id)  # some are refused
        office.acme.push(action, device_id=token.device_id)
        for other in tokens:
            if chance.random() < 0.4:
                cursors[other].append(office.pull(other, cursors[other][-1]).cursor)
    asked = [asks(token, cursor) for token in tokens for cursor in cursors[token]]
    chance.shuffle(asked)
    for one, outcome in zip(asked, office.look(asked), strict=True):
        alone = office.changes.pull(office.accounts.known(one.token), one.cursor)
        if alone.pages or alone.acks:
            assert told(outcome) == msgspec.json.decode(msgspec.json.encode(alone), type=PullReply)
        else:
            assert isinstance(outcome, Look)
            assert (outcome.tick, outcome.body) == (alone.tick, None), "it can wait on"


def test_one_who_may_not_ask_any_more_is_refused_and_the_others_are_answered(
    office: Office,
) -> None:
    wang = office.acme.add_user("wang", "warehouse")
    stays, revoked, left = office.sign_in("lin"), office.sign_in("lin"), office.sign_in("wang")
    here = {token: office.pull(token).cursor for token in (stays, revoked, left)}
    office.accounts.revoke_device(office.acme.id, revoked.device_id)
    office.acme.perform(SaveUser(user_id=wang, login="wang", name="Wang", role_codes=("warehouse",), is_active=False))
    outcomes = office.look(
        [
            asks(stays, here[stays], "gzip"),
            asks(revoked, here[revoked]),
            asks(left, here[left]),
            asks(stays, "forged"),
            asks(stays, None),
        ]
    )
    assert [row for page in told(outcomes[0]).pages for row in page.values[0]]
    codes = [one.code for one in outcomes[1:3] if isinstance(one, SignInRefused)]
    assert codes == ["device_revoked", "user_disabled"]
    assert isinstance(outcomes[3], CursorGone)
    assert outcomes[4] is None, "what a desk lacks that begins is looked for alone"


def test_a_database_that_fails_fails_for_all_who_ask_and_the_next_are_answered(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = office.sign_in("lin")
    here = office.pull(token).cursor
    office.acme.perform(save_unit("CRATE"))

    def fails(*_: object, **__: object) -> PullReply:
        raise OSError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr(office.changes, "answer", fails)
        assert all(isinstance(one, OSError) for one in office.look([asks(token, here), asks(token, here)]))
    assert told(office.look([asks(token, here)])[0]).pages


def test_desks_that_could_not_be_looked_for_once_are_looked_for_when_they_ask_again(office: Office) -> None:
    token = office.sign_in("lin")
    cursor = office.pull(token).cursor
    office.acme.perform(save_unit("DOZEN"))

    async def twice() -> list[Outcome]:
        async def no_thread(_work: object) -> list[Outcome]:
            raise RuntimeError("can't start new thread")

        looks = Looks(office.acme.engine, office.changes, lambda *_: None, lambda _: None, no_thread)  # type: ignore[arg-type]
        first = await asyncio.gather(*(looks.look(asks(token, cursor)) for _ in range(3)), return_exceptions=True)
        looks._run_in_thread = anyio.to_thread.run_sync  # type: ignore[assignment]
        async with asyncio.timeout(60):
            return [*first, await looks.look(asks(token, cursor))]

    *failed, found = asyncio.run(twice())
    assert [str(error) for error in failed] == ["can't start new thread"] * 3
    assert told(found).pages
