from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from furnished_cache import everything, furnish

from erp_desktop.sync.cache import Cache


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "caches" / "acme-ada" / "cache.db"


@pytest.fixture
def cache(path: Path) -> Iterator[Cache]:
    opened = Cache(path)
    opened.write(furnish).result()
    yield opened
    opened.close()


@pytest.fixture
def dump(cache: Cache) -> Callable[[], dict[str, list[tuple[object, ...]]]]:
    return lambda: cache.write(everything).result()
