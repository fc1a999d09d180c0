"""The workload's company behind a real central service on loopback, spoken to as a desk does."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from benchmarks.business import LOGIN, PASSWORD, Business
from benchmarks.databases import Database
from erp_desktop import wire
from erp_desktop.actions.base import Action, action_args
from erp_desktop.central.performing import Centre
from erp_desktop.ids import new_id
from erp_desktop.sync.transport import Transport


class HttpBusiness:
    """Performs actions by pushing them; `documents` says what they are."""

    def __init__(self, documents: Business, address: str) -> None:
        self.documents = documents
        self._transport = Transport(lambda: address)
        self._device = new_id()
        self._seq = 0
        signed_in = self._transport.post(
            "/v1/auth/login",
            wire.LoginRequest(
                company=documents.code, login=LOGIN, password=PASSWORD, device_id=self._device, device_name="benchmark"
            ),
            wire.Session,
        )
        self._token = signed_in.access_token

    def perform(self, *actions: Action) -> None:
        """One push with `actions`. Raises RuntimeError on a refusal."""
        pushed = []
        for performed in actions:
            self._seq += 1
            pushed.append(
                wire.PushedAction(
                    id=new_id(),
                    seq=self._seq,
                    name=type(performed).__name__,
                    version=performed.version,
                    args=msgspec.json.decode(action_args(performed)),
                    depends_on=[],
                    actor_id=self.documents.owner_id,
                    issued_at=datetime.now(UTC),
                    base_tick=0,
                )
            )
        request = wire.PushRequest(device_id=self._device, schema_revision=wire.SCHEMA_REVISION, actions=pushed)
        reply = self._transport.post("/v1/sync/push", request, wire.PushReply, self._token)
        for result in reply.results:
            if result.outcome != "applied":
                raise RuntimeError(f"{result.outcome}: {result.problem}")

    @classmethod
    @contextmanager
    def serve(cls, database: Database) -> Iterator["HttpBusiness"]:
        """A company in `database`, served by a process of its own until the block ends."""
        documents = Business(Centre(database.engine), 500)
        command = [sys.executable, "-m", "erp_desktop.central.cli", "serve", "--database", database.url, "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env={**os.environ}
        ) as service:
            assert service.stdout is not None
            address: dict[str, Any] = json.loads(service.stdout.readline())
            business = cls(documents, address["listening"])
            try:
                yield business
            finally:
                business._transport.close()
                service.terminate()
