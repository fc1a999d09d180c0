from collections.abc import Iterator

import pytest
from import_books import Books, open_books


@pytest.fixture
def books(sqlite_url: str) -> Iterator[Books]:
    """A company to import into, on a SQLite central database."""
    with open_books(sqlite_url) as books:
        yield books
