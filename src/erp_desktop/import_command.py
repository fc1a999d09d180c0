"""`erp-desktop import`: whose books take the file in, and what is printed about it.

Here: opening the books, progress, the summary. Not here: what files hold, what is judged and taken in (integrations/).
"""

import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from erp_desktop import embedded
from erp_desktop.actions.base import Action
from erp_desktop.actions.opening import OpenCompany
from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.central.performing import Centre
from erp_desktop.cli import CommandFailed
from erp_desktop.i18n import translate
from erp_desktop.ids import new_id
from erp_desktop.integrations.importing import ImportPlan, ImportResult, Perform, make_plan, take_in
from erp_desktop.integrations.judging import Verdict
from erp_desktop.integrations.lookups import Ask
from erp_desktop.integrations.mapping import match_columns, read_map
from erp_desktop.integrations.northwind import USUAL_OPENING_COST_SHARE, NorthwindImport, PerformAll
from erp_desktop.integrations.online_retail import TARGET as ONLINE_RETAIL
from erp_desktop.integrations.online_retail import OnlineRetailImport
from erp_desktop.integrations.tables import open_table
from erp_desktop.integrations.tables.cells import BadCell, parse_rate
from erp_desktop.integrations.targets import TARGETS
from erp_desktop.models.company import Company, User
from erp_desktop.numbers import UNIT_COST_PLACES

NORTHWIND = "northwind"
BAD_ROWS_SHOWN = 20
SECONDS_BETWEEN_PROGRESS = 0.5
SECONDS_TO_SYNC = 600


@dataclass(frozen=True)
class Books:
    """One company's door out and door in."""

    ask: Ask
    perform: Perform
    perform_all: PerformAll


def run_import(options: Namespace) -> int:
    """0 when everything is in the books, 1 when rows are left to mend."""
    table = str(options.table).lower()
    known = sorted([NORTHWIND, ONLINE_RETAIL.name, *TARGETS])
    if table not in known:
        text = translate("Command line", "There is no table {table} to import. There are: {tables}.")
        raise CommandFailed(text.format(table=options.table, tables=", ".join(known)), status=2)
    started = time.monotonic()
    with _books(options, northwind_may_open=table == NORTHWIND) as books:
        if table == NORTHWIND:
            return _import_northwind(options, books)
        if table == ONLINE_RETAIL.name:
            result = _import_online_retail(options, books)
        else:
            target = TARGETS[table]
            given = read_map(options.map, target) if options.map else None
            source = open_table(options.file, given.sheet if given else "")
            plan = make_plan(target, source, match_columns(target, source, given), books.ask, Progress())
            if options.dry_run:
                return _show_plan(plan)
            result = take_in(plan, books.perform, Progress())
    _show_result(result, time.monotonic() - started, dry_run=options.dry_run)
    return 1 if result.bad else 0


# --- one kind after another


def _import_northwind(options: Namespace, books: Books) -> int:
    given = getattr(options, "opening_cost_share", None)
    share = USUAL_OPENING_COST_SHARE if given is None else _share_of(given)
    perform_all = _nothing_at_all if options.dry_run else books.perform_all
    result = NorthwindImport(options.file, books.ask, perform_all, share).run(Progress())
    done = ", ".join(f"{count:,} {name}" for name, count in sorted(result.performed.items()))
    nothing = translate("Command line", "nothing: all of it is here already")
    head = translate("Command line", "Would be done") if options.dry_run else translate("Command line", "Done")
    print(f"{head}: {done or nothing}")
    if result.waiting and not options.dry_run:
        text = translate("Command line", "{count} orders wait for stock: {numbers}")
        print(text.format(count=len(result.waiting), numbers=", ".join(result.waiting)))
    for sentence in result.refused:
        print(sentence, file=sys.stderr)
    return 1 if result.refused else 0


def _share_of(text: str) -> Decimal:
    try:
        return parse_rate(text, UNIT_COST_PLACES)
    except BadCell as error:
        raise CommandFailed(f"--opening-cost-share: {error}.", status=2) from error


def _import_online_retail(options: Namespace, books: Books) -> ImportResult:
    source = open_table(options.file)
    if not options.dry_run:
        return OnlineRetailImport(source, books.ask, books.perform).run(Progress())
    with tempfile.TemporaryDirectory() as scratch:
        bad_file = Path(scratch) / f"bad.{'csv' if source.kind == 'csv' else 'xlsx'}"
        return OnlineRetailImport(source, books.ask, _nothing).run(Progress(), bad_file=bad_file)


def _nothing(_action: Action) -> None:
    """What a dry run performs."""


def _nothing_at_all(actions: Sequence[Action]) -> list[Problem | None]:
    return [None] * len(actions)


# --- whose books


@contextmanager
def _books(options: Namespace, *, northwind_may_open: bool) -> Iterator[Books]:
    if getattr(options, "centre", None):
        with _office(options) as books:
            yield books
        return
    directory = getattr(options, "data_dir", None)
    code = getattr(options, "company", None)
    here = embedded.companies_here(directory)
    wanted = code or (NORTHWIND.upper() if northwind_may_open else None)
    found = next((company for company in here if wanted and company.code.casefold() == wanted.casefold()), None)
    if found is None and wanted is None and len(here) == 1:
        found = here[0]
    with tempfile.TemporaryDirectory() as scratch:
        if found is None and northwind_may_open:
            if options.dry_run:
                directory = Path(scratch)  # a company that is thrown away, to see what would happen in it
            found = embedded.open_company(_northwind_opening(wanted or NORTHWIND.upper()), directory)
        if found is None:
            text = translate("Command line", "Choose a company with --company. There are: {codes}.")
            raise CommandFailed(text.format(codes=", ".join(company.code for company in here) or "–"), status=2)
        engine = embedded.open_books(directory)
        try:
            yield _at_centre(engine, found)
        finally:
            engine.dispose()


