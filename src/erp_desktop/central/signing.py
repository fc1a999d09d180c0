"""What the centre hands out and takes back unchanged: tokens and cursors, signed with its secret (HMAC-SHA256)."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import IntegrityError

from erp_desktop.database import writer
from erp_desktop.ids import new_id
from erp_desktop.models.sync import CentreSetting

Content = TypeVar("Content")

_MAC_BYTES = 16


class Forged(ValueError):
    """A text that this centre did not sign for this purpose, or that was changed since."""


@dataclass(frozen=True)
class Signer:
    """Signs small messages. A purpose goes into each signature: a cursor is never taken for a token."""

    secret: bytes

    def sign(self, purpose: str, content: Any) -> str:
        body = msgspec.json.encode(content)
        return base64.urlsafe_b64encode(self._mac(purpose, body) + body).rstrip(b"=").decode()

    def read(self, purpose: str, text: str, kind: type[Content]) -> Content:
        """The content that `sign` was given. Raises Forged."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise Forged(purpose) from None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(purpose, body)):
            raise Forged(purpose)
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError:
            raise Forged(purpose) from None  # signed by an older release, with another shape

    def _mac(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self.secret, purpose.encode() + b"\0" + body, hashlib.sha256)[:_MAC_BYTES]


@dataclass(frozen=True)
class Identity:
    """Which centre this is; kept in the database, so that all its workers are the same one."""

    server_id: UUID
    signer: Signer


def identity_of(engine: Engine) -> Identity:
    """The centre's id and secret; made the first time it is asked for."""
    try:
        server_id, secret = _settings(engine)
    except IntegrityError:  # another worker that started at the same moment made them
        server_id, secret = _settings(engine)
    return Identity(UUID(server_id), Signer(bytes.fromhex(secret)))


def _settings(engine: Engine) -> tuple[str, str]:
    with writer(engine).begin() as connection:
        server_id = _setting(connection, "server_id", str(new_id()))
        return server_id, _setting(connection, "secret", secrets.token_hex(32))


def _setting(connection: Connection, key: str, at_first: str) -> str:
    stored = connection.scalar(select(CentreSetting.value).where(CentreSetting.key == key))
    if stored is None:
        connection.execute(insert(CentreSetting).values(key=key, value=at_first))
        stored = at_first
    return stored
