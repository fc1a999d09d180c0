"""Who did and saw what, in words: what stands in a row of the list, and what can be chosen to narrow it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from erp_desktop.actions.base import action_classes
from erp_desktop.actions.refusals import Problem
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.reports.report import report_definition
from erp_desktop.sync.reads import ReadKind
from erp_desktop.views.documents.kinds import record_text
from erp_desktop.views.shell.action_titles import action_title
from erp_desktop.views.shell.screens import find_screen
from erp_desktop.wire_audit import AuditRow

EVENTS = {
    "signed_in": QT_TRANSLATE_NOOP("Audit event", "Signed in"),
    "sign_in_failed": QT_TRANSLATE_NOOP("Audit event", "Wrong name or password"),
    "password_changed": QT_TRANSLATE_NOOP("Audit event", "Changed their password"),
    "one_time_password": QT_TRANSLATE_NOOP("Audit event", "Gave a one-time password"),
    "user_sign_out": QT_TRANSLATE_NOOP("Audit event", "Signed a user out everywhere"),
    "device_sign_out": QT_TRANSLATE_NOOP("Audit event", "Signed a computer out"),
    "device_take_out": QT_TRANSLATE_NOOP("Audit event", "Took a computer out"),
    "device_let_in": QT_TRANSLATE_NOOP("Audit event", "Let a computer in again"),
    "device_forked": QT_TRANSLATE_NOOP("Audit event", "A copy of a computer's data showed"),
    "backup": QT_TRANSLATE_NOOP("Audit event", "Backed everything up"),
    "restored": QT_TRANSLATE_NOOP("Audit event", "Restored a backup"),
    "refused": QT_TRANSLATE_NOOP("Audit event", "Asked for what only others may"),
    "log_checked": QT_TRANSLATE_NOOP("Audit event", "Checked the log of changes"),
    "filled": QT_TRANSLATE_NOOP("Audit event", "Fetched all data to a computer"),
}
READS = {
    ReadKind.REPORT: QT_TRANSLATE_NOOP("Audit event", "Ran a report"),
    ReadKind.OPENED: QT_TRANSLATE_NOOP("Audit event", "Opened"),
    ReadKind.EXCEL: QT_TRANSLATE_NOOP("Audit event", "Saved as Excel"),
    ReadKind.PDF: QT_TRANSLATE_NOOP("Audit event", "Saved as PDF"),
    ReadKind.PRINTED: QT_TRANSLATE_NOOP("Audit event", "Printed"),
    ReadKind.FILE_OPENED: QT_TRANSLATE_NOOP("Audit event", "Opened an attachment"),
    ReadKind.FILE_SAVED: QT_TRANSLATE_NOOP("Audit event", "Saved an attachment"),
    ReadKind.NOT_KEPT: QT_TRANSLATE_NOOP("Audit event", "Looked at more than could be noted offline"),
}


_OF = "of"
_PARTS = {
    "changes": QT_TRANSLATE_NOOP("Audit", "Changes"),
    "reads": QT_TRANSLATE_NOOP("Audit", "Looked at, printed, saved as files"),
    "events": QT_TRANSLATE_NOOP("Audit", "Sign-ins, computers, passwords, backups"),
}


@dataclass(frozen=True)
class ShownRow:
    """A row as the table shows it; `record` is what Enter opens: the screen and the record's id."""

    at: datetime
    person: str
    what: str
    subject: str
    outcome: str
    computer: str
    record: tuple[str, UUID] | None = None


def shown(row: AuditRow) -> ShownRow:
    if row.what in READS:
        return _read(row)
    if row.outcome == "done":
        what = translate("Audit event", EVENTS[row.what]) if row.what in EVENTS else row.what
        return ShownRow(row.at, row.person, what, row.subject, _tries(row.details), row.computer)
    outcome = translate("Audit", "Done")
    if row.outcome == "refused":
        sentence = Problem.from_dict(row.problem or {}).sentence
        outcome = translate("Audit", "Refused: {reason}").format(reason=sentence)
    subject, record = _records(row)
    return ShownRow(row.at, row.person, action_title(row.what), subject, outcome, row.computer, record)


def choices(of: str) -> list[tuple[str, str]]:
    """What can have been done, by its words: (key, words)."""
    if of == "changes":
        found = [(name, action_title(name)) for name in action_classes()]
    else:
        words = READS if of == "reads" else EVENTS
        found = [(str(key), translate("Audit event", text)) for key, text in words.items()]
    return sorted(found, key=lambda choice: choice[1])


def _read(row: AuditRow) -> ShownRow:
    subject, record = _records(row)
    if not row.records:
        subject = _named(row.subject)
        record = None
    asked = ", ".join(_detail(name, value) for name, value in row.details.items())
    what = translate("Audit event", READS[ReadKind(row.what)])
    return ShownRow(row.at, row.person, what, subject, asked, row.computer, record)


def _tries(details: dict[str, Any]) -> str:
    """How often a password was wrong, and from where."""
    times, addresses = details.get("times", 1), translate("Audit", ", ").join(details.get("addresses", []))
    if times > 1 and addresses:
        return translate("Audit", "{count} times, from {addresses}").format(count=times, addresses=addresses)
    if times > 1:
        return translate("Audit", "{count} times").format(count=times)
    return translate("Audit", "From {addresses}").format(addresses=addresses) if addresses else ""


def _detail(name: str, value: str) -> str:
    """What was asked for; of this list itself, which part of it."""
    if name == _OF and value in _PARTS:
        return translate("Audit", _PARTS[value])
    return f"{translate('Report', name)}: {value}"


def _records(row: AuditRow) -> tuple[str, tuple[str, UUID] | None]:
    """The records that it is about in words, the first of them to be opened."""
    known = [one for one in row.records if one.number is not None or one.name]
    told = [record_text(one.kind, one.number, one.name, one.name_zh) for one in known]
    if not told:  # refused before it was there, or gone: what was typed tells it
        words = [record_text(one.kind, row.subject or None) for one in row.records[:1]]
        return (words[0] if words else row.subject), _opened(row)
    more = row.record_count - len(told)
    text = translate("Audit", ", ").join(told)
    if more > 0:
        text = translate("Audit", "{records} and {count} more").format(records=text, count=more)
    return text, _opened(row)


def _opened(row: AuditRow) -> tuple[str, UUID] | None:
    if not row.records:
        return None
    first = row.records[0]
    return ("user" if first.kind == "app_user" else first.kind, first.id)


def _named(subject: str) -> str:
    """The words for a report or a screen."""
    try:
        return translate("Report", report_definition(subject).title)
    except KeyError:
        pass
    try:
        return find_screen(subject).shown_title
    except KeyError:
        return subject
