"""`/status` for people and `/metrics` for Prometheus: how the centre is, for those who look after it and for nobody else.

They name companies and how busy they are. Told to this machine itself, unless a proxy speaks for somebody, and to whoever
shows the token of the environment variable ERP_METRICS_TOKEN (docs/decisions/0096).
"""

import asyncio
import hmac
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import msgspec
from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine, select

from erp_desktop import __version__
from erp_desktop.central.http import WireError, message_response, sender_of
from erp_desktop.central.measuring import SECONDS_BETWEEN_SHARES, CompanyFigures, Figures, Measures, metrics_text
from erp_desktop.database import reader
from erp_desktop.models.company import Company
from erp_desktop.models.sync import CompanyClock, Device

TOKEN_VARIABLE = "ERP_METRICS_TOKEN"
SEEN_LATELY = timedelta(minutes=10)
_SAID_BY_PROXIES = ("x-forwarded-for", "forwarded", "x-real-ip", "via")


class Status(msgspec.Struct, kw_only=True):
    version: str
    seconds: int  # since the worker that answers was started
    workers: list[int]
    companies: list[CompanyFigures]
    clients_waiting: int
    clients_connected: int
    actions: dict[str, int]  # by outcome, since each worker was started
    refusals: dict[str, int]  # of actions and of requests as a whole, by code, since then
    queue_length: int
    end: bool = True


class StatusCalls:
    """The two calls of one worker."""

    def __init__(
        self,
        engine: Engine,
        measures: Measures,
        figures_now: Callable[[], Figures],
        in_thread: Callable[..., Awaitable[Any]],
    ) -> None:
        self._reader = reader(engine)
        self._measures = measures
        self._figures_now = figures_now
        self._in_thread = in_thread
        self._started = time.monotonic()

    def add_to(self, app: FastAPI) -> None:
        app.add_api_route("/status", self.status, methods=["GET"])
        app.add_api_route("/metrics", self.metrics, methods=["GET"])

    async def keep_sharing(self) -> None:
        """Until cancelled: leaves this worker's figures for the others."""
        with suppress(asyncio.CancelledError):
            while True:
                await self._in_thread(lambda: self._measures.share(self._figures_now()))
                await asyncio.sleep(SECONDS_BETWEEN_SHARES)

    async def status(self, request: Request) -> Response:
        refuse_strangers(request)

        def answer() -> Response:
            workers = self._measures.of_all(self._figures_now())
            actions: Counter[str] = Counter()
            refusals: Counter[str] = Counter()
            for one in workers:
                actions.update(one.actions)
                refusals.update(one.refusals)
            return message_response(
                request,
                Status(
                    version=__version__,
                    seconds=int(time.monotonic() - self._started),
                    workers=[one.worker for one in workers],
                    companies=self._companies(workers),
                    clients_waiting=sum(one.waiting for one in workers),
                    clients_connected=sum(one.connected for one in workers),
                    actions=dict(actions),
                    refusals=dict(refusals),
                    queue_length=sum(one.queued for one in workers),
                ),
            )

        response: Response = await self._in_thread(answer)
        return response

    async def metrics(self, request: Request) -> Response:
        refuse_strangers(request)

        def answer() -> Response:
            workers = self._measures.of_all(self._figures_now())
            text = metrics_text(workers, self._companies(workers))
            return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

        response: Response = await self._in_thread(answer)
        return response

    def _companies(self, workers: Sequence[Figures]) -> list[CompanyFigures]:
        """What a worker saw since it noted it last counts too: it is noted every half minute only."""
        lately = datetime.now(UTC) - SEEN_LATELY
        with self._reader.begin() as connection:
            companies = connection.execute(
                select(Company.id, Company.code, CompanyClock.tick, CompanyClock.epoch)
                .join(CompanyClock, CompanyClock.company_id == Company.id)
                .order_by(Company.code)
            ).all()
            devices = connection.execute(
                select(Device.company_id, Device.id, Device.seen_tick).where(
                    Device.seen_at > lately, Device.is_revoked.is_(False)
                )
            ).all()
        slowest: dict[UUID, int] = {}
        for device in devices:
            tick = max(device.seen_tick, *(one.seen.get(device.id.hex, 0) for one in workers))
            slowest[device.company_id] = min(tick, slowest.get(device.company_id, tick))
        return [
            CompanyFigures(
                code=row.code,
                tick=row.tick,
                epoch=str(row.epoch),
                lag=max(0, row.tick - slowest.get(row.id, row.tick)),
            )
            for row in companies
        ]


def refuse_strangers(request: Request) -> None:
    """Raises WireError for whoever is neither on this machine nor shows the token."""
    wanted = os.environ.get(TOKEN_VARIABLE, "")
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    if wanted and kind.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), wanted.encode()):
        return
    is_for_somebody = any(name in request.headers for name in _SAID_BY_PROXIES)
    with suppress(ValueError):
        if ip_address(sender_of(request)).is_loopback and not is_for_somebody:
            return
    raise WireError(403, "not_for_you", "Only who looks after this central service may see this.")
