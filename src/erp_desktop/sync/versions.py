"""What the centre of this desk understands, which is less than this program where the centre is of an older release.

What it does not understand is not sent: it waits here, with all that needs it, until the centre is upgraded. The rest goes on.
"""

from uuid import UUID

from sqlalchemy import Connection, select

from erp_desktop import wire
from erp_desktop.models.base import Replicated
from erp_desktop.models.sync import OutboxAction
from erp_desktop.sync.calling import UpgradeNeeded
from erp_desktop.sync.outbox import PENDING
from erp_desktop.sync.transport import Transport

_outbox = OutboxAction.__table__


class CentreOlder(Exception):
    """The centre speaks no protocol that this program speaks."""


class Versions:
    """One centre's, as it told them last. From any thread: what is known is replaced whole."""

    def __init__(self) -> None:
        self._hello: wire.Hello | None = None
        self.held = 0  # actions that wait for another centre

    def ask(self, transport: Transport) -> None:
        """Learn what the centre understands, where that is not known or something waits for it to understand more.

        Raises UpgradeNeeded, CentreOlder, NoAnswer, Answered.
        """
        if self._hello is None or self.held:
            self.ask_anew(transport)

    def ask_anew(self, transport: Transport) -> None:
        """`ask`, whatever is known."""
        hello = transport.get("/v1/sync/hello", wire.Hello)
        if hello.protocol[0] > wire.PROTOCOL[1]:
            raise UpgradeNeeded()
        if hello.protocol[1] < wire.PROTOCOL[0]:
            raise CentreOlder()
        self._hello = hello

    def forget(self) -> None:
        """The line broke: whoever answers next may be of another release."""
        self._hello = None

    def has(self, table: type[Replicated]) -> bool:
        """Whether the centre has this table."""
        hello = self._hello
        return hello is None or table.since <= hello.schema_revision

    def hold_back(self, connection: Connection) -> set[UUID]:
        """The pending actions that the centre would not understand, and those that need them."""
        held: set[UUID] = set()
        hello = self._hello
        if hello is not None and not self._knows_all(connection, hello.actions):
            columns = (_outbox.c.id, _outbox.c.name, _outbox.c.version, _outbox.c.depends_on)
            for row in connection.execute(select(*columns).where(_outbox.c.status == PENDING).order_by(_outbox.c.seq)):
                is_known = row.version in hello.actions.get(row.name, ())
                if not is_known or held.intersection(UUID(needed) for needed in row.depends_on):
                    held.add(row.id)
        self.held = len(held)
        return held

    @staticmethod
    def _knows_all(connection: Connection, known: dict[str, list[int]]) -> bool:
        kinds = connection.execute(
            select(_outbox.c.name, _outbox.c.version).where(_outbox.c.status == PENDING).distinct()
        )
        return all(row.version in known.get(row.name, ()) for row in kinds)
