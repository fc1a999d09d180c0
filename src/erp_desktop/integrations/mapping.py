"""Which column of a file fills which field: guessed from the headings, or named in a MAP.toml.

sheet = "Prices 2026"      # of a workbook; default: the first with rows
dates = "dmy"              # or "mdy": what 03/04/2026 means; without it such days are refused
[columns]
code = "Article no."       # field = heading of the column
[constants]
category_id = "TOYS"       # for every row of the file
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.integrations.fields import ImportField, ImportTarget
from erp_desktop.integrations.tables import Cell, Table
from erp_desktop.integrations.tables.cells import as_text

ROWS_TO_FIND_HEADINGS_IN = 10
REASON = QT_TRANSLATE_NOOP("Import", "Reason")
REASON_HEADINGS = ("Reason", "原因")

NO_COLUMN = QT_TRANSLATE_NOOP(
    "Import", "No column for {field} was found in {file}. Its columns are: {headings}. Name it in a mapping (--map)."
)
BAD_MAP = QT_TRANSLATE_NOOP("Import", "{file} is not a mapping that can be used: {why}.")
UNKNOWN_FIELD = QT_TRANSLATE_NOOP("Import", "there is no field {field}; there are {fields}")
UNKNOWN_HEADING = QT_TRANSLATE_NOOP("Import", "there is no column {heading} in the file; there are {headings}")


class ImportRefused(Exception):
    """The import as a whole cannot be done; `sentence` says why, in the program's language."""

    def __init__(self, sentence: str, **fields: object) -> None:
        self.sentence = translate("Import", sentence).format(**fields)
        super().__init__(self.sentence)


@dataclass(frozen=True)
class ColumnMap:
    """What a MAP.toml says."""

    sheet: str = ""
    dates: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)  # field: heading
    constants: Mapping[str, str] = field(default_factory=dict)  # field: what every row gets


@dataclass(frozen=True)
class Matching:
    """The file's headings and the columns that were found for the target's fields."""

    heading_row: int  # its number in the file; 0 when the file has none
    headings: tuple[str, ...]
    columns: Mapping[str, int]  # field: index of its column
    reason_column: int | None = None  # of rows that came back once, to be left out
    constants: Mapping[str, str] = field(default_factory=dict)
    dates: str = ""

    def missing(self, target: ImportTarget) -> tuple[ImportField, ...]:
        """Fields of the key without a column, a constant or a usual value: without them no row can be known."""
        return tuple(
            known
            for known in map(target.field, target.key)
            if known.name not in self.columns and known.name not in self.constants and not known.usual_code
        )


def read_map(path: Path, target: ImportTarget) -> ColumnMap:
    """The mapping in a MAP.toml. Raises ImportRefused."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ImportRefused(BAD_MAP, file=path.name, why=error) from error
    surplus = written.keys() - {"sheet", "dates", "columns", "constants"}
    columns, constants = written.get("columns", {}), written.get("constants", {})
    if surplus or not isinstance(columns, dict) or not isinstance(constants, dict):
        raise ImportRefused(BAD_MAP, file=path.name, why=", ".join(sorted(surplus)) or "[columns], [constants]")
    if written.get("dates", "") not in ("", "dmy", "mdy"):
        raise ImportRefused(BAD_MAP, file=path.name, why=f"dates = {written['dates']!r}")
    names = {known.name for known in target.fields}
    for name in (*columns, *constants):
        if name not in names:
            why = translate("Import", UNKNOWN_FIELD).format(field=name, fields=", ".join(sorted(names)))
            raise ImportRefused(BAD_MAP, file=path.name, why=why)
    return ColumnMap(
        sheet=str(written.get("sheet", "")),
        dates=written.get("dates", ""),
        columns={name: str(heading) for name, heading in columns.items()},
        constants={name: str(value) for name, value in constants.items()},
    )


def match_columns(target: ImportTarget, table: Table, given: ColumnMap | None = None) -> Matching:
    """Find the headings among the first rows and the column of each field. Raises ImportRefused for a heading that is not there."""
    given = given or ColumnMap()
    rows = list(islice(table.rows(), ROWS_TO_FIND_HEADINGS_IN))
    candidates = [(row, _columns_by_heading(target, row.cells, given)) for row in rows]
    heading, columns = max(candidates, key=lambda candidate: len(candidate[1]))
    headings = tuple(as_text(cell).strip() for cell in heading.cells)
    for name, wanted in given.columns.items():
        if name not in columns:
            why = translate("Import", UNKNOWN_HEADING).format(
                heading=wanted, headings=", ".join(filter(None, headings))
            )
            raise ImportRefused(BAD_MAP, file=table.path.name, why=why)
    reason = next((place for place, text in enumerate(headings) if text in REASON_HEADINGS), None)
    return Matching(heading.number, headings, columns, reason, given.constants, given.dates)


def refuse_missing_columns(target: ImportTarget, table: Table, matching: Matching) -> None:
    """Raises ImportRefused where no row of the file could be known."""
    for missing in matching.missing(target):
        raise ImportRefused(
            NO_COLUMN,
            field=translate("Import", missing.heading),
            file=table.path.name,
            headings=", ".join(filter(None, matching.headings)),
        )


def _columns_by_heading(target: ImportTarget, cells: Sequence[Cell], given: ColumnMap) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        if isinstance(cell, str):
            places.setdefault(_plain(cell), place)
    found: dict[str, int] = {}
    for name, heading in given.columns.items():
        if _plain(heading) in places:
            found[name] = places[_plain(heading)]
    for by_own_name in (True, False):  # a field's own heading goes before what others might call it
        for known in target.fields:
            if known.name in given.columns or known.name in given.constants or known.name in found:
                continue
            own = (known.heading, translate("Import", known.heading), known.name)
            for heading in own if by_own_name else known.also:
                column = places.get(_plain(heading))
                if column is not None and column not in found.values():
                    found[known.name] = column
                    break
    return found


def _plain(heading: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", heading).casefold())
