"""Programs that are killed (SIGKILL) while they attach, send or fetch a file: what was confirmed is there, and goes on."""

import hashlib
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from attaching_desk import AttachingDesk
from sqlalchemy import func, select
from test_killed_programs import KILLED, _end, office, server

from company_fixtures import SmallCompany
from erp_desktop import failpoints
from erp_desktop.central.serving import Server
from erp_desktop.models.attachment import Attachment, Blob, BlobPiece
from erp_desktop.wire_blobs import PIECE_BYTES

assert office, server  # fixtures

CONTENT = bytes(range(251)) * (PIECE_BYTES * 3 // 251)  # three pieces, the last one not full
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_a_program_that_is_killed_while_it_attaches_sends_or_fetches_goes_on(
    office: SmallCompany, server: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(CONTENT)

    def killed(folder: str, what: str, file: Path, point: str, nth: int) -> str:
        command = [sys.executable, str(Path(__file__).parent / "attaching_desk.py"), str(tmp_path / folder), server.url]
        program = subprocess.Popen([*command, what, str(file), point, str(nth)], stdout=subprocess.PIPE, text=True)
        request.addfinalizer(partial(_end, program))
        said, _ = program.communicate(timeout=300)
        assert program.returncode == KILLED, said
        return said

    def in_centre(column: object) -> int:
        with office.session() as session:
            return session.scalar(select(func.count(column))) or 0  # type: ignore[arg-type]

    # before the action is performed nothing was promised: no row, and bytes that nobody waits for
    assert killed("sends", "attach", photo, failpoints.FILE_KEPT, 1) == ""
    # the row went, and so did two pieces, the second one unknown to the desk
    assert killed("sends", "attach", photo, failpoints.PIECE_SENT, 2) == "attached\n"
    assert (in_centre(Attachment.id), in_centre(BlobPiece.offset), in_centre(Blob.whole_sha256)) == (1, 2, 0)

    desk = AttachingDesk(tmp_path / "sends", server.url)
    desk.send_all()
    assert [file.sha256 for file in desk.files()] == [SHA256]
    assert [(kept.sha256, kept.is_whole) for kept in desk.attachments.store.kept()] == [(SHA256, True)]
    desk.close()
    assert (in_centre(BlobPiece.offset), in_centre(Blob.whole_sha256)) == (3, 1)

    copy = tmp_path / "copy.jpg"
    killed("fetches", "open", copy, failpoints.PIECE_FETCHED, 2)
    assert not copy.exists()
    again = AttachingDesk(tmp_path / "fetches", server.url)
    assert [kept.received for kept in again.attachments.store.kept()] == [PIECE_BYTES]
    told: list[int] = []
    again.attachments.save(again.files()[0], copy, told.append).result()
    assert copy.read_bytes() == CONTENT
    assert told == [2 * PIECE_BYTES, len(CONTENT)]
    again.close()
