"""A report as JSON for other programs: numbers as exact decimal strings, dates as ISO text."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from erp_desktop.reports.report import Bilingual, Report, Section, Term


def report_as_json(report: Report) -> str:
    """`report` as one JSON object, in English names, with totals and checks."""
    return json.dumps(_report(report), ensure_ascii=False, indent=2)


def _report(report: Report) -> dict[str, Any]:
    return {
        "report": report.name,
        "title": report.title,
        "company": report.company_name,
        "currency": report.currency,
        "as_of_tick": report.as_of_tick,
        "parameters": {heading: str(value) for heading, value in report.parameters},
        "sections": [_section(section) for section in report.sections],
        "checks": [
            {"text": check.text, "expected": _plain(check.expected), "found": _plain(check.found), "holds": check.holds}
            for check in report.checks
        ],
        "notes": list(report.notes),
    }


def _section(section: Section) -> dict[str, Any]:
    totals = section.totals or tuple(column.name for column in section.columns if column.is_total)
    return {
        "title": str(section.title),
        "columns": [
            {"name": column.name, "heading": column.heading, "kind": column.kind.value} for column in section.columns
        ],
        "rows": [
            {
                **{column.name: _plain(row.cells.get(column.name)) for column in section.columns},
                **({"group": str(row.group)} if row.group else {}),
            }
            for row in section.rows
        ],
        "totals": {name: _plain(section.total(name)) for name in totals},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Bilingual | Term):
        return str(value)
    return value
