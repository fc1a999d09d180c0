"""The form of a backup file (docs/decisions/0098), for who writes, restores or only looks into one.

A first line, then packed frames (what it is, then table after table, then how many rows), then a last line and the SHA-256 of
all before it. Here: lines, digest, frames. Not here: tables (central/backing_up.py).
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import zstandard

from erp_desktop.actions.backup_refusals import BackupCutShort, BackupDamaged, NewerBackup, NotABackup

_KIND, _FORM = b"ERP-DESKTOP BACKUP ", b"1\n"
FIRST_LINE = _KIND + _FORM
LAST_LINE = b"\nEND OF BACKUP\n"
_DIGEST_BYTES = 32
_LENGTH_BYTES = 4
_READ_BYTES = 1024 * 1024


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    revision: str  # of the tables
    program: str  # version that wrote it
    made_at: datetime
    companies: list[dict[str, str | int]]  # id, code, name and tick of each


def contents_of(path: Path) -> Contents:
    """Read the whole file and compare it with its digest. Raises NotABackup, NewerBackup, BackupCutShort, BackupDamaged."""
    frame_bytes = len(LAST_LINE) + _DIGEST_BYTES
    with path.open("rb") as file:
        first = file.read(len(FIRST_LINE))
        if not first.startswith(_KIND):
            raise NotABackup()
        if not first.endswith(_FORM):
            raise NewerBackup()
        size = path.stat().st_size - frame_bytes
        file.seek(max(0, size))
        last = file.read()
        if size < len(first) or not last.startswith(LAST_LINE):
            raise BackupCutShort()
        file.seek(0)
        counted, left = hashlib.sha256(), size
        while left:
            piece = file.read(min(left, _READ_BYTES))
            if not piece:  # it shrinks while it is read
                raise BackupCutShort()
            counted.update(piece)
            left -= len(piece)
        if counted.digest() != last[len(LAST_LINE) :]:
            raise BackupDamaged()
    try:
        return msgspec.convert(next(frames(path)), Contents)
    except (msgspec.MsgspecError, zstandard.ZstdError, StopIteration):
        raise BackupDamaged() from None


class Digesting:
    """Writes on, and counts the digest of what it wrote."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._counted = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self._counted.update(piece)
        self._file.write(piece)
        return len(piece)

    @property
    def digest(self) -> bytes:
        return self._counted.digest()


def write_frame(packer: Any, content: Any) -> None:
    body = msgspec.msgpack.encode(content)
    packer.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)


def frames(path: Path) -> Iterator[Any]:
    """The packed frames of a file whose digest is right."""
    with path.open("rb") as file:
        file.seek(len(FIRST_LINE))
        with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=False) as unpacked:
            frame: Any = None
            while not (isinstance(frame, dict) and "rows" in frame):  # the last one
                length = int.from_bytes(_exactly(unpacked, _LENGTH_BYTES), "big")
                frame = msgspec.msgpack.decode(_exactly(unpacked, length))
                yield frame


def _exactly(unpacked: Any, count: int) -> bytes:
    body = bytearray()
    while len(body) < count and (piece := unpacked.read(count - len(body))):
        body += piece
    return bytes(body)
