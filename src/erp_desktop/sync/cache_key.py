"""The key of a cache file: made with the file, kept among this computer's secrets, found again by the file itself.

An encrypted SQLite file begins with 16 random bytes (its salt) where a plain one says "SQLite format 3": the key is kept
under that name, so it is found again wherever the file is moved to. Beside the file stands, in `cache.key`, which store the
key was put into: a keyring that is locked today is told apart from a key that is gone. See docs/decisions/0097.
"""

import logging
import os
import secrets as random
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from erp_desktop.actions.refusals import Refused
from erp_desktop.database import BUSY_TIMEOUT_SECONDS, encrypting_driver, unlock
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.sync.secrets import Secrets

log = logging.getLogger(__name__)

_PLAIN = b"SQLite format 3\0"
_SALT = 16  # bytes
_KEY = 32  # bytes: AES-256


class KeyOutOfReach(Refused):
    code = "key_out_of_reach"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The key of the local data is in this computer's keyring, and the keyring does not answer. Unlock it, or sign in to "
        "the computer again, and start once more; nothing was lost.",
    )


class KeyFileOutOfReach(KeyOutOfReach):
    """The file that holds the key is there and cannot be read now."""

    code = "key_file_out_of_reach"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The key of the local data is in the file {file}, which cannot be read now. End other programs that use it, or ask "
        "for the right to read it, and start once more; nothing was lost.",
    )


class KeyLost(Exception):
    """No store of this computer holds the key of this file any more."""


def is_plain(path: Path) -> bool:
    """Whether the file is an SQLite file that was never encrypted."""
    return _head(path) == _PLAIN


def key_of(path: Path, secrets: Secrets) -> str:
    """The key of an encrypted file, as open_engine takes it. Raises KeyLost, and KeyOutOfReach where that is not sure."""
    found = secrets.get(_name(path), from_file=store_of(path) == "file")
    if found is not None:
        return found
    if store_of(path) == "keyring" and not secrets.keyring_answered:
        raise KeyOutOfReach()
    if not secrets.file_answered:
        raise KeyFileOutOfReach(file=secrets.file)
    raise KeyLost(str(path))


def make_key(path: Path, secrets: Secrets) -> str:
    """A new key for the file that is going to be made at `path`, kept before anything is written with it."""
    key = new_key()
    _note(path).write_text(secrets.put(_name_of(bytes.fromhex(key)[_KEY:]), key), "utf-8")
    return key


def new_key() -> str:
    """256 random bits, and the salt that the file will begin with."""
    return random.token_hex(_KEY + _SALT)


def store_of(path: Path) -> str:
    """Where the key of this cache is kept: "keyring", "file" (secrets.json beside it), or empty where nobody noted it."""
    try:
        return _note(path).read_text("utf-8").strip()
    except OSError:
        return ""


def forget_keys(directory: Path, secrets: Secrets) -> None:
    """Forget the keys of all cache files of a folder, those put aside as well: nobody reads them ever again."""
    for path in sorted(directory.glob("cache*.db")):
        if not is_plain(path):
            secrets.forget(_name(path))


def encrypt(path: Path, secrets: Secrets) -> str:
    """Encrypt a sound plain file in place: a new file beside it, then one rename. Answers the key.

    A crash before the rename leaves the plain file as it was, and the next start begins again.
    """
    driver = encrypting_driver()
    part = path.with_name(path.name + ".encrypting")
    for suffix in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
    key = make_key(path, secrets)
    with closing(driver.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode=DELETE")  # all of it in one file, nothing left in the write-ahead log
        plain.execute("ATTACH DATABASE ? AS encrypted KEY ?", (str(part), f"x'{key}'"))
        plain.execute("SELECT sqlcipher_export('encrypted')")
        plain.execute("DETACH DATABASE encrypted")
    with closing(open_driver(part, key)) as made:
        if made.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise OSError(f"{part} does not read as it was written")
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)
    log.info("cache %s is encrypted now", path)
    return key


def open_driver(path: Path, key: str | None) -> Any:
    """A connection without SQLAlchemy, for looking into a file that may be damaged."""
    connection = encrypting_driver().connect(path, timeout=BUSY_TIMEOUT_SECONDS)
    if key is not None:
        unlock(connection, key)
    return connection


def _name(path: Path) -> str:
    return _name_of(_head(path))


def _name_of(salt: bytes) -> str:
    return f"cache key {salt.hex()}"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SALT)


def _note(path: Path) -> Path:
    return path.with_name("cache.key")


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # a rename is written through there, and folders cannot be opened
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
