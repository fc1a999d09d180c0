"""A desk that has everything, or was told a moment ago, may begin to wait for news without a question to the database: most
requests are of this kind."""

import time
from collections.abc import Callable
from uuid import UUID

from erp_desktop.central.accounts import TOKEN, AccessToken
from erp_desktop.central.changes import CURSOR, Cursor
from erp_desktop.central.signing import Forged, Signer
from erp_desktop.wire import PullRequest


def nothing_new(
    signer: Signer,
    token: str,
    wanted: PullRequest,
    may_wait: Callable[[UUID, int], bool],
    is_of_now: Callable[[UUID, UUID], bool],
) -> tuple[UUID, int] | None:
    """The company and the tick at which this desk waits; None where only the database can tell what it lacks.

    `may_wait(company, tick)`: whether who has got as far as that is told of what follows soon enough.
    `is_of_now(company, epoch)`: whether that is the company's timeline, as far as this worker knows.

    What was signed here is believed so far: nothing is answered before the database has been asked who this is, which comes
    when there are news, and at the end of the wait.
    """
    if not wanted.wait or wanted.cursor is None:
        return None
    try:
        who = signer.read(TOKEN, token, AccessToken)
        cursor = signer.read(CURSOR, wanted.cursor, Cursor)
    except Forged:
        return None
    is_valid = who.expires_at > time.time() and who.device_id == wanted.device_id
    is_whole = not cursor.table and cursor.acks_after == cursor.tick
    if not is_valid or not is_whole or cursor.company_id != who.company_id:
        return None
    if not may_wait(who.company_id, cursor.tick):
        return None
    if not is_of_now(who.company_id, cursor.epoch):
        return None
    return who.company_id, cursor.tick
