"""The devices of a centre: registering one, signing it out, and telling that two caches call themselves one device.

A cache that was copied (to another computer, with a disk, with a virtual machine) goes on under an id of its own from the
moment that this shows: docs/decisions/0105. Here: the rows of devices and their tokens. Not here: passwords (accounts.py).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, exists, insert, select, update

from erp_desktop.central.auditing import note_event
from erp_desktop.database import filled_up
from erp_desktop.models.sync import Device, RefreshToken
from erp_desktop.wire import DEVICE_FORKED, LoginRequest

OTHER_BOOKS = "other_books"
SECONDS_TO_USE_A_REFRESH_TOKEN_AGAIN = 60  # its successor may have been lost on the way


# written down once: it is asked for every request
_KNOWN = select(Device.id, Device.is_revoked, Device.sign_outs, Device.forked_from, Device.has_copies).where(
    Device.company_id == bindparam("company"), Device.id.in_(bindparam("devices", expanding=True))
)


class SignInRefused(Exception):
    """Who asks is not let in. `code` is the wire's, `retry_after` in seconds where waiting helps."""

    def __init__(self, code: str, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True)
class KnownDevice:
    """`sign_outs`: how often it has been signed out. `copies`: the devices whose caches come from the same one as its."""

    sign_outs: int
    copies: frozenset[UUID] = frozenset()


def known_device(connection: Connection, company_id: UUID, device_id: UUID) -> KnownDevice:
    """Raises SignInRefused: device_revoked; token_expired for one that is not known, as after a restore from a backup: a
    revoked desk erases the key of its data, this one signs in again.
    """
    known = known_devices(connection, company_id, [device_id])[device_id]
    if isinstance(known, SignInRefused):
        raise known
    return known


def known_devices(
    connection: Connection, company_id: UUID, device_ids: Collection[UUID]
) -> dict[UUID, KnownDevice | SignInRefused]:
    """`known_device` of each, or what it raises."""
    found: dict[UUID, KnownDevice | SignInRefused] = {one: SignInRefused("token_expired") for one in device_ids}
    rows = connection.execute(_KNOWN, {"company": company_id, "devices": filled_up(sorted(device_ids))}).all()
    for row in rows:
        if row.is_revoked:
            found[row.id] = SignInRefused("device_revoked")
        else:
            has_family = row.forked_from is not None or row.has_copies
            first = row.forked_from or row.id
            copies = _family(connection, company_id, first) - {row.id} if has_family else frozenset()
            found[row.id] = KnownDevice(row.sign_outs, copies)
    return found


def _family(connection: Connection, company_id: UUID, first: UUID) -> frozenset[UUID]:
    is_of_it = (Device.id == first) | (Device.forked_from == first)
    return frozenset(connection.scalars(select(Device.id).where(Device.company_id == company_id, is_of_it)))


def is_revoked(connection: Connection, company_id: UUID, device_id: UUID) -> bool:
    """False for a device that is not known."""
    of_it = (Device.company_id == company_id) & (Device.id == device_id)
    return bool(connection.scalar(select(Device.is_revoked).where(of_it)))


def sign_out(connection: Connection, which: ColumnElement[bool]) -> None:
    """End every token of the devices that `which` names: their next request wants a password."""
    connection.execute(
        delete(RefreshToken).where(
            RefreshToken.company_id.in_(select(Device.company_id).where(which)),
            RefreshToken.device_id.in_(select(Device.id).where(which)),
        )
    )
    connection.execute(update(Device).where(which).values(sign_outs=Device.sign_outs + 1))


def register(connection: Connection, company_id: UUID, user_id: UUID, request: LoginRequest) -> None:
    """Keep that this user signs in on this device now. Raises SignInRefused: device_revoked, other_books."""
    known = connection.execute(
        select(Device.is_revoked, Device.user_id).where(Device.company_id == company_id, Device.id == request.device_id)
    ).one_or_none()
    if known is not None and known.is_revoked:
        raise SignInRefused("device_revoked")
    if known is not None and known.user_id != user_id:  # a cache is one person's, and so is the id that it gave itself
        raise SignInRefused(OTHER_BOOKS)
    seen = {
        "user_id": user_id,
        "name": request.device_name[:200],
        "program": request.program[:40],
        "seen_at": datetime.now(UTC),
    }
    if known is None:
        _register_new(connection, company_id, request, seen)
    else:
        connection.execute(
            update(Device).where(Device.company_id == company_id, Device.id == request.device_id).values(**seen)
        )


def _register_new(connection: Connection, company_id: UUID, request: LoginRequest, seen: dict[str, Any]) -> None:
    """A device that was not known. After a restore from a backup the one that it was copied from may come after it."""
    first, this = request.forked_from, request.device_id
    of_first = (Device.company_id == company_id) & (Device.id == first)
    owner = connection.scalar(select(Device.user_id).where(of_first))
    if owner not in (None, seen["user_id"]):  # a cache is one person's: this is no copy of it
        first = None
    copies = exists().where(Device.company_id == company_id, Device.forked_from == this)
    has_copies = bool(connection.scalar(select(copies)))
    connection.execute(
        insert(Device).values(company_id=company_id, id=this, forked_from=first, has_copies=has_copies, **seen)
    )
    if first is not None:
        connection.execute(update(Device).where(of_first).values(has_copies=True))


def is_in_two_hands(connection: Connection, token: Row[*tuple[Any, ...]], now: datetime) -> bool:
    """Whether a refresh token that is shown, or one that it comes from, is used by two.

    One that comes long after it was replaced, while its successor is in use, is in other hands than that. Where nobody has used
    the successor, only the answer was lost, on a computer that slept since; should it have gone to somebody else, then the
    two successors show it.
    """
    allowed = timedelta(seconds=SECONDS_TO_USE_A_REFRESH_TOKEN_AGAIN)
    others = select(RefreshToken.token_hash).where(
        RefreshToken.company_id == token.company_id,
        RefreshToken.device_id == token.device_id,
        RefreshToken.replaced_at.is_not(None),
    )
    if token.replaced_at is None:
        if token.replaces is None:  # the first after a password
            return False
        # two answers to one token: all but one of them were lost on the way, or there are two who got one
        twins = others.where(RefreshToken.replaces == token.replaces, RefreshToken.token_hash != token.token_hash)
        return connection.scalar(twins.limit(1)) is not None
    if now - token.replaced_at <= allowed:
        return False
    seen_at = connection.scalar(
        select(Device.seen_at).where(Device.company_id == token.company_id, Device.id == token.device_id)
    )
    is_in_use = connection.scalar(others.where(RefreshToken.replaces == token.token_hash).limit(1)) is not None
    return is_in_use or (seen_at is not None and seen_at - token.replaced_at > allowed)


def end_sessions(connection: Connection, company_id: UUID, device_id: UUID) -> None:
    """Two call themselves this device: whoever does signs in again, and an administrator can see it."""
    this = (Device.company_id == company_id) & (Device.id == device_id)
    sign_out(connection, this)
    known = connection.execute(select(Device.name, Device.user_id).where(this)).one()
    note_event(connection, company_id, DEVICE_FORKED, known.user_id, device_id, known.name)
