"""Looking for documents at the centre that this desk holds no more, and fetching them (0104).

Here: what it says when there is no answer. Not here: what becomes of the rows (fetched.py).
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from sqlalchemy import Connection

from erp_desktop import wire
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.sync import fetched
from erp_desktop.sync.applying import Position, is_filled, position
from erp_desktop.sync.cache import Cache
from erp_desktop.sync.calling import UpgradeNeeded
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.previewing import WITHOUT_A_CENTRE
from erp_desktop.sync.questions import Questions
from erp_desktop.sync.signing_in import Credentials, SignedIn, SignedOut
from erp_desktop.sync.transport import Answered, NoAnswer, Timing

PATH = "/v1/sync/older"
_TRIES = 20  # that news may come in between


class OlderOutOfReach(Refused):
    code = "older_out_of_reach"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Older documents are at the central service, which does not answer now. Look again when it is back; "
        "nothing was changed.",
    )


class OlderNotOffered(Refused):
    code = "older_not_offered"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service cannot hand out older documents of this kind to you. Ask an administrator; nothing was changed.",
    )


@dataclass(frozen=True)
class FoundOlder:
    """How many older documents were fetched, and whether there are more that match."""

    count: int
    more: bool


class OlderDocuments:
    """Fetches for one desk. `changed` hears which tables have other rows. `close` breaks off."""

    def __init__(
        self,
        engine: Engine,
        cache: Cache,
        credentials: Credentials,
        centre: Callable[[], str],
        changed: Callable[[frozenset[str]], None],
        timing: Timing | None = None,
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._credentials = credentials
        self._changed = changed
        self._questions = Questions(credentials, centre, timing, "older")

    def fetch(self, table: str, text: str) -> "Future[FoundOlder]":
        """The latest older documents of `table` with `text` in their number or party. Raises OlderOutOfReach, OlderNotOffered."""
        return self._questions.soon(lambda: self._fetch(table, text))

    def close(self) -> None:
        self._questions.close()

    def _fetch(self, table: str, text: str) -> FoundOlder:
        if self._engine.state.kind in WITHOUT_A_CENTRE:
            raise OlderOutOfReach()
        for _ in range(_TRIES):
            here = self._cache.read_here(lambda session: _ready(session.connection()))
            if here is None or here.cursor is None:
                raise OlderOutOfReach()
            reply = self._ask(table, text, here.cursor)
            who = self._credentials.who
            if who is None:
                raise OlderOutOfReach()
            tables = self._cache.write(_keeping(who, here, reply)).result()
            if tables is not None:
                self._changed(tables)
                return FoundOlder(len(reply.found), reply.more)
        raise OlderOutOfReach()

    def _ask(self, table: str, text: str, cursor: str) -> wire.OlderReply:
        held = self._cache.read_here(lambda session: fetched.held(session.connection(), table, wire.MAX_OLDER_HELD))
        request = wire.OlderRequest(
            device_id=self._credentials.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            cursor=cursor,
            table=table,
            text=text.strip()[:100],
            held=held,
        )
        try:
            return self._questions.ask(PATH, request, wire.OlderReply)
        except (NoAnswer, SignedOut, UpgradeNeeded) as error:
            raise OlderOutOfReach() from error
        except Answered as error:
            if error.problem.status == 404:
                raise OlderNotOffered() from error
            raise OlderOutOfReach() from error  # filled anew just now (410), or too busy


def _ready(connection: Connection) -> Position | None:
    here = position(connection)
    return here if is_filled(connection) and not here.is_under_way else None


def _keeping(who: SignedIn, here: Position, reply: wire.OlderReply) -> Callable[[Connection], frozenset[str] | None]:
    """None: the cache is at another cursor by now, where some of this may be young again."""

    def keep(connection: Connection) -> frozenset[str] | None:
        return fetched.keep(connection, who, reply.pages) if position(connection) == here else None

    return keep
