"""Signing in: passwords (Argon2id), short access tokens, refresh tokens that are used once, and devices.

A token says who someone was when it was made; whether they are still active, what they may do and whether the device was
revoked is read again for every request. Here: who is it. Not here: HTTP.
"""

import hashlib
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from erp_desktop.central.auditing import note_event, note_failed_sign_in
from erp_desktop.central.changes import Reader
from erp_desktop.central.devices import (
    KnownDevice,
    SignInRefused,
    end_sessions,
    is_in_two_hands,
    is_revoked,
    known_device,
    known_devices,
    register,
    sign_out,
)
from erp_desktop.central.leases import lease_seconds
from erp_desktop.central.people import Rights, permissions_of, rights_of_all
from erp_desktop.central.restoring import lost_times
from erp_desktop.central.signing import Forged, Signer
from erp_desktop.central.tries import Tries, triers
from erp_desktop.database import reader, writer
from erp_desktop.models.company import Company, User, UserSecret
from erp_desktop.models.sync import Device, RefreshToken
from erp_desktop.wire import DEVICE_FORKED, LoginRequest, PasswordRequest, RefreshRequest, Session
from erp_desktop.wire_backups import LONGEST_PASSWORD

ACCESS_TOKEN_SECONDS = 15 * 60
REFRESH_TOKEN_DAYS = 60
SHORTEST_PASSWORD = 8

TOKEN, _REFRESH = "access", "refresh"
_hasher = PasswordHasher()


class WeakPassword(ValueError):
    """A password is shorter than SHORTEST_PASSWORD or longer than LONGEST_PASSWORD characters."""


class RefreshContent(msgspec.Struct, frozen=True):
    """What a refresh token says of itself; that it is good, the database says, which a restore may have taken back."""

    company_id: UUID
    user_id: UUID
    device_id: UUID
    made_at: float  # seconds since 1970
    nonce: str
    sign_outs: int = 0  # of the device when this was made


class AccessToken(msgspec.Struct, frozen=True):
    company_id: UUID
    user_id: UUID
    device_id: UUID
    expires_at: int  # seconds since 1970
    sign_outs: int = 0  # of the device when this was made: signing it out ends what was made before


def readers(connection: Connection, company_id: UUID, tokens: Sequence[AccessToken]) -> list[Reader | SignInRefused]:
    """By token of this company: whose it is, with what they may do now, or why they are not let in any more."""
    devices = known_devices(connection, company_id, {token.device_id for token in tokens})
    rights = rights_of_all(connection, company_id, {token.user_id for token in tokens})
    return [_reader(token, devices[token.device_id], rights.get(token.user_id)) for token in tokens]


def _reader(token: AccessToken, device: KnownDevice | SignInRefused, rights: Rights | None) -> Reader | SignInRefused:
    if isinstance(device, SignInRefused):
        return device
    if token.sign_outs != device.sign_outs:
        return SignInRefused("token_expired")
    if rights is None:
        return SignInRefused("user_disabled")
    return Reader(
        token.company_id,
        token.user_id,
        token.device_id,
        rights.permissions,
        warehouses=rights.warehouses,
        copies=device.copies,
    )


def hash_password(password: str) -> str:
    """What is kept of a password: its Argon2id hash. Raises WeakPassword."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return _hasher.hash(password)


def keep_password(
    connection: Connection, company_id: UUID, user_id: UUID, password_hash: str, *, must_change: bool = False
) -> None:
    """Store what `hash_password` made, in the caller's transaction, replacing the one before.

    With `must_change` it is good for one thing only: choosing one's own.
    """
    changed = {"password_hash": password_hash, "changed_at": datetime.now(UTC), "must_change": must_change}
    known = update(UserSecret).where(UserSecret.company_id == company_id, UserSecret.user_id == user_id)
    if connection.execute(known.values(**changed)).rowcount == 0:
        connection.execute(insert(UserSecret).values(company_id=company_id, user_id=user_id, **changed))


def set_password(engine: Engine, company_id: UUID, user_id: UUID, password: str, *, must_change: bool = False) -> None:
    """Keep the hash of a user's password, replacing the one before. Raises WeakPassword."""
    password_hash = hash_password(password)
    with writer(engine).begin() as connection:
        keep_password(connection, company_id, user_id, password_hash, must_change=must_change)


