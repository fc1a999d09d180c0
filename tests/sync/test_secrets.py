"""Secrets go to the system's keyring, or, where there is none, to a file that only its owner reads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from erp_desktop.sync.secrets import Secrets


class InMemory(KeyringBackend):
    priority = -1  # type: ignore[assignment]  # never chosen by keyring itself, for other tests

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


class Locked(InMemory):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("locked")


@pytest.fixture
def use_keyring() -> Iterator[object]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_a_keyring_keeps_them_and_no_file_is_written(tmp_path: Path, use_keyring) -> None:  # type: ignore[no-untyped-def]
    use_keyring(InMemory())
    secrets = Secrets(tmp_path)
    secrets.put("refresh", "a token")
    assert Secrets(tmp_path).get("refresh") == "a token"
    assert list(tmp_path.iterdir()) == []
    secrets.forget("refresh")
    assert secrets.get("refresh") is None


@pytest.mark.parametrize("has_keyring", [True, False])
def test_without_one_or_with_one_that_is_locked_a_private_file_does(  # type: ignore[no-untyped-def]
    tmp_path: Path, use_keyring, has_keyring: bool
) -> None:
    use_keyring(Locked())
    secrets = Secrets(tmp_path / "here", use_keyring=has_keyring)
    secrets.put("refresh", "a token")
    secrets.put("other", "another")
    secrets.put("refresh", "the next token")
    assert secrets.get("refresh") == "the next token"
    assert (tmp_path / "here" / "secrets.json").stat().st_mode & 0o777 == 0o600
    secrets.forget("refresh")
    assert (secrets.get("refresh"), secrets.get("other")) == (None, "another")


def test_a_spoiled_file_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_bytes(b"\xff not json")
    secrets = Secrets(tmp_path, use_keyring=False)
    assert secrets.get("refresh") is None
    secrets.put("refresh", "a token")
    assert secrets.get("refresh") == "a token"


def test_what_two_write_at_once_is_all_kept(tmp_path: Path) -> None:
    """The session of who signs in, and the key of the first file that somebody attaches meanwhile."""

    def keep(which: int) -> None:
        secrets = Secrets(tmp_path, use_keyring=False)
        for number in range(20):
            secrets.put(f"{which} {number}", f"secret {number}")

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(keep, range(4)))
    kept = Secrets(tmp_path, use_keyring=False)
    names = [f"{which} {number}" for which in range(4) for number in range(20)]
    assert [name for name in names if kept.get(name) is None] == []


def test_a_file_that_cannot_be_read_now_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = Secrets(tmp_path, use_keyring=False)
    secrets.put("key", "of all that is kept here")

    def hold(path: Path, *_: object) -> str:
        raise PermissionError(path)

    with monkeypatch.context() as held:
        held.setattr(Path, "read_text", hold)  # as when another program looks into it, on Windows
        with pytest.raises(PermissionError):
            secrets.put("refresh", "a token")
    assert secrets.get("key") == "of all that is kept here"
