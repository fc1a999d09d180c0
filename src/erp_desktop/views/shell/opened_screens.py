"""Which screens it is worth telling the centre of that somebody opened them: people, and what goods cost.

Not every list that somebody scrolls: who may do the work sees what the work needs. Reports are told of when they are run.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.sync.reads import ReadKind
from erp_desktop.views.shell.screens import Screen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

WATCHED = frozenset({"people.read", "cost.read"})
_OF_REPORTS = "reports"


def note_opening(desk: "Desk", screen: Screen, args: dict[str, Any]) -> None:
    """Tells the centre, if it is one of those."""
    if screen.permission in WATCHED and screen.module != _OF_REPORTS:
        record_id = args.get("id")
        desk.reads.note(ReadKind.OPENED, screen.key, record_id if isinstance(record_id, UUID) else None)
