"""The bytes of attachments at the centre: never ahead of their row, compared with their hash, kept once, for who may read."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from central_desk import OpenedCompany, RemoteDesk
from sqlalchemy import Engine, func, select, update

from erp_desktop.actions.attaching import AttachFile, RemoveAttachment
from erp_desktop.actions.masters import SaveParty
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.central.backing_up import restore_backup, write_backup
from erp_desktop.central.blobs import Blobs
from erp_desktop.central.changes import Reader
from erp_desktop.central.serving import Server
from erp_desktop.ids import new_id
from erp_desktop.models.attachment import LARGEST_ATTACHMENT, Attachment, Blob, BlobPiece
from erp_desktop.wire_blobs import PIECE_BYTES, BlobReceived, BlobState, BlobStates

PHOTO = bytes(range(256)) * (PIECE_BYTES * 5 // 2 // 256)  # two pieces and a half


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def attach(company: OpenedCompany, data: bytes, **changed: Any) -> AttachFile:
    """A photograph, attached to a supplier."""
    if "document_id" not in changed:
        changed["document_id"] = new_id()
        party = SaveParty(party_id=changed["document_id"], code=changed["document_id"].hex, name="S", is_supplier=True)
        assert company.perform(party)[0].outcome == "applied"
    usual = {"attachment_id": new_id(), "document_kind": "party", "name": "dock.jpg", "media_type": "image/jpeg"}
    attached = AttachFile(**{**usual, "size": len(data), "sha256": hash_of(data), **changed})
    assert company.perform(attached)[0].outcome == "applied"
    return attached


class Courier:
    """Sends and fetches bytes as a desk does, one call at a time."""

    def __init__(self, desk: RemoteDesk) -> None:
        self.desk = desk

    def ask(
        self, method: str, sha256: str, offset: int, data: bytes | None = None, **headers: str
    ) -> requests.Response:
        assert self.desk.session is not None
        headers["Authorization"] = f"Bearer {self.desk.session.access_token}"
        if data is not None:
            headers.setdefault("Content-Digest", digest_of(data))
        where = {"device_id": str(self.desk.device_id), "schema_revision": "1", "offset": str(offset)}
        url = f"{self.desk.url}/v1/blobs/{sha256}"
        return self.desk.http.request(method, url, params=where, data=data, headers=headers, timeout=60)

    def put(self, sha256: str, offset: int, data: bytes, **headers: str) -> requests.Response:
        return self.ask("PUT", sha256, offset, data, **headers)

    def sends(self, data: bytes, *, since: int = 0, upto: int | None = None, sha256: str = "") -> BlobReceived:
        received = BlobReceived(received=since, is_whole=False)
        while not received.is_whole and (upto is None or received.received < upto):
            here = received.received
            answer = self.put(sha256 or hash_of(data), here, data[here : here + PIECE_BYTES])
            assert answer.status_code == 200, answer.text
            received = msgspec.json.decode(answer.content, type=BlobReceived)
        return received

    def fetches(self, sha256: str) -> bytes:
        found = b""
        while True:
            answer = self.ask("GET", sha256, len(found))
            assert answer.status_code == 200, answer.text
            assert answer.headers["Content-Digest"] == digest_of(answer.content)
            assert len(answer.content) <= PIECE_BYTES
            if not answer.content:
                return found
            found += answer.content

    def state(self, sha256: str) -> BlobState:
        asked = {"device_id": self.desk.device_id, "schema_revision": 1, "hashes": [sha256]}
        answer = self.desk.post("/v1/blobs/states", asked)
        assert answer.status_code == 200, answer.text
        (state,) = msgspec.json.decode(answer.content, type=BlobStates).states
        return state


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def rows(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def blobs_of(server: Server) -> Blobs:
    found: Blobs = next(
        route.endpoint.__self__ for route in server.service.app.routes if "blobs" in getattr(route, "path", "")
    ).blobs
    return found


@pytest.fixture
def courier(desk: RemoteDesk) -> Courier:
    return Courier(desk)


@pytest.fixture
def courier_of(new_desk: Callable[[], RemoteDesk]) -> Callable[[str], Courier]:
    def make(login: str = "lin") -> Courier:
        desk = new_desk()
        assert desk.log_in(login).status_code == 200
        return Courier(desk)

    return make


def test_a_file_is_sent_in_pieces_goes_on_where_it_was_cut_and_is_fetched_whole(acme: OpenedCompany, courier: Courier):
    photo = attach(acme, PHOTO)
    assert courier.state(photo.sha256) == BlobState(sha256=photo.sha256, is_wanted=True)
    courier.sends(PHOTO, upto=PIECE_BYTES)
    assert courier.state(photo.sha256).received == PIECE_BYTES
    assert refusal(courier.ask("GET", photo.sha256, 0)) == (404, "blob_on_its_way")

    # a piece that was taken in and whose answer was lost comes again; the answer says where to go on
    again = courier.put(photo.sha256, 0, PHOTO[:PIECE_BYTES])
    assert msgspec.json.decode(again.content, type=BlobReceived).received == PIECE_BYTES
    ahead = courier.put(photo.sha256, 2 * PIECE_BYTES, PHOTO[2 * PIECE_BYTES :])
    assert msgspec.json.decode(ahead.content, type=BlobReceived).received == PIECE_BYTES

    assert courier.sends(PHOTO, since=PIECE_BYTES).is_whole
    assert courier.state(photo.sha256).is_whole
    assert courier.fetches(photo.sha256) == PHOTO


def test_bytes_never_come_before_their_row(acme: OpenedCompany, courier: Courier):
    ahead = hash_of(PHOTO)
    assert refusal(courier.put(ahead, 0, PHOTO[:PIECE_BYTES])) == (404, "unknown_blob")
    assert refusal(courier.ask("GET", ahead, 0)) == (404, "unknown_blob")
    assert courier.state(ahead) == BlobState(sha256=ahead, is_wanted=False)
    assert rows(acme.engine, Blob) == 0


def test_a_flipped_bit_is_seen_at_once_and_wrong_bytes_at_the_end(acme: OpenedCompany, courier: Courier):
    photo = attach(acme, PHOTO)
    flipped = bytes([PHOTO[0] ^ 1]) + PHOTO[1:PIECE_BYTES]
    answer = courier.put(photo.sha256, 0, flipped, **{"Content-Digest": digest_of(PHOTO[:PIECE_BYTES])})
    assert refusal(answer) == (422, "wrong_digest")

    forged = flipped + PHOTO[PIECE_BYTES:]
    courier.sends(forged, upto=2 * PIECE_BYTES, sha256=photo.sha256)
    last = courier.put(photo.sha256, 2 * PIECE_BYTES, forged[2 * PIECE_BYTES :])
    assert refusal(last) == (422, "wrong_bytes")
    assert rows(acme.engine, BlobPiece) == 0  # what was sent of it is forgotten
    too_long = courier.put(photo.sha256, 0, PHOTO[:PIECE_BYTES]), courier.put(photo.sha256, PIECE_BYTES, PHOTO[:9])
    assert [one.status_code for one in too_long] == [200, 200]
    courier.put(photo.sha256, PIECE_BYTES + 9, PHOTO[:PIECE_BYTES])
    over = courier.put(photo.sha256, 2 * PIECE_BYTES + 9, PHOTO[:PIECE_BYTES])
    assert refusal(over) == (422, "wrong_bytes")
    assert courier.sends(PHOTO).is_whole


def test_two_desks_send_the_same_content_and_it_is_kept_once(
    acme: OpenedCompany, courier: Courier, courier_of: Callable[[], Courier]
):
    first, second = attach(acme, PHOTO), attach(acme, PHOTO)
    other = courier_of()
    courier.sends(PHOTO, upto=2 * PIECE_BYTES)
    other.sends(PHOTO, upto=PIECE_BYTES)  # neither spoils what the other one sends
    assert courier.sends(PHOTO, since=2 * PIECE_BYTES).is_whole
    assert other.sends(PHOTO, since=PIECE_BYTES) == BlobReceived(received=len(PHOTO), is_whole=True)
    assert rows(acme.engine, Blob) == 1

    acme.perform(RemoveAttachment(first.attachment_id))
    assert courier.fetches(second.sha256) == PHOTO  # the other one still has it
    acme.perform(RemoveAttachment(second.attachment_id))
    assert refusal(courier.ask("GET", second.sha256, 0)) == (404, "unknown_blob")


@pytest.mark.parametrize(
    "said", [[1], [PIECE_BYTES], [len(PHOTO) + 1, LARGEST_ATTACHMENT], [7, PIECE_BYTES * 2, LARGEST_ATTACHMENT]]
)
def test_who_says_that_a_file_has_another_size_hinders_nobody_who_sends_it(
    acme: OpenedCompany, server: Server, courier: Courier, courier_of: Callable[[], Courier], said: list[int]
):
    """What the bytes are, their hash says; what a row says of their size is only how much room they are given."""
    photo = attach(acme, PHOTO)
    for size in said:
        attach(acme, PHOTO, size=size)
    blobs_of(server).most_bytes = 2 * len(PHOTO)  # what two send; none for the size that the largest row says
    liar = courier_of()
    liar.put(photo.sha256, 0, b"x")
    assert courier.sends(PHOTO).is_whole
    assert courier.fetches(photo.sha256) == PHOTO
    with acme.engine.connect() as connection:
        assert connection.scalars(select(Blob.size)).all() == [len(PHOTO)]


def test_who_alone_says_a_wrong_size_harms_themselves(acme: OpenedCompany, courier: Courier):
    short, long = attach(acme, PHOTO, size=len(PHOTO) - 1), attach(acme, PHOTO[::-1], size=len(PHOTO) + 1)
    courier.sends(PHOTO, upto=2 * PIECE_BYTES)
    over = courier.put(short.sha256, 2 * PIECE_BYTES, PHOTO[2 * PIECE_BYTES :])
    assert refusal(over) == (422, "wrong_bytes")
    assert rows(acme.engine, BlobPiece) == 0
    assert courier.sends(PHOTO[::-1]).is_whole  # the desk that has no more to send says so, and the hash is right
    assert courier.fetches(long.sha256) == PHOTO[::-1]


def test_bytes_that_end_too_early_are_not_those_of_the_hash(acme: OpenedCompany, courier: Courier):
    photo = attach(acme, PHOTO)
    courier.sends(PHOTO, upto=PIECE_BYTES)
    assert refusal(courier.put(photo.sha256, PIECE_BYTES, b"")) == (422, "wrong_bytes")
    assert rows(acme.engine, BlobPiece) == 0
    assert courier.sends(PHOTO).is_whole


def test_removed_while_it_is_sent_ends_the_sending(acme: OpenedCompany, courier: Courier):
    photo = attach(acme, PHOTO)
    courier.sends(PHOTO, upto=PIECE_BYTES)
    acme.perform(RemoveAttachment(photo.attachment_id))
    assert refusal(courier.put(photo.sha256, PIECE_BYTES, PHOTO[PIECE_BYTES : 2 * PIECE_BYTES])) == (
        404,
        "unknown_blob",
    )


def test_bytes_are_for_who_may_read_the_document_and_for_no_other_company(
    acme: OpenedCompany, server: Server, courier: Courier, courier_of: Callable[[str], Courier]
):
    acme.add_user("hr", "hr")
    photo = attach(acme, PHOTO)
    assert courier.sends(PHOTO).is_whole
    stranger = courier_of("hr")
    assert not stranger.state(photo.sha256).is_wanted
    assert refusal(stranger.ask("GET", photo.sha256, 0)) == (404, "unknown_blob")
    assert refusal(stranger.put(photo.sha256, 0, PHOTO[:PIECE_BYTES])) == (404, "unknown_blob")
    pulled = stranger.desk.pull_all()
    assert not pulled.rows.get("attachment")
    assert photo.attachment_id.hex in courier.desk.pull_all().rows["attachment"]


def test_attachments_of_a_company_take_so_much_room_and_no_more(acme: OpenedCompany, server: Server, courier: Courier):
    blobs_of(server).most_bytes = len(PHOTO) + 10
    old, new = attach(acme, PHOTO), attach(acme, PHOTO[::-1])
    assert courier.sends(PHOTO).is_whole
    full = courier.put(new.sha256, 0, PHOTO[::-1][:PIECE_BYTES])
    assert refusal(full) == (507, "no_room")
    assert full.headers["Retry-After"]

    # what no attachment has named for days makes room by itself
    acme.perform(RemoveAttachment(old.attachment_id))
    assert refusal(courier.put(new.sha256, 0, PHOTO[::-1][:PIECE_BYTES])) == (507, "no_room")
    long_ago = datetime.now(UTC) - timedelta(days=8)
    with acme.engine.begin() as connection:
        connection.execute(update(Attachment).where(Attachment.id == old.attachment_id).values(removed_at=long_ago))
        connection.execute(update(Blob).values(touched_at=long_ago))
    assert courier.sends(PHOTO[::-1]).is_whole
    assert rows(acme.engine, Blob) == 1


@pytest.mark.parametrize(
    ("sha256", "offset", "code"),
    [
        ("zz" * 32, "0", "malformed"),
        ("ab" * 31, "0", "malformed"),
        ("ab" * 32, "-1", "malformed"),
        ("ab" * 32, "x", "malformed"),
    ],
)
def test_forged_addresses_are_refused(courier: Courier, sha256: str, offset: Any, code: str):
    assert refusal(courier.put(sha256, offset, b"x")) == (422, code)
    assert refusal(courier.ask("GET", sha256, offset)) == (422, code)


def test_a_backup_carries_the_bytes(
    acme: OpenedCompany, courier: Courier, another_database: Callable[[], Engine], tmp_path: Path
):
    photo = attach(acme, PHOTO)
    assert courier.sends(PHOTO).is_whole
    file = tmp_path / "acme.erpbackup"
    with file.open("wb") as out:
        write_backup(acme.engine, out)
    restored = another_database()
    restore_backup(file, restored)
    with restored.connect() as connection:
        pieces = connection.scalars(select(BlobPiece.data).order_by(BlobPiece.offset)).all()
        assert connection.scalar(select(Blob.whole_sha256)) == photo.sha256
    assert b"".join(pieces) == PHOTO


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # an SQLite file has one writer
def test_a_first_piece_that_comes_twice_at_once_is_taken_once(
    acme: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk that had no answer asks another worker, while the first one is about to begin."""
    sha256 = attach(acme, PHOTO).sha256
    who = Reader(acme.id, acme.owner_id, new_id(), ALL_PERMISSIONS)
    one, other = Blobs(acme.engine), Blobs(acme.engine)
    begin, told = one._begun, []

    def late(*what: Any) -> Any:
        told.append(other.put(who, sha256, 0, PHOTO[:PIECE_BYTES]))
        return begin(*what)

    monkeypatch.setattr(one, "_begun", late)
    told.append(one.put(who, sha256, 0, PHOTO[:PIECE_BYTES]))
    assert told == [BlobReceived(received=PIECE_BYTES, is_whole=False)] * 2
    assert (rows(acme.engine, Blob), rows(acme.engine, BlobPiece)) == (1, 1)
