"""What the commands of erp-central share: ending with a sentence, finding a database and a company, asking for a password."""

import argparse
import getpass
import os
import sys
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, select

from erp_desktop.database import open_engine
from erp_desktop.i18n import translate
from erp_desktop.migrations import is_current
from erp_desktop.models.company import Company
from erp_desktop.models.sync import CompanyClock

PASSWORD_VARIABLE = "ERP_PASSWORD"


class Stop(Exception):
    """Ends the command with a sentence."""


@dataclass(frozen=True)
class CompanyRow:
    id: UUID
    code: str
    name: str
    tick: int


def existing_database(url: str) -> Engine:
    """The database at `url`, which is set up already. Raises Stop, UnknownDatabase."""
    engine = open_engine(url)
    if engine.dialect.name == "sqlite" and not os.path.exists(engine.url.database or ""):  # noqa: PTH110
        raise Stop(translate("Command line", "There is no database {name}.").format(name=engine.url.database))
    if not is_current(engine):
        raise Stop(
            translate(
                "Command line", "This database is not set up for this program yet. Run erp-central init or serve."
            )
        )
    return engine


def companies_kept(engine: Engine) -> list[CompanyRow]:
    """The companies that are kept, by code."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(Company.id, Company.code, Company.name, CompanyClock.tick)
            .join(CompanyClock, CompanyClock.company_id == Company.id)
            .order_by(Company.code)
        ).all()
    return [CompanyRow(row.id, row.code, row.name, row.tick) for row in rows]


def company_of(engine: Engine, code: str) -> CompanyRow:
    """The company of this code. Raises Stop."""
    for company in companies_kept(engine):
        if company.code == code:
            return company
    raise Stop(translate("Command line", "There is no company {code} in this database.").format(code=code))


def asked_password(chosen: argparse.Namespace) -> str:
    """As it was given, or typed twice the same. Raises Stop."""
    if chosen.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    from_environment = os.environ.get(PASSWORD_VARIABLE)
    if from_environment is not None:
        return from_environment
    if not sys.stdin.isatty():
        raise Stop(
            translate("Command line", "Give the password in {variable} or with --password-stdin.").format(
                variable=PASSWORD_VARIABLE
            )
        )
    password = getpass.getpass(translate("Command line", "Password: "))
    if getpass.getpass(translate("Command line", "The same again: ")) != password:
        raise Stop(translate("Command line", "The two passwords differ; nothing was changed."))
    return password
