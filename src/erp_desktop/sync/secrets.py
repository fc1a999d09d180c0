"""Where a desk keeps what proves who it is: the system's keyring, or, where there is none, a file that only its owner reads.

The file is not encrypted: whoever can read it can read the cache beside it as well, whose key it holds then
(docs/decisions/0022, 0097).
"""

import json
import logging
import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from erp_desktop.file_lock import FileLock

log = logging.getLogger(__name__)

SERVICE = "erp-desktop"

_WRITING_SECONDS = 30  # longer than a slow disk takes for the few who write at a time


class Secrets:
    """Secrets by name. `directory` is where the file goes if the system has no keyring; `use_keyring` False always uses it."""

    def __init__(self, directory: Path, *, use_keyring: bool = True) -> None:
        self.file = directory / "secrets.json"
        self._use_keyring = use_keyring
        self.keyring_answered = False  # whether the keyring said yes or no to the last `get`
        self.file_answered = True  # False where it is there and could not be read then

    @cached_property
    def _keyring(self) -> Any:
        """Looked for when the first secret is wanted: a window opens without one."""
        return _keyring() if self._use_keyring else None

    def get(self, name: str, *, from_file: bool = False) -> str | None:
        """The secret, or None. `from_file` asks no keyring: it is known to be in the file."""
        self.keyring_answered, self.file_answered = False, True
        if not from_file and self._keyring is not None:
            with suppress(Exception):  # a keyring that fails (locked, its service gone) is as good as none
                found = self._keyring.get_password(SERVICE, name)
                self.keyring_answered = True
                if found is not None:
                    return str(found)
        try:
            return self._read().get(name)
        except OSError as error:
            log.warning("%s cannot be read: %s", self.file, error)
            self.file_answered = False
            return None

    def put(self, name: str, secret: str) -> str:
        """Keep `secret`; the last one of that name is forgotten. Answers where it is now: "keyring" or "file"."""
        if self._keyring is not None:
            try:
                self._keyring.set_password(SERVICE, name, secret)
                is_kept = self._keyring.get_password(SERVICE, name) == secret
            except Exception as error:
                log.warning("the keyring took no secret (%s); a private file is used", type(error).__name__)
            else:
                if is_kept:
                    self._write(name, None)
                    return "keyring"
                log.warning("the keyring forgot a secret at once; a private file is used")
        self._write(name, secret)
        return "file"

    def forget(self, name: str) -> None:
        """Whether it was there or not."""
        if self._keyring is not None:
            with suppress(Exception):
                self._keyring.delete_password(SERVICE, name)
        self._write(name, None)

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self.file.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, secret: str | None) -> None:
        """Put or, with None, forget one of them. What others put meanwhile (a thread that signs in, another program) stays."""
        if secret is None and not self.file.exists():
            return
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self.file.with_name(self.file.name + ".lock"))
        if not lock.take_within(_WRITING_SECONDS):
            raise TimeoutError(f"another program has been writing {self.file} for {_WRITING_SECONDS} s")
        try:
            kept = {key: one for key, one in self._read().items() if key != name}
            self._replace(kept if secret is None else {**kept, name: secret})
        finally:
            lock.release()

    def _replace(self, secrets: dict[str, str]) -> None:
        part = self.file.with_name(self.file.name + ".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(secrets, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.file)


def _keyring() -> Any:
    """The system's keyring, where it has one that protects what it is given."""
    try:
        import keyring
        from keyring.backends import fail

        backend = keyring.get_keyring()
    except Exception as error:
        log.info("no keyring (%s)", type(error).__name__)
        return None
    if isinstance(backend, fail.Keyring) or "plaintext" in type(backend).__name__.lower():
        return None
    return keyring
