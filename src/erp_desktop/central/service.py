"""The central service over HTTP: what a desk can ask, and who may ask it (sync.md, Wire).

Here: routes, signing in, limits. Not here: performing (performing.py), reading changes (changes.py), tokens (accounts.py).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from uuid import UUID

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine, select
from sqlalchemy.pool import QueuePool

from erp_desktop.actions import base as action_base
from erp_desktop.central.accounts import AccessToken, Accounts
from erp_desktop.central.admin_calls import AdminCalls, FromADevice
from erp_desktop.central.administering import Administration
from erp_desktop.central.backups import Backups
from erp_desktop.central.blob_calls import BlobCalls
from erp_desktop.central.changes import RESTORED, Changes, Reader
from erp_desktop.central.describing import SMALL_MESSAGE_BYTES, description
from erp_desktop.central.devices import SignInRefused
from erp_desktop.central.http import (
    WireError,
    encoding_for,
    message_response,
    packed,
    read_message,
    sender_of,
)
from erp_desktop.central.listening import nothing_new
from erp_desktop.central.looking import Asked, Look, Looks
from erp_desktop.central.measuring import Figures, Measures
from erp_desktop.central.moment import CursorGone
from erp_desktop.central.older import older
from erp_desktop.central.performers import Performers
from erp_desktop.central.performing import Centre
from erp_desktop.central.previewing import Previews, Wanted
from erp_desktop.central.problems import PROBLEMS, as_problem
from erp_desktop.central.restores import Restores
from erp_desktop.central.signing import identity_of
from erp_desktop.central.status_calls import StatusCalls
from erp_desktop.central.verifying import verify
from erp_desktop.central.waking import Wakeups
from erp_desktop.database import reader
from erp_desktop.models.company import Company
from erp_desktop.wire import (
    CURSOR_GONE,
    DEVICE_FORKED,
    LONGEST_WAIT_SECONDS,
    MAX_ACTIONS_PER_PUSH,
    MAX_PUSH_BYTES,
    MAX_ROWS_PER_PULL,
    SCHEMA_REVISION,
    Hello,
    LoginRequest,
    OlderRequest,
    PreviewRequest,
    PullRequest,
    PushReply,
    PushRequest,
    RefreshRequest,
    SizesRequest,
    SnapshotRequest,
    VerifyRequest,
)

if TYPE_CHECKING:
    from erp_desktop.central.notifying import OtherWorkers

OLDEST_SCHEMA_REVISION = 1  # of the desks that are still served
THREADS_FOR_PUSHES = 32
THREADS_FOR_PREVIEWS = 4  # they hold up who performs, so that few of them stand in line
THREADS_FOR_PULLS = 4  # a hundred desks that are woken at once must not stand before one that pushes
THREADS_FOR_THE_REST = 32
# each takes 64 MiB and all cores; and of guesses that come at once no more than these are past the count of wrong ones
THREADS_FOR_PASSWORDS = 2

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class Service:
    """One worker: its routes, and the parts that they use."""

    def __init__(self, engine: Engine, worker: int = 1, performers: int = 0, folder: Path | None = None) -> None:
        """One of several workers meets the others and `performers` processes that perform for them in `folder`."""
        identity = identity_of(engine)
        self.engine = engine
        self.measures = Measures(worker, folder)
        self.connections: Callable[[], int] = lambda: 0  # how many are open; who listens knows
        self.status_calls = StatusCalls(engine, self.measures, self.figures_now, self._in_thread)
        self.centre = Centre(engine)
        self.previews = Previews(self.centre)
        self.changes = Changes(engine, identity.signer)
        self.accounts = Accounts(engine, identity.signer)
        self.administration = Administration(engine)
        self.looks = Looks(engine, self.changes, self._saw, self.measures.pulled, self._pull_in_thread)
        self.backups = Backups(engine, identity.server_id)
        self.restores = Restores(engine, identity.server_id, self._restored)
        self.wakeups = Wakeups(self._tick_of)
        self._epochs: dict[UUID, UUID] = {}  # of the companies that somebody has waited for
        self._signer = identity.signer
        self._server_id = identity.server_id
        self.centre.on_commit(self.wakeups.committed)
        self.performers = (
            Performers(self.centre, performers, folder, self.wakeups.committed)
            if folder is not None and performers
            else None
        )
        self.other_workers = _line_to_other_workers(engine, self.wakeups)
        if self.other_workers is not None:
            self.centre.on_commit(self.other_workers.committed)
        self.app = self._app()

    def _app(self) -> FastAPI:
        app = FastAPI(title="ERP central service", lifespan=self._lifespan, openapi_url=None)
        app.add_route("/v1/sync/hello", self.hello, ["GET"])
        app.add_route("/v1/sync/push", self.push, ["POST"])
        app.add_route("/v1/sync/preview", self.preview, ["POST"])
        app.add_route("/v1/sync/pull", self.pull, ["POST"])
        app.add_route("/v1/sync/snapshot", self.snapshot, ["POST"])
        app.add_route("/v1/sync/sizes", self.sizes, ["POST"])
        app.add_route("/v1/sync/verify", self.verify, ["POST"])
        app.add_route("/v1/sync/older", self.older, ["POST"])
        app.add_route("/v1/auth/login", self.log_in, ["POST"])
        app.add_route("/v1/auth/refresh", self.refresh, ["POST"])
        AdminCalls(
            self.administration,
            self.accounts,
            self.backups,
            self.restores,
            self._identify,
            self._in_thread,
            self._with_a_password,
        ).add_to(app)
        BlobCalls(self.engine, self._identify).add_to(app)
        app.add_route("/v1/openapi.json", self.describe, ["GET"])
        self.status_calls.add_to(app)
        app.state.measures = self.measures
        for kind in PROBLEMS:
            app.add_exception_handler(kind, as_problem)
        return app

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        self._push_threads = anyio.CapacityLimiter(
            THREADS_FOR_PUSHES
        )  # pushes wait for each other, never reads for them
        self._preview_threads = anyio.CapacityLimiter(THREADS_FOR_PREVIEWS)
        self._pull_threads = anyio.CapacityLimiter(THREADS_FOR_PULLS)
        self._other_threads = anyio.CapacityLimiter(THREADS_FOR_THE_REST)
        self._password_threads = anyio.CapacityLimiter(THREADS_FOR_PASSWORDS)
        self.wakeups.start()
        if self.other_workers is not None:
            self.other_workers.start()
        await anyio.to_thread.run_sync(self.restores.tidy_up)
        sharing = asyncio.create_task(self.status_calls.keep_sharing())
        yield
        sharing.cancel()
        await sharing
        await self.wakeups.close()
        if self.performers is not None:
            await anyio.to_thread.run_sync(self.performers.close)
        if self.other_workers is not None:
            await anyio.to_thread.run_sync(self.other_workers.close)
        await anyio.to_thread.run_sync(self.administration.close)
        await anyio.to_thread.run_sync(self.backups.close)
        await anyio.to_thread.run_sync(self.restores.close)

    async def hello(self, request: Request) -> Response:
        def answer() -> Response:
            with reader(self.engine).connect() as connection:
                rows = connection.execute(select(Company.code, Company.name).order_by(Company.code)).all()
            return message_response(
                request,
                Hello(
                    server_id=self._server_id,
                    time=datetime.now(UTC),
                    schema_revision=SCHEMA_REVISION,
                    actions=action_base.action_names(),
                    limits={
                        "actions_per_push": MAX_ACTIONS_PER_PUSH,
                        "push_bytes": MAX_PUSH_BYTES,
                        "rows_per_pull": MAX_ROWS_PER_PULL,
                        "wait_seconds": LONGEST_WAIT_SECONDS,
                    },
                    companies=[{"code": row.code, "name": row.name} for row in rows],
                ),
            )

        return await self._in_thread(answer)

    async def log_in(self, request: Request) -> Response:
        wanted = await read_message(request, LoginRequest, SMALL_MESSAGE_BYTES)
        return await self._with_a_password(
            lambda: message_response(request, self.accounts.log_in(wanted, sender_of(request)))
        )

    async def refresh(self, request: Request) -> Response:
        wanted = await read_message(request, RefreshRequest, SMALL_MESSAGE_BYTES)
        return await self._in_thread(lambda: message_response(request, self.accounts.refresh(wanted)))

    async def push(self, request: Request) -> Response:
        wanted = await read_message(request, PushRequest, MAX_PUSH_BYTES)

        def answer() -> Response:
            who = self._identify(request, wanted)
            for pushed in wanted.actions:
                if pushed.actor_id != who.user_id:
                    raise WireError(403, "other_actor", "Somebody else did this.", action_id=pushed.id)
                if not _is_a_moment(pushed.issued_at):
                    raise WireError(422, "malformed", "This was done at no moment that there is.", action_id=pushed.id)
            began = time.perf_counter()
            seen = self.changes.seen(who, wanted.cursor)
            results = (self.performers or self.centre).perform(who.company_id, who.device_id, wanted.actions, seen)
            self.measures.pushed(time.perf_counter() - began, results)
            problems = {(result.problem or {}).get("code") for result in results if result.outcome == "retry"}
            if CURSOR_GONE in problems:
                raise CursorGone(RESTORED)
            if DEVICE_FORKED in problems:
                self.accounts.end_sessions_of_copies(who.company_id, who.device_id)
                raise SignInRefused(DEVICE_FORKED)
            return message_response(request, PushReply(results=results))

        return await anyio.to_thread.run_sync(answer, limiter=self._push_threads)

    async def preview(self, request: Request) -> Response:
        wanted = await read_message(request, PreviewRequest, MAX_PUSH_BYTES)

        def answer() -> Response:
            who = self._identify(request, wanted)
            asked = Wanted(who.company_id, who.user_id, wanted.name, wanted.version, wanted.args)
            return message_response(request, self.previews.effect(asked))

        return await anyio.to_thread.run_sync(answer, limiter=self._preview_threads)

    async def pull(self, request: Request) -> Response:
        wanted = await read_message(request, PullRequest, SMALL_MESSAGE_BYTES)
        deadline = time.monotonic() + min(wanted.wait, LONGEST_WAIT_SECONDS)

        def look_alone() -> Look:
            began = time.perf_counter()
            who = self._identify(request, wanted)
            reply = self.changes.pull(who, wanted.cursor, wanted.max_rows)
            body = packed(reply, encoding_for(request))
            look = Look(who.company_id, reply.tick, reply.complete, body)
            self._saw(who, look)
            self.measures.pulled(time.perf_counter() - began)
            return look

        waits_at = nothing_new(
            self._signer, _token(request), wanted, self.wakeups.has_news_soon_enough, self._is_of_now
        )
        while True:
            if waits_at is None:
                left = deadline - time.monotonic()
                # who asks is looked up again after the wait too: who may see what can have changed
                asked = Asked(
                    self._signed_in(request, wanted),
                    wanted.cursor,
                    wanted.max_rows,
                    min(wanted.schema_revision, SCHEMA_REVISION),
                    encoding_for(request),
                    is_last=left <= 0,
                )
                known = self.wakeups.known_tick(asked.token.company_id)
                look = await self.looks.look(asked)
                if look is None:
                    look = await self._pull_in_thread(look_alone)
                if look.body is not None:
                    return look.body.response()
                waits_at = look.company_id, look.tick
                if look.company_id not in self._epochs and (cursor := self.changes.cursor(wanted.cursor)) is not None:
                    self._epochs[look.company_id] = cursor.epoch
                self.wakeups.read(*waits_at, known)
            if await request.is_disconnected():
                return Response(status_code=204)
            await self.wakeups.news(*waits_at, max(0.0, deadline - time.monotonic()))
            waits_at = None
            if self.wakeups.is_closed:
                deadline = 0.0

    async def snapshot(self, request: Request) -> Response:
        wanted = await read_message(request, SnapshotRequest, SMALL_MESSAGE_BYTES)

        def answer() -> Response:
            who = self._identify(request, wanted)
            found = self.changes.snapshot(who, wanted.table, wanted.after_id, wanted.limit, wanted.cursor)
            return message_response(request, found)

        return await self._in_thread(answer)

    async def sizes(self, request: Request) -> Response:
        wanted = await read_message(request, SizesRequest, SMALL_MESSAGE_BYTES)

        def answer() -> Response:
            who = self._identify(request, wanted)
            if wanted.cursor is None:
                self.administration.note("filled", who)
            return message_response(request, self.changes.sizes(who, wanted.cursor))

        return await self._in_thread(answer)

    async def verify(self, request: Request) -> Response:
        wanted = await read_message(request, VerifyRequest, SMALL_MESSAGE_BYTES)
        return await self._in_thread(
            lambda: message_response(request, verify(self.changes, self._identify(request, wanted), wanted))
        )

    async def older(self, request: Request) -> Response:
        wanted = await read_message(request, OlderRequest, SMALL_MESSAGE_BYTES)
        return await self._in_thread(
            lambda: message_response(request, older(self.changes, self._identify(request, wanted), wanted))
        )

    async def describe(self, _request: Request) -> Response:
        return Response(description(), media_type="application/json")

    def figures_now(self) -> Figures:
        """This worker's, as they are at this moment."""
        line = self.other_workers
        return self.measures.figures(
            seen=self.administration.not_noted(),
            transactions=self.centre.transactions,
            retries=self.centre.retries,
            wake_ups=self.wakeups.woken,
            messages_sent=line.told if line is not None else 0,
            messages_received=line.was_told if line is not None else 0,
            waiting=self.wakeups.waiting,
            connected=self.connections(),
            queued=self.centre.queue_length(),
            connections=self.engine.pool.checkedout() if isinstance(self.engine.pool, QueuePool) else 0,
        )

    def _identify(self, request: Request, wanted: FromADevice) -> Reader:
        token = self._signed_in(request, wanted)
        return replace(self.accounts.known(token), schema_revision=min(wanted.schema_revision, SCHEMA_REVISION))

    def _signed_in(self, request: Request, wanted: FromADevice) -> AccessToken:
        """The token that a request of a device comes with, as long as it is good. Asks no database."""
        if wanted.schema_revision < OLDEST_SCHEMA_REVISION:
            detail = (
                "Install the new version. Work goes on meanwhile, and what waits there is kept and sent afterwards."
            )
            raise WireError(426, "client_too_old", "This program is too old for this central service.", detail=detail)
        text = _token(request)
        if not text:
            raise WireError(401, "not_signed_in", "Sign in first.")
        token = self.accounts.token(text)
        if token.device_id != wanted.device_id:
            raise WireError(403, "other_device", "This token belongs to another device.")
        return token

    def _saw(self, who: Reader, look: Look) -> None:
        if look.is_complete:
            self.administration.saw(who, look.tick)

    async def _pull_in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await anyio.to_thread.run_sync(work, limiter=self._pull_threads)

    async def _with_a_password(self, work: Callable[[], Response]) -> Response:
        return await anyio.to_thread.run_sync(work, limiter=self._password_threads)

    async def _tick_of(self, company_id: UUID) -> int:
        tick, epoch = await self._in_thread(self.changes.clock_of, company_id)
        if self._epochs.setdefault(company_id, epoch) != epoch:
            self._epochs[company_id] = epoch
            self.wakeups.begins_anew(company_id)
        return tick

    def _is_of_now(self, company_id: UUID, epoch: UUID) -> bool:
        return self._epochs.setdefault(company_id, epoch) == epoch

    def _restored(self, company_id: UUID) -> None:
        """This worker restored a backup: who waits for news of the company is to be told, at all workers."""
        self.wakeups.heard(company_id)
        if self.other_workers is not None:
            self.other_workers.committed(company_id, 0)

    async def _in_thread(
        self, work: Callable[Parameters, Answer], *args: Parameters.args, **_named: Parameters.kwargs
    ) -> Answer:
        return await anyio.to_thread.run_sync(lambda: work(*args, **_named), limiter=self._other_threads)


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _line_to_other_workers(engine: Engine, wakeups: Wakeups) -> "OtherWorkers | None":
    """A database of PostgreSQL may have several workers; an SQLite file has one, and what needs no driver loads none."""
    if engine.dialect.name != "postgresql":
        return None
    from erp_desktop.central.notifying import OtherWorkers

    return OtherWorkers(engine, wakeups.heard)


def _is_a_moment(moment: datetime) -> bool:
    """Whether it is in one of the years 1 to 9999 in UTC too."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True