class Accounts:
    """The people of one centre signing in and being known again."""

    def __init__(self, engine: Engine, signer: Signer, tries: Tries | None = None) -> None:
        self._reader = reader(engine)
        self._writer = writer(engine)
        self._signer = signer
        self._tries = tries or Tries(engine)

    def log_in(self, request: LoginRequest, address: str = "") -> Session:
        """`address`: from which network address it comes. Raises SignInRefused: wrong_password (also for an unknown name), too_many_attempts, password_to_change,
        device_revoked."""
        found = self._person_of(request, address)
        if found.must_change:
            raise SignInRefused("password_to_change")
        needs_rehash = _hasher.check_needs_rehash(found.password_hash)
        new_hash = _hasher.hash(request.password) if needs_rehash else None
        try:
            return self._let_in(found.company_id, found.id, request, new_hash)
        except IntegrityError:  # the same device signed in twice at once: the other one registered it
            return self._let_in(found.company_id, found.id, request, new_hash)

    def change_password(self, request: PasswordRequest, address: str = "") -> None:
        """Somebody chooses their own password; other computers of theirs are signed out.

        Raises SignInRefused: wrong_password, too_many_attempts, weak_password, same_password.
        """
        found = self._person_of(request, address)
        if request.new_password == request.password:
            raise SignInRefused("same_password")
        try:
            new_hash = hash_password(request.new_password)
        except WeakPassword:
            raise SignInRefused("weak_password") from None
        with self._writer.begin() as connection:
            keep_password(connection, found.company_id, found.id, new_hash)
            theirs = (Device.company_id == found.company_id) & (Device.user_id == found.id)
            sign_out(connection, theirs & (Device.id != request.device_id))
            note_event(connection, found.company_id, "password_changed", found.id, request.device_id)

    def confirm(self, who: Reader, password: str, address: str = "") -> None:
        """Somebody who is signed in says their password anew. Raises SignInRefused: wrong_password, too_many_attempts."""
        with self._reader.connect() as connection:
            company, login = connection.execute(
                select(Company.code, User.login)
                .join(User, User.company_id == Company.id)
                .where(Company.id == who.company_id, User.id == who.user_id)
            ).one()
        request = PasswordRequest(
            company=company, login=login, password=password, new_password="", device_id=who.device_id
        )
        self._person_of(request, address)

    def _person_of(self, request: LoginRequest | PasswordRequest, address: str) -> "Row[UUID, UUID, bool, str, bool]":
        company, login, password, device_id = request.company, request.login, request.password, request.device_id
        who = triers(company, login, device_id, address)
        wait = self._tries.seconds_to_wait(who)
        if wait:
            raise SignInRefused("too_many_attempts", retry_after=wait)
        with self._reader.connect() as connection:
            found = connection.execute(
                select(User.company_id, User.id, User.is_active, UserSecret.password_hash, UserSecret.must_change)
                .join(Company, Company.id == User.company_id)
                .join(UserSecret, (UserSecret.company_id == User.company_id) & (UserSecret.user_id == User.id))
                .where(Company.code == company, User.login == login)
            ).one_or_none()
        stored_hash = (
            found.password_hash if found else _hash_of_nobody()
        )  # an unknown name takes as long as a known one
        if not _is_password(stored_hash, password) or found is None or not found.is_active:
            self._tries.failed(who)
            self._note_failure(company, login, found.id if found else None, address)
            raise SignInRefused("wrong_password")
        self._tries.succeeded(who)
        return found

    def _note_failure(self, company: str, login: str, user_id: UUID | None, address: str) -> None:
        with self._writer.begin() as connection:
            company_id = connection.scalar(select(Company.id).where(Company.code == company))
            if company_id is not None:
                note_failed_sign_in(connection, company_id, user_id, login, address)

    def refresh(self, request: RefreshRequest) -> Session:
        """A new access token and the next refresh token. Raises SignInRefused: token_expired, device_revoked,
        user_disabled, device_forked.

        A refresh token seen again while its successor is in use, or beside another one that replaced the same, is in two hands:
        whoever holds one of the device has to sign in again.
        """
        token_hash = hashlib.sha256(request.refresh_token.encode()).digest()
        now = datetime.now(UTC)
        refused = "token_expired"
        with self._writer.begin() as connection:
            if is_revoked(connection, request.company_id, request.device_id):
                raise SignInRefused("device_revoked")
            if self._is_of_nobody_any_more(connection, request):  # their tokens are gone with them
                raise SignInRefused("user_disabled")
            row = connection.execute(
                select(RefreshToken).where(
                    RefreshToken.company_id == request.company_id,
                    RefreshToken.token_hash == token_hash,
                    RefreshToken.device_id == request.device_id,
                )
            ).one_or_none()
            if row is not None and is_in_two_hands(connection, row, now):
                end_sessions(connection, row.company_id, row.device_id)
                refused = DEVICE_FORKED
            elif row is None and (lost := self._lost_token(connection, request)) is not None:
                return self._session(connection, request.company_id, lost.user_id, request.device_id)
            elif row is not None and row.expires_at > now:
                if row.replaced_at is None:
                    connection.execute(
                        update(RefreshToken)
                        .where(RefreshToken.company_id == request.company_id, RefreshToken.token_hash == token_hash)
                        .values(replaced_at=now)
                    )
                    connection.execute(
                        update(Device)
                        .where(Device.company_id == request.company_id, Device.id == request.device_id)
                        .values(seen_at=now, program=request.program[:40])
                    )
                return self._session(connection, request.company_id, row.user_id, request.device_id, token_hash)
        raise SignInRefused(refused)

    def end_sessions_of_copies(self, company_id: UUID, device_id: UUID) -> None:
        """Two caches call themselves this device: both sign in again, and the one that is told so under an id of its own."""
        with self._writer.begin() as connection:
            end_sessions(connection, company_id, device_id)

    def _is_of_nobody_any_more(self, connection: Connection, request: RefreshRequest) -> bool:
        """Whether we made this token for somebody who may not sign in any more."""
        try:
            content = self._signer.read(_REFRESH, request.refresh_token, RefreshContent)
        except Forged:
            return False
        if (content.company_id, content.device_id) != (request.company_id, request.device_id):
            return False
        return permissions_of(connection, content.company_id, content.user_id) is None

    def _lost_token(self, connection: Connection, request: RefreshRequest) -> RefreshContent | None:
        """A token of ours that was made in a time that a restore took back: it is as good, once, unless its device was signed
        out since."""
        try:
            content = self._signer.read(_REFRESH, request.refresh_token, RefreshContent)
        except Forged:
            return None
        is_this_device = (content.company_id, content.device_id) == (request.company_id, request.device_id)
        is_lost = any(begin <= content.made_at <= end for begin, end in lost_times(connection))
        if not is_this_device or not is_lost:
            return None
        if content.sign_outs < known_device(connection, content.company_id, content.device_id).sign_outs:
            return None
        connection.execute(
            insert(RefreshToken).values(
                company_id=content.company_id,
                token_hash=hashlib.sha256(request.refresh_token.encode()).digest(),
                user_id=content.user_id,
                device_id=content.device_id,
                expires_at=datetime.now(UTC) + timedelta(days=REFRESH_TOKEN_DAYS),
                replaced_at=datetime.now(UTC),
            )
        )
        return content

    def identify(self, access_token: str) -> Reader:
        """Whose request this is, with what they may do now. Raises SignInRefused: token_expired, device_revoked,
        user_disabled."""
        return self.known(self.token(access_token))

    def known(self, token: AccessToken) -> Reader:
        """Whose it is now. Raises SignInRefused."""
        with self._reader.begin() as connection:  # as in changes.py
            (who,) = readers(connection, token.company_id, [token])
        if isinstance(who, SignInRefused):
            raise who
        return who

    def token(self, access_token: str) -> AccessToken:
        """What it said when it was made. Raises SignInRefused: token_expired."""
        try:
            token = self._signer.read(TOKEN, access_token, AccessToken)
        except Forged:
            raise SignInRefused("token_expired") from None
        if token.expires_at <= time.time():
            raise SignInRefused("token_expired")
        return token

    def revoke_device(self, company_id: UUID, device_id: UUID) -> None:
        """From now on the device is answered `device_revoked`, whoever signs in on it."""
        with self._writer.begin() as connection:
            this = (Device.company_id == company_id) & (Device.id == device_id)
            sign_out(connection, this)
            connection.execute(update(Device).where(this).values(is_revoked=True))

    def _let_in(self, company_id: UUID, user_id: UUID, request: LoginRequest, new_hash: str | None) -> Session:
        with self._writer.begin() as connection:
            if new_hash is not None:  # today's cost of hashing is higher than when the password was set
                keep_password(connection, company_id, user_id, new_hash)
            register(connection, company_id, user_id, request)
            note_event(connection, company_id, "signed_in", user_id, request.device_id)
            return self._session(connection, company_id, user_id, request.device_id)

    def _session(
        self, connection: Connection, company_id: UUID, user_id: UUID, device_id: UUID, replaces: bytes | None = None
    ) -> Session:
        """`replaces`: the hash of the refresh token that was shown for it."""
        permissions = permissions_of(connection, company_id, user_id)
        if permissions is None:
            raise SignInRefused("user_disabled")
        name = connection.scalar(select(User.name).where(User.company_id == company_id, User.id == user_id))
        sign_outs = known_device(connection, company_id, device_id).sign_outs
        now = datetime.now(UTC)
        content = RefreshContent(company_id, user_id, device_id, now.timestamp(), secrets.token_urlsafe(32), sign_outs)
        refresh_token = self._signer.sign(_REFRESH, content)
        connection.execute(
            delete(RefreshToken).where(
                RefreshToken.company_id == company_id,
                RefreshToken.device_id == device_id,
                RefreshToken.expires_at < now,
            )
        )
        connection.execute(
            insert(RefreshToken).values(
                company_id=company_id,
                token_hash=hashlib.sha256(refresh_token.encode()).digest(),
                user_id=user_id,
                device_id=device_id,
                expires_at=now + timedelta(days=REFRESH_TOKEN_DAYS),
                replaces=replaces,
            )
        )
        token = AccessToken(company_id, user_id, device_id, int(time.time()) + ACCESS_TOKEN_SECONDS, sign_outs)
        return Session(
            company_id=company_id,
            user_id=user_id,
            user_name=name or "",
            permissions=sorted(permissions),
            access_token=self._signer.sign(TOKEN, token),
            expires_in=ACCESS_TOKEN_SECONDS,
            refresh_token=refresh_token,
            lease_seconds=lease_seconds(connection),
        )


def _is_password(stored_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(stored_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
