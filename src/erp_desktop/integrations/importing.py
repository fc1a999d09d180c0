"""The general import: a table in a file becomes actions, row by row judged before anything is written.

    table = open_table(path)
    matching = match_columns(target, table)           # which column is what; may be shown and mended
    plan = make_plan(target, table, matching, ask)    # every row: new, changed, same, or bad and why
    result = take_in(plan, perform, progress, cancelled)

Nothing here knows windows or networks: `ask` answers queries, `perform` performs an action or raises Refused. Rows that are
bad never stop good ones; they are written to a file like the one they came from, with the reason in a column.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import translate
from erp_desktop.integrations.document_rows import ChannelOrderRows, OpeningStockRows
from erp_desktop.integrations.document_targets import CHANNEL_ORDERS, OPENING_STOCK
from erp_desktop.integrations.fields import ImportTarget
from erp_desktop.integrations.judging import Batch, PlannedRow, Planner, Verdict
from erp_desktop.integrations.lookups import Ask
from erp_desktop.integrations.mapping import REASON, Matching, refuse_missing_columns
from erp_desktop.integrations.master_rows import MasterRows
from erp_desktop.integrations.tables import Table, TableRow, UnreadableTable
from erp_desktop.integrations.tables.bad_rows import BadRowsFile
from erp_desktop.integrations.tables.unreadable import TOO_LONG

MOST_PLANNED_ROWS = 200_000  # they are judged in memory; order lines beyond that have their own way (online_retail.py)

Perform = Callable[[Action], None]  # performs, or raises Refused
Progress = Callable[[int, int], None]  # rows done, of how many (0: not known yet)
Cancelled = Callable[[], bool]


@dataclass
class ImportPlan:
    """Every row of a file with its verdict. Nothing was written yet."""

    target: ImportTarget
    table: Table
    matching: Matching
    rows: list[PlannedRow]
    planner: Planner

    def count(self, verdict: Verdict) -> int:
        return sum(row.verdict == verdict for row in self.rows)


@dataclass(frozen=True)
class ImportResult:
    """How many rows became what, and where those to mend are. `not_reached` rows wait for the import to go on."""

    new: int
    changed: int
    same: int
    bad: int
    not_reached: int
    bad_file: Path | None

    @property
    def taken(self) -> int:
        return self.new + self.changed


def make_plan(
    target: ImportTarget,
    table: Table,
    matching: Matching,
    ask: Ask,
    progress: Progress | None = None,
    today: date | None = None,
) -> ImportPlan:
    """Judge every row; writes nothing. Raises UnreadableTable, or ImportRefused where a needed column is missing."""
    refuse_missing_columns(target, table, matching)
    rows: list[PlannedRow] = []
    for row in data_rows(table, matching):
        rows.append(PlannedRow(row.number, row.cells))
        if len(rows) > MOST_PLANNED_ROWS:
            raise UnreadableTable(table.path, TOO_LONG, most=MOST_PLANNED_ROWS)
        if progress is not None and len(rows) % 1000 == 0:
            progress(len(rows), 0)
    planner = _planner(target, matching, ask, today or datetime.now(UTC).astimezone().date())
    planner.judge(rows)
    return ImportPlan(target, table, matching, rows, planner)


def data_rows(table: Table, matching: Matching) -> Iterator[TableRow]:
    """The rows below the headings. The reason that a returned file carries is not read again."""
    skip = matching.reason_column
    for row in table.rows():
        if row.number <= matching.heading_row:
            continue
        if skip is None or skip >= len(row.cells):
            yield row
        else:
            yield TableRow(row.number, (*row.cells[:skip], None, *row.cells[skip + 1 :]))


def take_in(
    plan: ImportPlan,
    perform: Perform,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    bad_file: Path | None = None,
) -> ImportResult:
    """Perform what the plan says, batch by batch. What is refused becomes bad with the refusal's sentence.

    Stopping between two batches leaves what is done; importing the file again goes on from there.
    """
    todo = [row for row in plan.rows if row.verdict in (Verdict.NEW, Verdict.CHANGED)]
    done = 0
    for batch in plan.planner.batches(todo):
        if cancelled is not None and cancelled():
            break
        _perform(batch, perform)
        done += len(batch.rows)
        if progress is not None:
            progress(done, len(todo))
    finished = [row.verdict for row in todo if row.is_done]
    return ImportResult(
        new=finished.count(Verdict.NEW),
        changed=finished.count(Verdict.CHANGED),
        same=plan.count(Verdict.SAME),
        bad=plan.count(Verdict.BAD),
        not_reached=sum(not row.is_done and not row.is_bad for row in todo),
        bad_file=write_bad_rows(plan, bad_file),
    )


def write_bad_rows(plan: ImportPlan, path: Path | None = None) -> Path | None:
    """The rows to mend as a file like the one they came from; None if there is none."""
    skip = plan.matching.reason_column
    headings = [text for place, text in enumerate(plan.matching.headings) if place != skip]
    with BadRowsFile(plan.table, headings, translate("Import", REASON), path) as file:
        for row in plan.rows:
            if row.is_bad:
                file.write([cell for place, cell in enumerate(row.cells) if place != skip], row.reason)
    return file.path if file.count else None


def _planner(target: ImportTarget, matching: Matching, ask: Ask, today: date) -> Planner:
    if target is OPENING_STOCK:
        return OpeningStockRows(target, matching, ask, today)
    if target is CHANNEL_ORDERS:
        return ChannelOrderRows(target, matching, ask)
    return MasterRows(target, matching, ask)


def _perform(batch: Batch, perform: Perform) -> None:
    try:
        perform(batch.action)
    except Refused as refusal:
        if batch.parts is not None:
            for part in batch.parts():
                _perform(part, perform)
            return
        for row in batch.rows:
            row.verdict, row.reason = Verdict.BAD, refusal.problem.sentence
    else:
        for row in batch.rows:
            row.is_done = True
