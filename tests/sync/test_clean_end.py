"""Every page of a cache is read at the start, unless the program ended in order and nobody touched the file since."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from furnished_cache import furnish

from erp_desktop.sync import clean_end, salvage
from erp_desktop.sync.cache import Cache


@pytest.fixture
def looked_through(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files of which every page was read."""
    found = []
    is_sound = salvage.is_sound

    def watched(path: Path, key: str | None) -> bool:
        found.append(path)
        return is_sound(path, key)

    monkeypatch.setattr(salvage, "is_sound", watched)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cache that was closed in order."""
    cache = Cache(tmp_path / "cache.db")
    cache.write(furnish).result()
    cache.close()
    return cache.path


def test_after_an_orderly_end_the_next_start_does_not_read_every_page(path: Path, looked_through: list[Path]) -> None:
    Cache(path).close()
    Cache(path).close()
    assert looked_through == []


def test_after_a_program_was_killed_every_page_is_read(path: Path, looked_through: list[Path], tmp_path: Path) -> None:
    running = Cache(path)
    killed = tmp_path / "killed"
    shutil.copytree(path.parent, killed, ignore=shutil.ignore_patterns("killed"))  # what a kill leaves behind
    running.close()
    Cache(killed / path.name).close()
    assert looked_through == [killed / path.name]


def test_a_file_that_was_written_by_others_since_is_read(path: Path, looked_through: list[Path]) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    cache = Cache(path)
    assert looked_through == [path]
    assert "damaged" in cache.damage
    cache.close()


def test_once_something_could_not_be_read_the_next_start_reads_every_page(
    path: Path, looked_through: list[Path]
) -> None:
    cache = Cache(path)
    with pytest.raises(Exception, match="lost"):
        cache.write(lambda connection: connection.exec_driver_sql("SELECT * FROM lost")).result()
    cache.close()
    Cache(path).close()
    assert looked_through == [path]


def test_every_page_is_read_once_a_week_all_the_same(
    path: Path, looked_through: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_end, "CHECKED_EVERY", timedelta(0))
    Cache(path).close()
    assert looked_through == [path]


def test_a_mark_that_cannot_be_read_is_none(path: Path) -> None:
    (path.parent / "cache.clean").write_text("ok")
    assert clean_end.take(path) is None
    assert not (path.parent / "cache.clean").exists()
