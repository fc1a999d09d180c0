"""erp-central: the central service from the command line. Every failure is one sentence on stderr and exit code 1."""

import argparse
import getpass
import json
import logging
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from erp_desktop import __version__
from erp_desktop.actions.opening import COST_METHODS, OpenCompany, SaveUser
from erp_desktop.actions.permissions import ROLES
from erp_desktop.actions.refusals import Problem
from erp_desktop.central.accounts import WeakPassword, hash_password, set_password
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.performing import Busy, Centre, CodeInUse, NotOpened
from erp_desktop.central.serving import CannotListen, Server
from erp_desktop.central.workers import MOST_WORKERS, Workers, WorkersDidNotStart
from erp_desktop.database import UnknownDatabase, open_engine
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.ledger.charts import chart_names
from erp_desktop.memory import settle_memory
from erp_desktop.migrations import NewerDatabase, is_current, upgrade
from erp_desktop.models.company import Company, Role, User, UserRole
from erp_desktop.models.sync import CompanyClock

PASSWORD_VARIABLE = "ERP_PASSWORD"


class Stop(Exception):
    """Ends the command with a sentence."""


@dataclass(frozen=True)
class _CompanyRow:
    id: UUID
    code: str
    name: str
    tick: int


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `erp-central`. Returns the exit code."""
    multiprocessing.freeze_support()  # a worker of the packaged program is this program started again
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    chosen = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = chosen.command
    try:
        return command(chosen)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        sentence = _sentence_for(error)
        if sentence is None:
            logging.getLogger(__name__).critical("erp-central failed", exc_info=error)
            sentence = translate("Command line", "This failed through no fault of yours; the log above says where.")
        print(sentence, file=sys.stderr)
        return 1


def _sentence_for(error: Exception) -> str | None:
    match error:
        case Stop() | NotOpened():
            return str(error)
        case UnknownDatabase():
            return translate(
                "Command line",
                "{detail}. Give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
            ).format(detail=str(error).capitalize())
        case NewerDatabase():
            return translate("Command line", "This database was made by a newer erp-central. Upgrade this program.")
        case CodeInUse():
            return translate("Command line", "This database already has a company {code}.").format(code=error)
        case WeakPassword():
            return translate("Command line", "The password does not do: {detail}.").format(detail=error)
        case WorkersDidNotStart():
            return translate("Command line", "A worker could not start; the log above says why.")
        case CannotListen():
            return translate("Command line", "Cannot listen on {detail}.").format(detail=error)
        case DBAPIError() | Busy():
            origin = error.orig if isinstance(error, DBAPIError) else error
            return translate("Command line", "The database does not answer: {detail}").format(
                detail=" ".join(str(origin).split())
            )
    return None


def serve(chosen: argparse.Namespace) -> int:
    engine = open_engine(chosen.database)
    if chosen.workers > 1 and engine.dialect.name != "postgresql":
        raise Stop(
            translate(
                "Command line", "An SQLite database has one worker. Use PostgreSQL for more, or leave --workers out."
            )
        )
    upgrade(engine)
    if chosen.workers > 1:
        workers = Workers(engine, chosen.host, chosen.port, chosen.workers)
        if chosen.stop_with_parent:
            workers.stop_at_the_end_of(sys.stdin.buffer)
        workers.serve_until_stopped()
        return 0
    server = Server(engine, chosen.host, chosen.port)
    server.when_ready = lambda: print(json.dumps({"listening": server.url}), flush=True)
    if chosen.stop_with_parent:
        server.stop_at_the_end_of(sys.stdin.buffer)
    settle_memory()
    server.serve_until_stopped()
    engine.dispose()
    return 0


def init(chosen: argparse.Namespace) -> int:
    engine = open_engine(chosen.database)
    password = _password(chosen)
    hash_password(password)  # refuses a weak one before anything is set up
    upgrade(engine)
    first_period_on = chosen.first_period_on or datetime.now(ZoneInfo(chosen.time_zone)).date().replace(month=1, day=1)
    owner_id = new_id()
    company_id = Centre(engine).open_company(
        OpenCompany(
            code=chosen.company,
            name=chosen.name,
            name_zh=chosen.name_zh,
            currency=chosen.currency,
            currency_places=chosen.places,
            time_zone=chosen.time_zone,
            chart=chosen.chart,
            first_period_on=first_period_on,
            cost_method=chosen.cost_method,
            revenue_at=chosen.revenue_at,
            owner_id=owner_id,
            owner_login=chosen.login,
            owner_name=chosen.owner_name or chosen.login,
        ),
        password,
    )
    print(json.dumps({"company_id": str(company_id), "owner_id": str(owner_id)}))
    engine.dispose()
    return 0


def add_user(chosen: argparse.Namespace) -> int:
    engine = _existing(chosen.database)
    company = _company(engine, chosen.company)
    password = _password(chosen)
    hash_password(password)  # refuses a weak one before anybody is added
    with engine.connect() as connection:
        administrator = connection.scalar(
            select(User.id)
            .join(UserRole, (UserRole.company_id == User.company_id) & (UserRole.user_id == User.id))
            .join(Role, (Role.company_id == UserRole.company_id) & (Role.id == UserRole.role_id))
            .where(User.company_id == company.id, User.is_active, Role.code == "administrator")
            .order_by(User.id)
            .limit(1)
        )
    if administrator is None:
        raise Stop(translate("Command line", "Nobody is administrator of {code}.").format(code=chosen.company))
    user_id = new_id()
    wanted = SaveUser(
        user_id=user_id,
        login=chosen.login,
        name=chosen.name or chosen.login,
        role_codes=tuple(chosen.role),
        language=chosen.language,
    )
    (result,) = Centre(engine).perform_local(company.id, administrator, [wanted])
    if result.outcome != "applied":
        raise Stop(Problem.from_dict(result.problem or {}).sentence)
    set_password(engine, company.id, user_id, password)
    print(json.dumps({"user_id": str(user_id)}))
    engine.dispose()
    return 0


def verify(chosen: argparse.Namespace) -> int:
    engine = _existing(chosen.database)
    broken = 0
    for company in _companies(engine):
        check = verify_log(engine, company.id)
        told: dict[str, str | int] = {"company": company.code, "sound_rows": check.sound_rows}
        if check.broken_at is not None:
            broken += 1
            told |= {"broken_at": check.broken_at, "reason": check.reason}
        print(json.dumps(told))
    engine.dispose()
    return 1 if broken else 0


def status(chosen: argparse.Namespace) -> int:
    engine = _existing(chosen.database)
    companies = [{"code": company.code, "name": company.name, "tick": company.tick} for company in _companies(engine)]
    print(json.dumps({"version": __version__, "companies": companies}, ensure_ascii=False))
    engine.dispose()
    return 0


def _existing(url: str) -> Engine:
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


def _companies(engine: Engine) -> list[_CompanyRow]:
    with engine.connect() as connection:
        rows = connection.execute(
            select(Company.id, Company.code, Company.name, CompanyClock.tick)
            .join(CompanyClock, CompanyClock.company_id == Company.id)
            .order_by(Company.code)
        ).all()
    return [_CompanyRow(row.id, row.code, row.name, row.tick) for row in rows]


def _company(engine: Engine, code: str) -> _CompanyRow:
    for company in _companies(engine):
        if company.code == code:
            return company
    raise Stop(translate("Command line", "There is no company {code} in this database.").format(code=code))


def _password(chosen: argparse.Namespace) -> str:
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


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"not a time zone: {text}") from None
    return text


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"not a port: {text}")
    return number


def _workers(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"from 1 to {MOST_WORKERS} workers: {text}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="erp-central", description="The central service of ERP Desktop.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        to: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, command: object, help: str
    ) -> argparse.ArgumentParser:
        made = to.add_parser(name, help=help, description=help)
        made.add_argument("--database", required=True, help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        made.set_defaults(command=command)
        return made

    serving = add(commands, "serve", serve, "Answer desks until stopped.")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=_port, default=0, help="0: any free one; the first line printed tells which")
    serving.add_argument("--workers", type=_workers, default=1, help="processes that answer; PostgreSQL only (1)")
    serving.add_argument("--stop-with-parent", action="store_true", help="stop when standard input closes")

    opening = add(commands, "init", init, "Set up the database and open a company in it.")
    opening.add_argument("--company", required=True, metavar="CODE")
    opening.add_argument("--name", required=True)
    opening.add_argument("--name-zh", default="")
    opening.add_argument("--currency", default="CNY")
    opening.add_argument("--places", type=int, default=2, help="decimals of the currency's minor unit")
    opening.add_argument("--time-zone", type=_time_zone, default="Asia/Shanghai")
    opening.add_argument("--chart", choices=chart_names(), default="cn-small-enterprise")
    opening.add_argument(
        "--first-period-on", type=date.fromisoformat, help="YYYY-MM-DD; this year's first day if not given"
    )
    opening.add_argument("--cost-method", choices=COST_METHODS, default="moving_average")
    opening.add_argument("--revenue-at", choices=("shipment", "delivery", "invoice"), default="shipment")
    opening.add_argument("--login", required=True, help="the administrator's login")
    opening.add_argument("--owner-name", default="")
    opening.add_argument(
        "--password-stdin", action="store_true", help=f"else asked for, or taken from {PASSWORD_VARIABLE}"
    )

    users = commands.add_parser("user", help="Who may sign in.").add_subparsers(required=True, metavar="COMMAND")
    adding = add(users, "add", add_user, "Give a person access.")
    adding.add_argument("--company", required=True, metavar="CODE")
    adding.add_argument("--login", required=True)
    adding.add_argument("--name", default="")
    adding.add_argument("--role", action="append", required=True, choices=sorted(ROLES), help="may be given again")
    adding.add_argument("--language", default="en")
    adding.add_argument("--password-stdin", action="store_true")

    add(commands, "verify-log", verify, "Recompute the hash chain of every company's action log.")
    add(commands, "status", status, "Say which companies are kept, and how far their clocks are.")
    return parser


if __name__ == "__main__":
    sys.exit(main())
