"""The local data are unreadable without their key, and a key that is away never costs what waits to be sent."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from furnished_cache import ADA, furnish
from keyring.errors import KeyringLocked
from sqlalchemy import select

from erp_desktop.actions.masters import SaveParty
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync import cache_key, outbox
from erp_desktop.sync.cache import Cache, device_id, facts_in
from erp_desktop.sync.cache_key import KeyFileOutOfReach, KeyOutOfReach
from erp_desktop.sync.secrets import Secrets


class Keyring:
    """A keyring that can be locked."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.is_locked = False

    def get_password(self, _service: str, name: str) -> str | None:
        self._refuse_when_locked()
        return self.kept.get(name)

    def set_password(self, _service: str, name: str, secret: str) -> None:
        self._refuse_when_locked()
        self.kept[name] = secret

    def delete_password(self, _service: str, name: str) -> None:
        self._refuse_when_locked()
        del self.kept[name]

    def _refuse_when_locked(self) -> None:
        if self.is_locked:
            raise KeyringLocked()


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    made = Keyring()
    monkeypatch.setattr("erp_desktop.sync.secrets._keyring", lambda: made)
    return made


def buy_from(cache: Cache, code: str) -> None:
    action = SaveParty(party_id=new_id(), code=code, name=f"Secret supplier {code}", is_supplier=True)
    cache.write(lambda connection: outbox.perform(connection, ADA, action)).result()


def waiting(cache: Cache) -> int:
    return cache.read(outbox.waiting).result().pending


def furnished(path: Path) -> None:
    cache = Cache(path)
    cache.write(furnish).result()
    buy_from(cache, "S-1")
    cache.close()


def test_nothing_of_the_data_can_be_read_from_the_files(path: Path) -> None:
    cache = Cache(path)
    cache.write(furnish).result()
    buy_from(cache, "S-1")
    for file in path.parent.glob("cache.db*"):  # the write-ahead log as well, while it is in use
        assert b"Secret supplier" not in file.read_bytes()
        assert b"SQLite format" not in file.read_bytes()
    cache.close()
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.DatabaseError, match="not a database"):
        connection.execute("SELECT * FROM party")


@pytest.mark.usefixtures("keys_of_their_own")
def test_every_cache_has_a_key_of_its_own_and_is_found_again_where_it_was_moved_to(path: Path, tmp_path: Path) -> None:
    furnished(path)
    other = tmp_path / "caches" / "acme-bob" / "cache.db"
    furnished(other)
    keys = {cache_key.key_of(file, Secrets(file.parent)) for file in (path, other)}
    assert len(keys) == 2
    moved = path.parent.rename(tmp_path / "moved")
    cache = Cache(moved / "cache.db")
    assert waiting(cache) == 1
    cache.close()


def test_the_key_is_kept_in_the_keyring_where_there_is_one(path: Path, keyring: Keyring) -> None:
    furnished(path)
    assert cache_key.store_of(path) == "keyring"
    assert [name.partition(" key ")[0] for name in keyring.kept] == ["cache"]
    assert not (path.parent / "secrets.json").exists()


def test_without_a_keyring_the_key_lies_in_a_private_file_beside_the_data(path: Path) -> None:
    furnished(path)
    assert cache_key.store_of(path) == "file"
    assert (path.parent / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_key_file_that_cannot_be_read_now_is_told_apart_from_a_lost_key_and_costs_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnished(path)
    read = Path.read_text

    def refuse(file: Path, encoding: str | None = None) -> str:
        if file.name == "secrets.json":
            raise PermissionError(file)
        return read(file, encoding)

    with monkeypatch.context() as held:
        held.setattr(Path, "read_text", refuse)
        with pytest.raises(KeyFileOutOfReach, match=r"secrets\.json.*nothing was lost"):
            Cache(path)
    cache = Cache(path)
    assert waiting(cache) == 1
    cache.close()


def test_a_locked_keyring_is_told_apart_from_a_lost_key_and_costs_nothing(path: Path, keyring: Keyring) -> None:
    furnished(path)
    keyring.is_locked = True
    with pytest.raises(KeyOutOfReach, match="nothing was lost"):
        Cache(path)
    keyring.is_locked = False
    cache = Cache(path)
    assert waiting(cache) == 1
    cache.close()


def test_a_file_whose_key_is_lost_is_put_aside_and_the_person_told_what_cannot_be_sent(
    path: Path, keyring: Keyring
) -> None:
    furnished(path)
    kept = dict(keyring.kept)
    keyring.kept.clear()
    assert facts_in(path) == frozenset()
    cache = Cache(path)
    assert "cannot be sent from this computer" in cache.damage
    assert waiting(cache) == 0
    cache.close()
    (aside,) = path.parent.glob("cache.unreadable-*.db")
    keyring.kept.update(kept)  # from a backup of the computer
    with closing(cache_key.open_driver(aside, cache_key.key_of(aside, Secrets(path.parent)))) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


# --- a file from before there were keys


def test_a_plain_file_is_encrypted_in_place_with_everything_in_it(path: Path) -> None:
    make_plain(path)
    known_as = plain_device(path)
    assert cache_key.is_plain(path)
    cache = Cache(path)
    assert not cache_key.is_plain(path)
    assert b"Secret supplier" not in path.read_bytes()
    assert cache.damage == ""
    assert waiting(cache) == 1
    assert cache.write(lambda c: c.scalars(select(Party.code)).all()).result() == ["S-1"]
    assert str(cache.write(device_id).result()) == known_as
    buy_from(cache, "S-2")  # and it goes on with the numbers of the outbox
    assert cache.write(lambda c: c.scalars(select(OutboxAction.seq)).all()).result() == [1, 2]
    cache.close()


def test_a_program_killed_while_it_encrypts_begins_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_plain(path)

    class Killed(BaseException):
        pass

    def killed(_self: Path, _target: Path) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Secrets, "put", lambda _self, _name, _secret: "file")
        with pytest.raises(Killed):
            Cache(path)
    assert cache_key.is_plain(path)
    assert path.with_name("cache.db.encrypting").exists()
    cache = Cache(path)
    assert waiting(cache) == 1
    assert not path.with_name("cache.db.encrypting").exists()
    cache.close()


def make_plain(path: Path) -> None:
    """A cache as the program left it before it encrypted anything."""
    furnished(path)
    key = cache_key.key_of(path, Secrets(path.parent))
    plain = path.with_name("plain.db")
    with closing(cache_key.open_driver(path, key)) as connection:
        connection.execute("ATTACH DATABASE ? AS plain KEY ''", (str(plain),))
        connection.execute("SELECT sqlcipher_export('plain')")
        connection.execute("DETACH DATABASE plain")
    for file in path.parent.glob("cache*"):
        file.unlink()
    (path.parent / "secrets.json").unlink()
    plain.rename(path)


def plain_device(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("SELECT value FROM cache_state WHERE key = 'device_id'").fetchone()
    return str(found)
