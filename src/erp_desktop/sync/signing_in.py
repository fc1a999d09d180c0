"""Who works at this desk: signing in with a password, and staying signed in with tokens.

The access token is short and kept in memory; the refresh token that follows it is kept among the secrets. A 401 never
touches the outbox.
"""

import logging
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from erp_desktop import __version__, wire
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import new_id
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync.cache import Cache, device_id, get_state, set_state
from erp_desktop.sync.in_the_clear import refuse_in_the_clear
from erp_desktop.sync.lease import Lease
from erp_desktop.sync.secrets import Secrets
from erp_desktop.sync.transport import Answered, NoAnswer, Transport

log = logging.getLogger(__name__)

Reply = TypeVar("Reply", bound=msgspec.Struct)

_EARLY = 30.0  # seconds before its end at which an access token is not used any more


class WrongPassword(Refused):
    code = "wrong_password"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The company, the user name or the password is not right. Check them and sign in again."
    )


class SignInNeeded(Refused):
    code = "sign_in_needed"
    sentence = QT_TRANSLATE_NOOP("Refusal", "Sign in with your password to fetch the company's data.")


class CentreOutOfReach(Refused):
    code = "centre_out_of_reach"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service does not answer. Signing in needs it; check the address, or try again in a moment.",
    )


class PasswordToChange(Refused):
    code = "password_to_change"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "This password was given to you for one time. Choose one of your own; nothing was changed yet."
    )


class WeakPassword(Refused):
    code = "weak_password"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "A password has 8 to 200 characters. Choose another one; your password was not changed."
    )


class SamePassword(Refused):
    code = "same_password"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "This is the password that you have now. Choose another one; nothing was changed."
    )


class TooManyTries(Refused):
    code = "too_many_tries"
    sentence = QT_TRANSLATE_NOOP("Refusal", "Too many wrong passwords. Wait {seconds} seconds and try again.")


class SignInRefused(Refused):
    code = "sign_in_refused"
    sentence = QT_TRANSLATE_NOOP("Refusal", "The central service did not let you in ({reason}). Ask an administrator.")


class ComputerTakenOut(Refused):
    code = "computer_taken_out"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The central service does not let this computer in any more. An administrator can say why."
    )


class OtherBooks(Refused):
    code = "other_books"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This computer keeps the data of another company or person for this name. Nothing was changed; "
        "ask an administrator.",
    )


class ProgramTooOld(Refused):
    code = "program_too_old"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This program is too old for the central service. Install the new version; changes that wait are kept.",
    )


class LeaseEnded(Refused):
    code = "lease_ended"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This computer has not spoken to the central service for more than {days} days, so the data stay closed. Sign in while "
        "the central service can be reached; everything is kept, and what waits is sent then.",
    )


class UserDisabled(Refused):
    code = "user_disabled"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service does not let you in any more, so the data on this computer are closed. They are kept, with what "
        "waits to be sent; an administrator can say why, or let you in again.",
    )


class ComputerErased(ComputerTakenOut):
    code = "computer_erased"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service does not let this computer in any more, so the key of the data on it was erased. Changes that "
        "had not been sent: {count}; they cannot be sent from here any more. An administrator can say why.",
    )


LOCKED_OUT = ("device_revoked", "user_disabled")


class SignedOut(Exception):
    """The centre wants a password again, or says by one of LOCKED_OUT (`code`) why no password helps. What waits in the
    outbox goes on waiting."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A person at a desk, as the centre last described them; kept in the cache, for work without the network."""

    company_id: UUID
    user_id: UUID
    user_name: str
    company: str  # its code
    login: str
    permissions: frozenset[str]


def who_is_signed_in(connection: Connection) -> SignedIn | None:
    """The person whose cache this is; None before the first sign-in."""
    stored = get_state(connection, "session")
    return None if stored is None else msgspec.json.decode(stored, type=SignedIn)


@dataclass
class _Access:
    token: str
    ends_at: float  # monotonic


