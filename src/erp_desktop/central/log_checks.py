"""Checking a company's log against what was known of it before: in parts, and again after months.

A chain of hashes has no secret: whoever can write in the database can write all of it anew, or cut off its end. So a check that
went through leaves the last entry's hash, signed, and every later one must find it there. A file that `erp-central verify-log`
wrote says the same where nobody who writes in the database can reach it (docs/decisions/0108).
"""

import time
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Engine, delete, insert, select, update

from erp_desktop.central.action_log import BEGINNING, LogCheck, LogPoint, verify_log
from erp_desktop.central.auditing import LOG_CHECKED, REWRITTEN, note_event
from erp_desktop.central.changes import Reader
from erp_desktop.central.signing import Forged, Signer, identity_of
from erp_desktop.database import reader, writer
from erp_desktop.models.sync import CentreSetting
from erp_desktop.wire_audit import LogChecked

PART = "part of a log"
WHOLE = "whole log"
SECONDS_BETWEEN_PARTS = 900.0  # after these a check begins anew: an old proof says nothing of what was changed since


class _Proof(NamedTuple):
    """That a company's log was sound up to a tick."""

    company_id: UUID
    tick: int
    chain_hash: str
    at: float  # seconds since 1970


class LogChecks:
    """Of all companies of one centre."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @cached_property
    def _signer(self) -> Signer:
        return identity_of(self._engine).signer

    def part(self, who: Reader, proof: str, most: int) -> LogChecked:
        """The next `most` entries after those that `proof` is about. What is no fresh proof of this company begins anew."""
        company_id = who.company_id
        before = self._read(PART, proof, company_id) if proof else None
        if before is not None and time.time() - before.at > SECONDS_BETWEEN_PARTS:
            before = None
        after = _point(before) if before is not None else BEGINNING
        found = verify_log(self._engine, company_id, *self.known(company_id), after=after, most=most)
        told = LogChecked(
            sound=found.sound_rows,
            entries=found.entries,
            broken_at=found.broken_at,
            reason=found.reason,
            is_rewritten=found.is_rewritten,
            proof=self._proof(PART, company_id, found),
        )
        if told.is_complete:
            self._note(who, found)
        return told

    def known(self, company_id: UUID) -> list[LogPoint]:
        """How far the whole log was sound when it was last checked; nothing where it never was."""
        with reader(self._engine).connect() as connection:
            stored = connection.scalar(select(CentreSetting.value).where(CentreSetting.key == _key(company_id)))
        found = self._read(WHOLE, stored, company_id) if stored is not None else None
        return [] if found is None else [_point(found)]

    def _note(self, who: Reader, found: LogCheck) -> None:
        broken = () if found.broken_at is None else (found.broken_at, *((REWRITTEN,) if found.is_rewritten else ()))
        subject = " ".join(map(str, (found.entries, *broken)))
        with writer(self._engine).begin() as connection:
            note_event(connection, who.company_id, LOG_CHECKED, who.user_id, who.device_id, subject)
            if found.broken_at is None:
                self._keep(connection, who.company_id, found)

    def _keep(self, connection: Connection, company_id: UUID, found: LogCheck) -> None:
        proof = self._proof(WHOLE, company_id, found)
        kept = update(CentreSetting).where(CentreSetting.key == _key(company_id)).values(value=proof)
        if not connection.execute(kept).rowcount:
            connection.execute(insert(CentreSetting).values(key=_key(company_id), value=proof))

    def _proof(self, purpose: str, company_id: UUID, found: LogCheck) -> str:
        return self._signer.sign(purpose, _Proof(company_id, found.sound_rows, found.chain_hash.hex(), time.time()))

    def _read(self, purpose: str, proof: str, company_id: UUID) -> _Proof | None:
        try:
            found = self._signer.read(purpose, proof, _Proof)
        except Forged:
            return None
        return found if found.company_id == company_id else None


def forget_known(connection: Connection, company_id: UUID) -> None:
    """A backup was restored: the log is another one from now on."""
    connection.execute(delete(CentreSetting).where(CentreSetting.key == _key(company_id)))


def _point(proof: _Proof) -> LogPoint:
    return LogPoint(proof.tick, bytes.fromhex(proof.chain_hash))


def _key(company_id: UUID) -> str:
    return f"log {company_id.hex}"
