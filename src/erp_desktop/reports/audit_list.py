"""Who did or saw what as a workbook: a report whose rows are told by the centre and not read from the books.

Here: its columns. Not here: asking (sync/auditing.py), words (views/settings/audit_words.py).
"""

from collections.abc import Iterable, Sequence

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.reports.report import Bilingual, Column, Report, Row, Section, Term

AUDIT_LIST = "audit"
_COLUMNS = (
    Column("at", QT_TRANSLATE_NOOP("Report", "When")),
    Column("person", QT_TRANSLATE_NOOP("Report", "Who")),
    Column("what", QT_TRANSLATE_NOOP("Report", "What")),
    Column("subject", QT_TRANSLATE_NOOP("Report", "To what")),
    Column("outcome", QT_TRANSLATE_NOOP("Report", "Outcome")),
    Column("computer", QT_TRANSLATE_NOOP("Report", "Computer")),
)


def audit_report(
    title: str, company: Bilingual, parameters: Iterable[tuple[str, str]], rows: Iterable[Sequence[str]]
) -> Report:
    """`title` and the names of `parameters` are source text; each row has a text for each column, times as ISO writes them."""
    cells = tuple(Row(dict(zip((column.name for column in _COLUMNS), row, strict=True))) for row in rows)
    told: tuple[tuple[str, str | Bilingual | Term], ...] = tuple(parameters)
    return Report(
        name=AUDIT_LIST,
        title=title,
        company_name=company.name,
        company_name_zh=company.name_zh,
        currency="",
        currency_places=2,
        as_of_tick=0,
        parameters=told,
        sections=(Section(_COLUMNS, cells),),
    )