def _northwind_opening(code: str) -> OpenCompany:
    return OpenCompany(
        code=code,
        name="Northwind Traders",
        name_zh="北风贸易",
        currency="USD",
        time_zone="America/Los_Angeles",
        chart="ifrs-trading",
        first_period_on=date(1996, 1, 1),
        owner_id=new_id(),
        owner_login="owner",
        owner_name="Andrew Fuller",
    )


def _at_centre(engine: Engine, here: embedded.CompanyHere) -> Books:
    """Alone on this computer: the actions are performed at the centre, where the window would send them as well."""
    centre = Centre(engine)
    with Session(engine) as session:
        company_id, owner_id = session.execute(
            select(Company.id, User.id)
            .join(User, User.company_id == Company.id)
            .where(Company.code == here.code, User.login == here.login)
        ).one()

    def perform_all(actions: Sequence[Action]) -> list[Problem | None]:
        results = centre.perform_local(company_id, owner_id, actions)
        return [None if result.outcome == "applied" else Problem.from_dict(result.problem or {}) for result in results]

    def perform(action: Action) -> None:
        (problem,) = perform_all([action])
        if problem is not None:
            raise problem.as_refusal()

    def ask(query: object) -> object:
        with Session(engine) as session:
            return query.run(session, company_id)  # type: ignore[attr-defined]

    return Books(ask, perform, perform_all)


@contextmanager
def _office(options: Namespace) -> Iterator[Books]:
    """In an office: performed on this computer's copy, sent to the centre, and waited for."""
    from PySide6.QtCore import QCoreApplication

    from erp_desktop.desk import Desk
    from erp_desktop.sync.cache import cache_path

    company, user = getattr(options, "company", None), getattr(options, "user", None)
    if not (company and user):
        raise CommandFailed(translate("Command line", "--centre needs --company and --user."), status=2)
    app = QCoreApplication.instance() or QCoreApplication(sys.argv[:1])
    path = cache_path(options.centre, company, user, getattr(options, "data_dir", None))
    desk = Desk.open(path, options.centre, company, user)

    def perform_all(actions: Sequence[Action]) -> list[Problem | None]:
        done = [desk.perform(action) for action in actions]
        errors = [future.exception() for future in done]
        for error in errors:
            if error is not None and not isinstance(error, Refused):
                raise error
        return [error.problem if isinstance(error, Refused) else None for error in errors]

    try:
        yield Books(lambda query: desk.ask(query).result(), desk.perform_and_wait, perform_all)
        if not desk.wait_until_synced(SECONDS_TO_SYNC):
            print(translate("Command line", "The changes are kept here and will be sent when the centre answers."))
        refused = len(desk.attention().result())
        if refused:
            text = translate("Command line", "{count} changes need attention: open the window to see why.")
            print(text.format(count=refused))
    finally:
        desk.close()
        app.processEvents()


# --- what is printed


def _show_plan(plan: ImportPlan) -> int:
    text = translate(
        "Command line", "{new} new, {changed} changed, {same} the same, {bad} to mend. Nothing was written."
    )
    print(
        text.format(
            new=f"{plan.count(Verdict.NEW):,}",
            changed=f"{plan.count(Verdict.CHANGED):,}",
            same=f"{plan.count(Verdict.SAME):,}",
            bad=f"{plan.count(Verdict.BAD):,}",
        )
    )
    bad = [row for row in plan.rows if row.is_bad]
    for row in bad[:BAD_ROWS_SHOWN]:
        print(translate("Command line", "Row {number}: {reason}").format(number=row.number, reason=row.reason))
    if len(bad) > BAD_ROWS_SHOWN:
        print(translate("Command line", "... and {count} more").format(count=len(bad) - BAD_ROWS_SHOWN))
    return 1 if bad else 0


def _show_result(result: ImportResult, seconds: float, *, dry_run: bool) -> None:
    if dry_run:
        text = translate(
            "Command line", "{new} new, {changed} changed, {same} the same, {bad} to mend. Nothing was written."
        )
        print(text.format(new=f"{result.new:,}", changed=0, same=f"{result.same:,}", bad=f"{result.bad:,}"))
        return
    parts = [translate("Command line", "{count} taken").format(count=f"{result.taken:,}")]
    if result.same:
        parts.append(translate("Command line", "{count} here already").format(count=f"{result.same:,}"))
    if result.bad:
        text = translate("Command line", "{count} to mend in {file}")
        parts.append(text.format(count=f"{result.bad:,}", file=result.bad_file))
    rows = result.taken + result.same + result.bad
    rate = translate("Command line", "{seconds} s, {rate} rows a second")
    print(f"{', '.join(parts)} ({rate.format(seconds=f'{seconds:.1f}', rate=f'{rows / max(seconds, 0.001):,.0f}')})")


class Progress:
    """One line on a terminal that tells how far it is; nothing where the output goes to a file."""

    def __init__(self) -> None:
        self._shown_at = 0.0
        self._is_shown = sys.stderr.isatty()

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        is_last = bool(of) and done >= of
        if self._is_shown and (is_last or now - self._shown_at > SECONDS_BETWEEN_PROGRESS):
            self._shown_at = now
            text = translate("Command line", "{done} of {of}").format(done=f"{done:,}", of=f"{of:,}" if of else "…")
            print(f"\r{text}   ", end="\n" if is_last else "", file=sys.stderr, flush=True)
