"""Files at documents and records. The row is what an action writes; the bytes follow it by themselves (sync, 0106).

Whoever may read a document may put a file to it and take one away: a file proves something, and says who added it.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, MalformedAction, action
from erp_desktop.actions.finding import find
from erp_desktop.actions.refusals import NotPermitted, Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models import replicated_tables
from erp_desktop.models.attachment import (
    ATTACHABLE,
    HASH_DIGITS,
    LARGEST_ATTACHMENT,
    LONGEST_MEDIA_TYPE,
    LONGEST_NAME,
    Attachment,
)
from erp_desktop.models.base import EVERYBODY, Replicated

LONGEST_ENDING = 20  # of a name: more is no ending

_HASH = re.compile(rf"[0-9a-f]{{{HASH_DIGITS}}}")
_MEDIA_TYPE = re.compile(
    rf"[\w.+-]{{1,{LONGEST_MEDIA_TYPE // 2 - 1}}}/[\w.+-]{{1,{LONGEST_MEDIA_TYPE // 2}}}", re.ASCII
)
_NO_FILE_NAME = re.compile(
    r'[\x00-\x1f\x7f/\\<>:"|?*\u202a-\u202e\u2066-\u2069]'
)  # also what writes backwards: gpj.exe


class NoFilesHere(Refused):
    code = "no_files_here"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Files cannot be attached to this. Attach the file to its document; nothing was changed."
    )


class FileNameRefused(Refused):
    code = "file_name_refused"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        'A file cannot be called {file} here. Give it a name of 1 to 200 characters without / \\ : * ? " < > |, and attach it '
        "again; nothing was changed.",
    )


class FileTooLarge(Refused):
    code = "file_too_large"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{file} has {megabytes} MB; a file that is attached has {limit} MB at most. Make it smaller, or keep it elsewhere and "
        "attach a note of where; nothing was attached.",
    )

    def __init__(self, file: str, size: int) -> None:
        super().__init__(file=file, megabytes=-(-size // 2**20), limit=LARGEST_ATTACHMENT // 2**20)


class FileEmpty(Refused):
    code = "file_empty"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{file} is empty. Choose a file with something in it; nothing was attached."
    )


def is_file_name(name: str) -> bool:
    """Whether a file can be attached, and saved on any system, under this name."""
    return 0 < len(name) <= LONGEST_NAME and name == name.strip(" .") and not _NO_FILE_NAME.search(name)


def fitting_name(name: str) -> str:
    """A file's name as it can be attached: what a name may not hold becomes "_", and what is too long is cut before its
    ending."""
    cleaned = _NO_FILE_NAME.sub("_", name).strip(" .") or "file"
    stem, dot, ending = cleaned.rpartition(".")
    if len(cleaned) > LONGEST_NAME:
        room = LONGEST_NAME - len(ending) - 1
        is_ending = dot and len(ending) <= LONGEST_ENDING
        cleaned = f"{stem[:room]}.{ending}" if is_ending else cleaned[:LONGEST_NAME].rstrip(" .")
    return cleaned


def fitting_media_type(guessed: str) -> str:
    """A media type as it can be kept; empty where it is none."""
    return guessed if _MEDIA_TYPE.fullmatch(guessed) else ""


@action("master.read")
@dataclass(frozen=True)
class AttachFile(Action):
    """A file belongs to a document or record from now on."""

    attachment_id: UUID
    document_kind: str
    document_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str

    def run(self, session: Session, ctx: Context) -> None:
        if not is_file_name(self.name):
            raise FileNameRefused(file=self.name)
        if self.size < 1:
            raise FileEmpty(file=self.name)
        if self.size > LARGEST_ATTACHMENT:
            raise FileTooLarge(self.name, self.size)
        if not _HASH.fullmatch(self.sha256) or not (self.media_type == "" or _MEDIA_TYPE.fullmatch(self.media_type)):
            raise MalformedAction("this is no SHA-256, or no media type")
        find(session, ctx, _table_to_read(ctx, self.document_kind), self.document_id)
        session.add(
            Attachment(
                company_id=ctx.company_id,
                id=self.attachment_id,
                document_kind=self.document_kind,
                document_id=self.document_id,
                name=self.name,
                media_type=self.media_type,
                size=self.size,
                sha256=self.sha256,
                added_at=ctx.issued_at,
                added_by=ctx.actor_id,
            )
        )


@action("master.read")
@dataclass(frozen=True)
class RemoveAttachment(Action):
    """A file does not belong to its document any more. The row stays and says who took it away, and when."""

    attachment_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        attachment = find(session, ctx, Attachment, self.attachment_id)
        _table_to_read(ctx, attachment.document_kind)
        if attachment.removed_at is None:  # two who remove it want the same
            attachment.removed_at = ctx.issued_at
            attachment.removed_by = ctx.actor_id


def _table_to_read(ctx: Context, kind: str) -> type[Replicated]:
    """The table of the document, if this person may read it. Raises NoFilesHere, NotPermitted."""
    if kind not in ATTACHABLE:
        raise NoFilesHere()
    table = replicated_tables()[kind]
    if table.read_permission not in (EVERYBODY, *ctx.permissions):
        raise NotPermitted(permission=table.read_permission)
    return table
