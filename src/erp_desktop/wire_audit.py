"""What desks and centre say to each other about who did what and who saw what (wire.py has everything else).

Here: messages. Not here: what is done with them (central/auditing.py, histories.py, reads.py; sync/reads.py).
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

MOST_READS_PER_CALL = 100
MOST_RECORDS_TOLD = 5  # of an entry that is about many, as an import is
LONGEST_DETAIL = 200
MOST_DETAILS = 30

ShortText = Annotated[str, msgspec.Meta(max_length=40)]
LongText = Annotated[str, msgspec.Meta(max_length=100)]
Kind = Annotated[str, msgspec.Meta(max_length=60)]


Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class RecordName(msgspec.Struct, kw_only=True, frozen=True):
    """What a record is called now."""

    kind: str  # its table
    id: UUID
    number: str | None  # or code; None for a document that has none yet
    name: str = ""
    name_zh: str = ""


class AuditRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/audit: who did or saw what, newest first. `before` is what the last answer said, to go on from there."""

    device_id: UUID
    schema_revision: int
    of: Literal["changes", "reads", "events"]  # the action log; what was looked at; signing in, sessions, backups
    before: Annotated[str, msgspec.Meta(max_length=80)] = ""
    text: LongText = ""  # in the person's name, in what, in what it was done to; the number or code of a record
    since: Moment | None = None
    until: Moment | None = None
    person: UUID | None = None
    computer: UUID | None = None
    what: Kind = ""
    outcome: Literal["", "applied", "refused"] = ""
    record: UUID | None = None  # only what is about this one
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 200


class AuditRow(msgspec.Struct, kw_only=True, frozen=True):
    at: datetime
    person: str  # name and login; the name that was typed where nobody signs in by it
    what: str  # class name of the action, or kind of the event
    subject: str  # codes and numbers that the action names, or to whom or what
    records: list[RecordName] = []  # what it is about, its own document first, MOST_RECORDS_TOLD at most
    record_count: int = 0  # all of them
    details: dict[str, Any] = {}  # what was asked for, into what it went; of wrong passwords how often, from where
    outcome: str  # applied, refused, done
    problem: dict[str, Any] | None = None  # Problem.as_dict()
    computer: str  # its name; empty for the centre's own command line


class ComputerName(msgspec.Struct, kw_only=True, frozen=True):
    id: UUID
    name: str


class LogChecked(msgspec.Struct, kw_only=True, frozen=True):
    """Whether the log's entries are as they were written, from the first one up to `sound`, of `entries` in all."""

    sound: int
    entries: int
    broken_at: int | None = None  # the first entry that is not
    reason: str = ""
    is_rewritten: bool = False  # the entries up to `broken_at` are not those that were checked before
    proof: str = ""  # that it is sound so far, for the next part
    end: bool = True

    @property
    def is_complete(self) -> bool:
        return self.broken_at is not None or self.sound >= self.entries


class LogCheckRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/check-log: a part of the log is checked, the first one or the one after that of which there is a `proof`."""

    device_id: UUID
    schema_revision: int
    proof: Annotated[str, msgspec.Meta(max_length=400)] = ""


class LastCheck(msgspec.Struct, kw_only=True, frozen=True):
    at: datetime
    person: str
    entries: int
    broken_at: int | None
    is_rewritten: bool = False


class AuditRows(msgspec.Struct, kw_only=True, frozen=True):
    rows: list[AuditRow]
    before: str  # empty: there are no older ones
    computers: list[ComputerName] = []  # with the first page: all that may be asked for
    checked: LastCheck | None = None  # with the first page: when the whole log was last found sound, or not
    behind: int = 0  # entries that are not looked through for records yet: ask again
    end: bool = True


class HistoryRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sync/history: what was done to one record, newest first."""

    device_id: UUID
    schema_revision: int
    kind: Kind
    id: UUID


class ChangedField(msgspec.Struct, kw_only=True, frozen=True):
    """As actions/changed_fields.py has it."""

    field: str
    was: Any
    now: Any
    product: str = ""
    what: str = "changed"


class HistoryRow(msgspec.Struct, kw_only=True, frozen=True):
    at: datetime  # when the centre accepted it
    issued_at: datetime  # when the person did it, by the clock of their computer
    person: str
    what: str  # class name of the action
    computer: str
    record: RecordName | None = None  # what the action made, where that is another document
    changes: list[ChangedField] = []


class HistoryRows(msgspec.Struct, kw_only=True, frozen=True):
    rows: list[HistoryRow]
    names: dict[str, RecordName] = {}  # of the records that the changes name, by id
    has_older: bool = False  # entries beyond those told
    behind: int = 0
    end: bool = True


class ReadTold(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Something that a person looked at, printed or took away in a file."""

    id: UUID
    at: Moment
    kind: ShortText
    subject: Annotated[str, msgspec.Meta(max_length=80)]
    record_id: UUID | None = None
    details: Annotated[
        dict[ShortText, Annotated[str, msgspec.Meta(max_length=LONGEST_DETAIL)]], msgspec.Meta(max_length=MOST_DETAILS)
    ] = {}


class ReadsTold(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sync/reads: told twice is kept once, so a desk may always tell again."""

    device_id: UUID
    schema_revision: int
    reads: Annotated[list[ReadTold], msgspec.Meta(max_length=MOST_READS_PER_CALL)]
