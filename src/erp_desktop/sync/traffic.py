"""What sending and fetching share: one cache, one person, one centre, and whose turn it is to change what is pending."""

import threading

from erp_desktop.sync.answers import Answers
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.signing_in import Credentials
from erp_desktop.sync.standing import Standing
from erp_desktop.sync.versions import Versions


class Traffic:
    """One way of it. Whoever holds `applying_turn` may stage, apply, and change what is pending."""

    def __init__(
        self,
        cache: Cache,
        credentials: Credentials,
        versions: Versions,
        answers: Answers,
        standing: Standing,
        applying_turn: threading.Lock,
    ) -> None:
        self._cache = cache
        self._credentials = credentials
        self._versions = versions
        self._answers = answers
        self._standing = standing
        self._applying_turn = applying_turn
