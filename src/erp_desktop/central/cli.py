"""erp-central: the central service from the command line. Every failure is one sentence on stderr and exit code 1."""

import argparse
import json
import logging
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from erp_desktop import __version__
from erp_desktop.actions.backup_refusals import BackupProblem
from erp_desktop.actions.opening import COST_METHODS, OpenCompany
from erp_desktop.central import admin_cli
from erp_desktop.central.accounts import WeakPassword, hash_password
from erp_desktop.central.action_log import LogPoint, verify_log
from erp_desktop.central.command_line import (
    PASSWORD_VARIABLE,
    Stop,
    asked_password,
    companies_kept,
    existing_database,
)
from erp_desktop.central.leases import set_lease
from erp_desktop.central.log_checks import LogChecks
from erp_desktop.central.performing import Busy, Centre, CodeInUse, NotOpened
from erp_desktop.central.reads import set_kept_days
from erp_desktop.central.serving import CannotListen, Server
from erp_desktop.central.workers import MOST_WORKERS, Workers, WorkersDidNotStart
from erp_desktop.database import UnknownDatabase, open_engine
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.ledger.charts import chart_names
from erp_desktop.memory import settle_memory
from erp_desktop.migrations import NewerDatabase, upgrade


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
        case BackupProblem():
            return error.problem.sentence
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
    if chosen.lease_days is not None:
        set_lease(engine, chosen.lease_days)
    if chosen.keep_reads_days is not None:
        set_kept_days(engine, chosen.keep_reads_days)
    if chosen.workers > 1:
        workers = Workers(engine, chosen.host, chosen.port, chosen.workers, tuple(chosen.trusted_proxy))
        if chosen.stop_with_parent:
            workers.stop_at_the_end_of(sys.stdin.buffer)
        workers.serve_until_stopped()
        return 0
    server = Server(engine, chosen.host, chosen.port, trusted_proxies=chosen.trusted_proxy)
    server.when_ready = lambda: print(json.dumps({"listening": server.url}), flush=True)
    if chosen.stop_with_parent:  # the centre of a desk that is alone on this computer
        server.stop_at_the_end_of(sys.stdin.buffer)
        server.service.backups.is_of_one_person = True
    settle_memory()
    server.serve_until_stopped()
    engine.dispose()
    return 0


def init(chosen: argparse.Namespace) -> int:
    engine = open_engine(chosen.database)
    password = asked_password(chosen)
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


def verify(chosen: argparse.Namespace) -> int:
    known = _points_in(chosen.since) if chosen.since else {}
    engine = existing_database(chosen.database)
    checks = LogChecks(engine)
    broken = 0
    companies = companies_kept(engine)
    for gone in known.keys() - {company.code for company in companies}:
        broken += 1
        reason = "the company is not kept here any more"
        print(json.dumps({"company": gone, "sound_rows": 0, "broken_at": 1, "reason": reason}))
    for company in companies:
        check = verify_log(engine, company.id, *known.get(company.code, ()), *checks.known(company.id))
        told: dict[str, str | int] = {
            "company": company.code,
            "sound_rows": check.sound_rows,
            "chain_hash": check.chain_hash.hex(),
        }
        if check.broken_at is not None:
            broken += 1
            told |= {"broken_at": check.broken_at, "reason": check.reason}
        print(json.dumps(told))
    engine.dispose()
    return 1 if broken else 0


def _points_in(file: str) -> dict[str, list[LogPoint]]:
    """By company's code, what an earlier verify-log found. Raises Stop."""
    try:
        lines = [json.loads(line) for line in Path(file).read_text("utf-8").splitlines() if line.strip()]
        return {
            line["company"]: [LogPoint(line["sound_rows"], bytes.fromhex(line["chain_hash"]))]
            for line in lines
            if "broken_at" not in line
        }
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise Stop(
            translate(
                "Command line",
                "{file} is not what verify-log printed ({detail}). Nothing was checked; give another file.",
            ).format(file=file, detail=error)
        ) from None


def status(chosen: argparse.Namespace) -> int:
    engine = existing_database(chosen.database)
    companies = [
        {"code": company.code, "name": company.name, "tick": company.tick} for company in companies_kept(engine)
    ]
    print(json.dumps({"version": __version__, "companies": companies}, ensure_ascii=False))
    engine.dispose()
    return 0


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


def _days(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 3650:
        raise argparse.ArgumentTypeError(f"from 0 to 3650 days: {text}")
    return number


def _network(text: str) -> str:
    try:
        return str(ip_network(text)) if "/" in text else str(ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"not an address or a network: {text}") from None


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
    serving.add_argument(
        "--lease-days", type=_days, help="how long a desk works without having spoken to the service; 0: for ever (30)"
    )
    serving.add_argument(
        "--keep-reads-days",
        type=_days,
        help="how long it is kept who looked at, printed or exported what; 0: for ever (730)",
    )
    serving.add_argument(
        "--trusted-proxy",
        type=_network,
        action="append",
        default=[],
        metavar="ADDRESS",
        help="believe this proxy (an address or a network; may be given again) whom it speaks for",
    )
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

    admin_cli.add_commands(commands, add)
    verifying = add(commands, "verify-log", verify, "Recompute the hash chain of every company's action log.")
    verifying.add_argument(
        "--since",
        metavar="FILE",
        help="what an earlier verify-log printed, kept outside the database: the log must still hold what was found then",
    )
    add(commands, "status", status, "Say which companies are kept, and how far their clocks are.")
    return parser


if __name__ == "__main__":
    sys.exit(main())
