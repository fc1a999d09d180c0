"""The mark that a cache file was closed in order: its pages need not all be read again at the next start.

It stands beside a closed file and is taken away before that is opened: after a kill or a power cut there is none. It says
what the file was when it was closed, so that one that was changed or put back since is read, and every file now and then.
"""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)

CHECKED_EVERY = timedelta(days=7)  # a disk may lose what nobody has written


class _Mark(msgspec.Struct, frozen=True):
    size: int
    changed: int  # ns, as the file system says
    checked_at: datetime  # when every page was read last


def take(path: Path) -> datetime | None:
    """When the cache file at `path` was last read whole, if it was closed in order since and is as it was then. None: it
    must be read now. The mark is gone afterwards.
    """
    try:
        mark = msgspec.json.decode(_mark_of(path).read_bytes(), type=_Mark)
    except (OSError, msgspec.MsgspecError):
        mark = None
    _mark_of(path).unlink(missing_ok=True)
    if mark is None or _as_it_is(path, mark.checked_at) != mark:
        return None
    age = datetime.now(UTC) - mark.checked_at
    return mark.checked_at if timedelta(0) <= age < CHECKED_EVERY else None


def leave(path: Path, checked_at: datetime) -> None:
    """`path` was closed in order just now, and last read whole at `checked_at`."""
    mark = _as_it_is(path, checked_at)
    if mark is None:  # somebody else looks at it, and what was written is not all in the file
        return
    try:
        _mark_of(path).write_bytes(msgspec.json.encode(mark))
    except OSError as error:
        log.info("no mark of a clean end: %s", error)


def _as_it_is(path: Path, checked_at: datetime) -> _Mark | None:
    if path.with_name(path.name + "-wal").exists():
        return None
    found = path.stat()
    return _Mark(found.st_size, found.st_mtime_ns, checked_at)


def _mark_of(path: Path) -> Path:
    return path.with_name("cache.clean")
