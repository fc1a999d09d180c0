"""HTTP sessions that tell of every connection that they open.

A file of its own so that `requests` is loaded with the first request, on the thread that makes it: the window opens from the
cache and waits for none of it.
"""

from collections.abc import Callable
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

CONNECTION_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


def watched_session(opened: Callable[[Any], None]) -> requests.Session:
    """A session that calls `opened` with the socket of every connection."""
    session = requests.Session()
    for prefix in ("http://", "https://"):
        session.mount(prefix, _WatchedAdapter(opened))
    return session


class _WatchedAdapter(HTTPAdapter):
    """requests' adapter, telling of every connection that it opens."""

    def __init__(self, opened: Callable[[Any], None]) -> None:
        self._opened = opened
        super().__init__(pool_connections=2, pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        opened = self._opened

        class Plain(urllib3.connection.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                opened(self.sock)

        class Secure(urllib3.connection.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                opened(self.sock)

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
