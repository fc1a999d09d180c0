"""Asking the centre as who is signed in: a token that has run out is renewed once."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from erp_desktop.sync.signing_in import LOCKED_OUT, Credentials, SignedOut
from erp_desktop.sync.transport import Answered, Transport
from erp_desktop.wire import DEVICE_FORKED

Reply = TypeVar("Reply", bound=msgspec.Struct)
Found = TypeVar("Found")


class UpgradeNeeded(Exception):
    """The centre does not speak with a program this old."""


def call(
    credentials: Credentials,
    transport: Transport,
    path: str,
    request: msgspec.Struct,
    kind: type[Reply],
    wait: float = 0,
) -> Reply:
    """The centre's answer; it may take `wait` seconds longer than usual. Raises as `asked_as_signed_in`."""
    return asked_as_signed_in(credentials, transport, lambda token: transport.post(path, request, kind, token, wait))


def asked_as_signed_in(credentials: Credentials, transport: Transport, ask: Callable[[str], Found]) -> Found:
    """What `ask(token)` answers.

    Raises NoAnswer, Answered (a problem that is neither of the next two), SignedOut, UpgradeNeeded.
    """
    token, device_id = credentials.token(transport), credentials.device_id
    try:
        return ask(token)
    except Answered as error:
        if error.problem.status == 426:
            raise UpgradeNeeded() from error
        if error.problem.code == DEVICE_FORKED:
            credentials.go_on_as_another(device_id)
            raise SignedOut(DEVICE_FORKED) from error
        if error.problem.status != 401:
            raise
        if error.problem.code in LOCKED_OUT:
            raise SignedOut(error.problem.code) from error
    token = credentials.token(transport, refused=token)
    try:
        return ask(token)
    except Answered as error:
        if error.problem.status == 401:
            raise SignedOut(error.problem.code) from error
        raise
