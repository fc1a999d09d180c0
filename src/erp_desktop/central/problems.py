"""What went wrong with a request, as its problem+json says it (http.py, wire.WireProblem).

Here: which error is which problem. Not here: who raises them.
"""

from fastapi import Request, Response
from sqlalchemy.exc import DataError, InterfaceError, InternalError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from erp_desktop.central.changes import NotReadable
from erp_desktop.central.devices import OTHER_BOOKS, SignInRefused
from erp_desktop.central.http import WireError, problem_response
from erp_desktop.central.moment import CursorGone
from erp_desktop.central.performing import Busy
from erp_desktop.models.types import TextNotStorable
from erp_desktop.wire import CURSOR_GONE, DEVICE_FORKED, WireProblem

RETRY_AFTER_SECONDS = 2

SIGN_IN_TITLES = {
    "wrong_password": (401, "The company, the login or the password is not right."),
    "token_expired": (401, "Sign in again."),
    "device_revoked": (401, "This device may not be used any more."),
    "user_disabled": (401, "This user may not sign in any more."),
    OTHER_BOOKS: (409, "This device holds the data of another person."),
    DEVICE_FORKED: (409, "Two caches are copies of one another. Sign in again, as another device."),
    "too_many_attempts": (429, "Too many wrong passwords."),
    "password_to_change": (403, "Choose a password of your own first."),
    "weak_password": (422, "A password has 8 to 200 characters."),
    "same_password": (422, "This is the password that you have already."),
}

PROBLEMS: tuple[type[Exception], ...] = (
    Exception,
    WireError,
    SignInRefused,
    CursorGone,
    NotReadable,
    Busy,
    StatementError,
    PoolTimeout,
    HTTPException,
)


async def as_problem(request: Request, error: Exception) -> Response:
    problem = _problem_of(error)
    request.app.state.measures.refused(problem.code)
    return problem_response(problem)


def _problem_of(error: Exception) -> WireProblem:
    match error:
        case WireError():
            return error.problem
        case SignInRefused():
            status, title = SIGN_IN_TITLES[error.code]
            return WireProblem(title=title, status=status, code=error.code, retry_after=error.retry_after)
        case CursorGone():
            return WireProblem(title="Fill the cache anew.", status=410, code=CURSOR_GONE, detail=str(error))
        case NotReadable():
            return WireProblem(title="There is no such table for you.", status=403, code="not_readable")
        case StatementError(orig=TextNotStorable()) | DataError():  # of PostgreSQL: a NUL in what is searched for
            return WireProblem(title="A text is too long, or cannot be stored.", status=422, code="malformed")
        case Busy() | OperationalError() | InterfaceError() | InternalError() | PoolTimeout():
            title = "The central database cannot answer now."
            return WireProblem(title=title, status=503, code="busy", retry_after=RETRY_AFTER_SECONDS)
        case HTTPException():
            return WireProblem(title=str(error.detail), status=error.status_code, code="no_such_call")
        case _:
            return WireProblem(title="The central service failed. It has been logged.", status=500, code="fault")
