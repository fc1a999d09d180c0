"""How a view gets an answer: asked on another thread, delivered on the window's, wherever it was answered.

A refusal is for the person and shows its sentence. Anything else is our bug: it is logged under a reference number, and
the window's banner says so.
"""

import itertools
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from shiboken6 import isValid

from erp_desktop.actions.refusals import Refused

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Failure:
    """Something that should not have happened: the number it is logged under, and the technical text for support."""

    reference: str
    detail: str


class Announcements(QObject):
    """What concerns no single field: the main window shows these. One for the program (`announcements()`)."""

    refused = Signal(str)  # the sentence of a refusal that nobody on the screen took
    failed = Signal(object)  # Failure
    said = Signal(str)  # a short good message for the status bar


class _Courier(QObject):
    """Lives on the window's thread; whatever any thread sends through it arrives there."""

    arrived = Signal(object, object)  # number in `_waiting`, the future that is done

    def __init__(self) -> None:
        super().__init__()
        self.arrived.connect(_open, Qt.ConnectionType.QueuedConnection)


class _Waiting(NamedTuple):
    receiver: QObject
    on_result: Callable[[Any], object]
    on_refused: Callable[[Refused], object] | None
    on_failed: Callable[[Failure], object] | None


# Kept on this side and fetched by number: a thread that answered never holds the last reference to anything of Qt,
# which would be destroyed there and not on the window's thread.
_waiting: dict[int, _Waiting] = {}
_numbers = itertools.count()

_announcements: Announcements | None = None
_courier: _Courier | None = None


def announcements() -> Announcements:
    """The program's one place for messages that no screen takes."""
    global _announcements  # noqa: PLW0603
    if _announcements is None or not isValid(_announcements):
        _announcements = Announcements()
    return _announcements


def say(sentence: str) -> None:
    """Puts a short message into the status bar."""
    announcements().said.emit(sentence)


def report_failure(error: BaseException) -> Failure:
    """Logs an unexpected error under a new reference number."""
    failure = Failure(secrets.token_hex(3).upper(), f"{type(error).__name__}: {error}")
    log.error("reference %s", failure.reference, exc_info=error)
    return failure


def when_done(
    future: "Future[Answer]",
    receiver: QObject,
    on_result: Callable[[Answer], object],
    on_refused: Callable[[Refused], object] | None = None,
    on_failed: Callable[[Failure], object] | None = None,
) -> None:
    """Calls `on_result(answer)` on the window's thread once `future` is done, always later, never at once.

    Nothing is called if `receiver` is gone by then, or if the future was cancelled. A Refused goes to `on_refused`, any
    other error (logged) to `on_failed`; without them the main window's banner shows it.
    """
    global _courier  # noqa: PLW0603
    if _courier is None or not isValid(_courier):
        _courier = _Courier()
        app = QCoreApplication.instance()
        if app is not None:
            _courier.moveToThread(app.thread())
    courier, number = _courier, next(_numbers)
    _waiting[number] = _Waiting(receiver, on_result, on_refused, on_failed)

    def send(done: "Future[Answer]") -> None:
        if isValid(courier):
            courier.arrived.emit(number, done)

    future.add_done_callback(send)


def _open(number: int, future: "Future[Any]") -> None:
    receiver, on_result, on_refused, on_failed = _waiting.pop(number)
    if not isValid(receiver):
        return
    try:
        error = future.exception()
    except CancelledError:
        return
    if isinstance(error, CancelledError):
        return  # broken off while it was under way
    if error is None:
        _call(on_result, future.result())
    elif isinstance(error, Refused):
        _call(on_refused or (lambda refused: announcements().refused.emit(refused.problem.sentence)), error)
    else:
        failure = report_failure(error)
        _call(on_failed or announcements().failed.emit, failure)


def _call(handler: Callable[[Any], object], value: Any) -> None:
    """A fault in a handler is shown and logged like any other, instead of being lost in Qt's event loop."""
    try:
        handler(value)
    except Exception as error:
        announcements().failed.emit(report_failure(error))
