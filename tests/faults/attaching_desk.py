"""A desk that attaches or opens a file, as a program of its own that can be killed:
python attaching_desk.py FOLDER CENTRE attach|open FILE POINT NTH. It kills itself when it comes to POINT for the NTH time."""

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from uuid import UUID

from headless_desk import PATIENT, HeadlessDesk
from sqlalchemy import select

from erp_desktop import failpoints
from erp_desktop.actions.base import Action
from erp_desktop.models.attachment import Attachment
from erp_desktop.models.party import Party
from erp_desktop.queries.attachments import AttachedFile, FilesAt
from erp_desktop.sync import outbox
from erp_desktop.sync.attachments import Attachments


class AttachingDesk:
    """Cache, sync and attachments with their own threads, as `Desk` has them."""

    def __init__(self, folder: Path, centre: str) -> None:
        self.desk = HeadlessDesk(folder, centre, "mei")
        self.attachments = Attachments(
            self.desk.cache,
            self.desk.credentials,
            lambda: centre,
            PATIENT,
            perform=self._perform,
            is_online=lambda: True,
            on_change=lambda: None,
        )
        self.desk.sync()

    def _perform(self, action: Action) -> "Future[None]":
        who = self.desk.credentials.who
        assert who is not None
        done: Future[None] = Future()
        self.desk.cache.write(lambda connection: outbox.perform(connection, who, action)).result()
        done.set_result(None)
        return done

    @property
    def party(self) -> UUID:
        """The first supplier."""
        return self.desk.cache.read_here(lambda session: session.scalars(select(Party.id).order_by(Party.code)).first())  # type: ignore[return-value]

    def files(self) -> tuple[AttachedFile, ...]:
        who = self.desk.credentials.who
        assert who is not None
        return self.desk.cache.read_here(lambda session: FilesAt("party", self.party).run(session, who.company_id))

    def send_all(self) -> None:
        """Until nothing is left to be sent."""
        self.desk.sync()
        self.attachments.start()
        self.attachments.noticed([Attachment.__tablename__])
        while any(kept.is_unsent for kept in self.attachments.store.kept()):
            time.sleep(0.02)

    def close(self) -> None:
        self.attachments.close()
        self.desk.close()


def kill_at(point: str, nth: int) -> Callable[[str], None]:
    left = nth

    def listen(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return listen


def main(folder: str, centre: str, what: str, file: str, point: str, nth: str) -> None:
    desk = AttachingDesk(Path(folder), centre)
    failpoints.listener = kill_at(point, int(nth))
    if what == "attach":
        desk.attachments.add("party", desk.party, Path(file)).result()
        print("attached", flush=True)
        desk.send_all()
    else:
        (attached,) = desk.files()
        desk.attachments.save(attached, Path(file)).result()
    print("done", flush=True)
    desk.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
