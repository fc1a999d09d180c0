"""Named places on the way of an action where a test may end the program or cut its power (docs/faults.md).

Outside the tests nobody listens and a place costs one comparison. Nothing that a user can set turns them on.
"""

from collections.abc import Callable

PERFORM = "perform"  # an action has run on the desk and is not in the outbox yet
OUTBOX = "outbox"  # it is in the outbox, in a transaction that is not committed
SEND = "send"  # a push is about to leave, its actions are marked as tried
REPLY = "reply"  # its answer is here, and nothing is done about it yet
STAGE = "stage"  # a page is staged, not committed
UNDO = "undo"  # what is pending is taken back
APPLY = "apply"  # the centre's rows and answers are written
REPLAY = "replay"  # what still waits has run again
CURSOR = "cursor"  # the cursor is moved
COMMIT = "commit"  # any transaction of the cache is about to be committed
COMMITTED = "committed"  # and is committed; nobody knows yet
FILE_KEPT = "file kept"  # an attachment's bytes are here, and its action is not performed yet
PIECE_SENT = "piece sent"  # the centre has a piece of an attachment, and maybe all of them; nothing is noted about it
PIECE_FETCHED = "piece fetched"  # a piece of one is here, not kept yet
CENTRE_COMMIT = "centre commit"  # the centre has performed, and is about to commit
CENTRE_COMMITTED = "centre committed"  # and has committed; no answer has left yet
RESTORE = "restore"  # a backup is in the place of the books, in a transaction that is about to be committed

OF_THE_DESK = (PERFORM, OUTBOX, SEND, REPLY, STAGE, UNDO, APPLY, REPLAY, CURSOR, COMMIT, COMMITTED)
OF_ATTACHMENTS = (FILE_KEPT, PIECE_SENT, PIECE_FETCHED)
OF_THE_CENTRE = (CENTRE_COMMIT, CENTRE_COMMITTED)

listener: Callable[[str], None] | None = None  # tests only


def reach(name: str) -> None:
    """The work has come to the place `name`."""
    if listener is not None:
        listener(name)