class Credentials:
    """Tokens for the requests of one desk, from whichever thread. Refreshing happens once, however many ask for it."""

    def __init__(self, cache: Cache, secrets: Secrets) -> None:
        self._cache = cache
        self._secrets = secrets
        self.on_change: Callable[[SignedIn], None] = lambda who: None
        self._guard = threading.Lock()
        self._access: _Access | None = None
        self.device_id = cache.read_here(lambda session: device_id(session.connection()))
        self.who = cache.read_here(lambda session: who_is_signed_in(session.connection()))
        signed_out = cache.read_here(lambda session: get_state(session.connection(), "signed_out"))
        self.has_signed_out = signed_out is not None
        self._copied_from = cache.read_here(lambda session: get_state(session.connection(), "forked_from"))
        copied = cache.read_here(lambda session: get_state(session.connection(), "copied"))
        self.is_copy = copied is not None  # the centre said so, and nobody has signed in since
        self._locked = cache.read_here(lambda session: get_state(session.connection(), "locked"))
        self._lease = Lease(cache)

    @property
    def lock(self) -> Refused | None:
        """Why nothing of the data may be shown or changed, until somebody signs in at the centre; None: it may."""
        if self._locked == "user_disabled":
            return UserDisabled()
        if self._locked is not None:
            return ComputerErased(count=self._locked)
        return LeaseEnded(days=self._lease.days) if self._lease.is_over() else None

    def lock_out(self, code: str) -> Refused:
        """The centre said `code`, one of LOCKED_OUT: close the data. A revoked computer's are closed for ever: their key
        is erased, and with it what only this computer knew. Answers the sentence for the person."""
        with self._guard:
            self._access = None
        if code == "device_revoked":
            waiting = self._cache.read_here(outbox_waiting)
            self._cache.erase_key()
            self._secrets.forget(self._secret_name())
            code = str(waiting)
        self._locked = code
        self._cache.write(lambda connection: set_state(connection, locked=code)).result()
        refused = self.lock
        assert refused is not None, "it was locked just now"
        log.warning("locked: %s", refused.code)
        return refused

    def sign_in(self, transport: Transport, company: str, login: str, password: str) -> SignedIn:
        """Raises WrongPassword, PasswordToChange, TooManyTries, CentreOutOfReach, ComputerTakenOut, OtherBooks,
        SignInRefused."""
        request = wire.LoginRequest(
            company=company,
            login=login,
            password=password,
            device_id=self.device_id,
            device_name=platform.node()[:200] or "desk",
            program=__version__,
            forked_from=None if self._copied_from is None else UUID(self._copied_from),
        )
        try:
            session = _asked(transport, "/v1/auth/login", request, wire.Session)
        except ComputerTakenOut as refused:
            raise (self.lock_out("device_revoked") if self.who is not None else refused) from None
        with self._guard:
            who = self._take(session, company, login)
        self._cache.write(lambda connection: set_state(connection, signed_out=None, copied=None)).result()
        self.has_signed_out = self.is_copy = False
        return who

    def choose_password(self, transport: Transport, company: str, login: str, password: str, new_password: str) -> None:
        """From now on `new_password` signs this person in. Raises as `sign_in` does, and WeakPassword, SamePassword."""
        request = wire.PasswordRequest(
            company=company, login=login, password=password, new_password=new_password, device_id=self.device_id
        )
        _asked(transport, "/v1/auth/password", request, wire.Done)

    def sign_in_again(self, transport: Transport, password: str) -> SignedIn:
        """The person whose cache this is. Raises as `sign_in` does."""
        assert self.who is not None, "a desk has been signed in to before"
        return self.sign_in(transport, self.who.company, self.who.login, password)

    def signed_in(self) -> SignedIn:
        """Who this person is. Raises SignedOut before the first sign-in."""
        if self.who is None:
            raise SignedOut("nobody has signed in")
        return self.who

    def token(self, transport: Transport, refused: str | None = None) -> str:
        """An access token other than `refused`. Raises SignedOut, NoAnswer, Answered."""
        with self._guard:
            access = self._access
            if access is not None and access.token != refused and access.ends_at - _EARLY > time.monotonic():
                return access.token
            self._access = None
            who = self.signed_in()
            kept = self._secrets.get(self._secret_name())
            if kept is None:
                raise SignedOut("no token is kept")
            request = wire.RefreshRequest(
                company_id=who.company_id, device_id=self.device_id, refresh_token=kept, program=__version__
            )
            try:
                session = transport.post("/v1/auth/refresh", request, wire.Session)
            except Answered as error:
                if error.problem.code == wire.DEVICE_FORKED:
                    self._take_another_id()
                    raise SignedOut(wire.DEVICE_FORKED) from error
                if error.problem.status in (401, 403):
                    raise SignedOut(error.problem.code) from error
                raise
            self._take(session, who.company, who.login)
            return session.access_token

    def renew(self, transport: Transport) -> None:
        """Ask who this person is now: what they may do can have changed. Raises as `token` does."""
        with self._guard:
            known = self._access.token if self._access is not None else None
        self.token(transport, refused=known)

    def go_on_as_another(self, device_id: UUID) -> None:
        """The centre answered that there are two caches of this device. From now on this one is another device, which the
        person signs in to; what waits in the outbox goes on waiting, with the ids by which the centre knows what was done."""
        with self._guard:
            if device_id == self.device_id:
                self._take_another_id()

    def sign_out(self) -> None:
        """Forget the tokens; cache and outbox stay, and whoever opens them next is asked for the password."""
        with self._guard:
            self._access = None
            self._secrets.forget(self._secret_name())
        self._cache.write(lambda connection: set_state(connection, signed_out=1)).result()
        self.has_signed_out = True

    def _take(self, session: wire.Session, company: str, login: str) -> SignedIn:
        who = SignedIn(
            company_id=session.company_id,
            user_id=session.user_id,
            user_name=session.user_name,
            company=company,
            login=login,
            permissions=frozenset(session.permissions),
        )
        if self.who is not None and (self.who.company_id, self.who.user_id) != (who.company_id, who.user_id):
            raise OtherBooks()
        self._secrets.put(self._secret_name(), session.refresh_token)
        self._access = _Access(session.access_token, time.monotonic() + session.expires_in)
        self._lease.begin(session.lease_seconds)
        if self._locked is not None:
            self._cache.write(lambda connection: set_state(connection, locked=None)).result()
            self._locked = None
        if who != self.who:
            stored = msgspec.json.encode(who).decode()
            self._cache.write(lambda connection: set_state(connection, session=stored)).result()
            self.who = who
            self.on_change(who)
        return who

    def _take_another_id(self) -> None:
        log.warning("device %s is used by another copy of these data: this one takes an id of its own", self.device_id)
        self._access = None
        self._secrets.forget(self._secret_name())
        first = self._copied_from or str(self.device_id)
        another = new_id()
        # what was applied is told to every copy, so that what is kept of it can be compared after a restore: kept.py
        facts = {"device_id": str(another), "kept_device": str(another), "forked_from": first, "copied": "yes"}
        self._cache.write(lambda connection: set_state(connection, **facts)).result()
        self.device_id, self._copied_from, self.is_copy = another, first, True

    def _secret_name(self) -> str:
        return f"refresh {self.device_id}"


def outbox_waiting(session: Session) -> int:
    """How many changes the centre has not taken: those that go by themselves, and those that wait for a person."""
    return session.scalar(select(func.count()).where(OutboxAction.status != "dropped")) or 0


def _asked(transport: Transport, path: str, request: msgspec.Struct, kind: type[Reply]) -> Reply:
    """The centre's answer to somebody who says their password; what it refuses is the sentence for them."""
    try:
        refuse_in_the_clear(transport.address)
        return transport.post(path, request, kind)
    except NoAnswer as error:
        if error.code == "too_many_attempts":
            raise TooManyTries(seconds=max(2, int(error.retry_after or 0))) from error  # never "1 seconds"
        raise CentreOutOfReach() from error
    except Answered as error:
        known = _REFUSALS.get(error.problem.code)
        if known is not None:
            raise known() from error
        raise SignInRefused(reason=error.problem.detail or error.problem.title) from error


_REFUSALS: dict[str, type[Refused]] = {
    refusal.code: refusal for refusal in (WrongPassword, PasswordToChange, WeakPassword, SamePassword, OtherBooks)
} | {"device_revoked": ComputerTakenOut}
