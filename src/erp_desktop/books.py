"""The books that a command reads: which database, which company in it; and `erp-desktop doctor`, which examines them.

Needs no window and no network: it runs where only the central service is installed.
"""

import json
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from erp_desktop.cli import CommandFailed
from erp_desktop.database import database_url, open_engine, reader
from erp_desktop.i18n import translate
from erp_desktop.migrations import is_current
from erp_desktop.models.company import Company
from erp_desktop.models.sync import CacheState
from erp_desktop.queries.doctor import examine
from erp_desktop.sync.cache import cache_path
from erp_desktop.sync.cache_key import KeyLost, is_plain, key_of
from erp_desktop.sync.secrets import Secrets


@dataclass(frozen=True)
class Books:
    """The companies of an open database, seen as they were at one moment."""

    session: Session
    companies: tuple[Company, ...]
    permissions: frozenset[str] | None  # of the person whose copy this is; None: everything is here

    @property
    def company(self) -> Company:
        """The only company. Raises CommandFailed where there are several to choose from."""
        if len(self.companies) > 1:
            text = translate("Command line", "There are several companies here: choose one of {codes} with --company.")
            raise CommandFailed(text.format(codes=", ".join(company.code for company in self.companies)))
        return self.companies[0]


@contextmanager
def open_books(options: Namespace) -> Iterator[Books]:
    """The books that the options name: a database, this computer's copy of an office's, or its own. Raises CommandFailed."""
    address, key = _address(options)
    engine = open_engine(address, key=key)
    try:
        if not is_current(engine):
            text = translate(
                "Command line", "These books are of another version of the program. Open them in the window once."
            )
            raise CommandFailed(text)
        with Session(reader(engine)) as session:
            yield Books(session, _companies(session, getattr(options, "company", None)), _permissions(session))
    finally:
        engine.dispose()


def _address(options: Namespace) -> tuple[URL, str | None]:
    """Where the books are, and the key of a copy that is encrypted."""
    if getattr(options, "database", None):
        address = database_url(options.database)
        if address.get_backend_name() == "sqlite":
            _refuse_missing(Path(address.database or ""))
        return address, None
    directory = getattr(options, "data_dir", None)
    if getattr(options, "centre", None):
        if not (getattr(options, "company", None) and getattr(options, "user", None)):
            raise CommandFailed(translate("Command line", "--centre needs --company and --user."), status=2)
        path = cache_path(options.centre, options.company, options.user, directory)
    else:
        from erp_desktop.embedded import database_path

        path = database_path(directory)
    _refuse_missing(path)
    return URL.create("sqlite", database=str(path)), _key(path)


def _key(path: Path) -> str | None:
    if is_plain(path):
        return None
    try:
        return key_of(path, Secrets(path.parent))
    except KeyLost as lost:
        text = translate(
            "Command line", "The key of the data at {path} is not on this computer. Open them in the window once."
        )
        raise CommandFailed(text.format(path=path)) from lost


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        text = translate(
            "Command line", "There are no books at {path} yet. Open the window once, or name others with --data-dir."
        )
        raise CommandFailed(text.format(path=path))


def _companies(session: Session, code: str | None) -> tuple[Company, ...]:
    companies = session.scalars(select(Company).order_by(Company.code)).all()
    if not companies:
        raise CommandFailed(translate("Command line", "There is no company in these books yet."))
    chosen = tuple(company for company in companies if code is None or company.code.casefold() == code.casefold())
    if not chosen:
        text = translate("Command line", "There is no company {code} here. There are: {codes}.")
        raise CommandFailed(text.format(code=code, codes=", ".join(company.code for company in companies)))
    return chosen


def _permissions(session: Session) -> frozenset[str] | None:
    """A desk's copy holds what its user may see; a central database holds everything."""
    stored = session.scalar(select(CacheState.value).where(CacheState.key == "session"))
    return None if stored is None else frozenset(json.loads(stored)["permissions"])


# --- doctor ---------------------------------------------------------------------------------------------------------


def run_doctor(options: Namespace) -> int:
    """`erp-desktop doctor`: 0 when every kept figure equals what it sums up, in every company here; 1 otherwise.

    An office's copy is compared with its central service first, and what differs is put right, where the service answers.
    """
    if getattr(options, "centre", None) and not getattr(options, "database", None):
        _check_with_centre(options)
    is_sound = True
    with open_books(options) as books:
        for company in books.companies:
            differences = examine(books.session, company.id, books.permissions)
            if differences:
                is_sound = False
                text = translate("Command line", "{company}: {count} differences.")
                print(text.format(company=company.code, count=len(differences)))
                for difference in differences:
                    print(f"  {difference.sentence}")
            else:
                text = translate(
                    "Command line", "{company}: every balance, cost layer and account agrees with its movements."
                )
                print(text.format(company=company.code))
    return 0 if is_sound else 1


def _check_with_centre(options: Namespace) -> None:
    """Says what came of it. Raises CommandFailed where the window has the copy open."""
    _address(options)  # a copy that is not there is not made
    from erp_desktop.sync.cache import CacheInUse
    from erp_desktop.sync.checking import CheckNotDone, check_copy

    path = cache_path(options.centre, options.company, options.user, getattr(options, "data_dir", None))
    try:
        print(check_copy(path, options.centre).sentence)
    except CacheInUse as error:
        raise CommandFailed(str(error)) from error
    except CheckNotDone as error:
        print(error.problem.sentence)
