"""Files at documents between desks: rows first, then bytes; cut, killed, forged, removed, and a centre that lost them."""

import hashlib
from concurrent.futures import CancelledError
from pathlib import Path
from uuid import UUID

import pytest
from acme_office import Office, OpenDesk
from network import Network, bit_flipped, reply_lost
from pytestqt.qtbot import QtBot
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from test_restored_centre import Disaster, disaster, empty
from test_two_desks import someone

from erp_desktop.actions.attaching import AttachFile, FileTooLarge, RemoveAttachment
from erp_desktop.actions.opening import SaveUser
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.attachment import LARGEST_ATTACHMENT, Attachment, Blob, BlobPiece
from erp_desktop.models.company import User
from erp_desktop.queries.attachments import AttachedFile, FilesAt
from erp_desktop.sync import blob_store
from erp_desktop.sync.attachments import Where
from erp_desktop.sync.cache import CacheFull
from erp_desktop.sync.file_refusals import FileDamaged, FileOnItsWay, FileOutOfReach, FileRemoved
from erp_desktop.wire_blobs import PIECE_BYTES

assert disaster, empty  # fixtures

CONTRACT = b"\x00\xffPDF \xe5\x90\x88\xe5\x90\x8c" * (PIECE_BYTES * 7 // 2 // 12)  # three pieces and a half
SHA256 = hashlib.sha256(CONTRACT).hexdigest()


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    file = tmp_path / "合同 contract.pdf"
    file.write_bytes(CONTRACT)
    return file


def supplier(desk: Desk) -> UUID:
    party_id = new_id()
    desk.perform_and_wait(someone(f"S-{party_id.hex[-12:]}", party_id))
    return party_id


def files(desk: Desk, party_id: UUID) -> tuple[AttachedFile, ...]:
    return desk.ask(FilesAt("party", party_id)).result()


def where(desk: Desk, sha256: str = SHA256) -> Where:
    return desk.attachments.states([sha256]).result()[sha256].where


def opened(desk: Desk, attached: AttachedFile, folder: Path) -> bytes:
    return desk.attachments.save(attached, folder / f"{desk.user.login}-{new_id().hex}").result().read_bytes()


def at_centre(office: Office) -> int:
    with Session(office.engine) as session:
        return session.scalar(select(func.count()).select_from(Blob).where(Blob.whole_sha256.is_not(None))) or 0


def test_what_one_attaches_the_other_opens(
    open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot, office: Office
) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    party = supplier(one)
    one.attachments.add("party", party, contract).result()
    assert [file.name for file in files(one, party)] == ["合同 contract.pdf"]
    qtbot.waitUntil(lambda: where(one) is Where.HERE)  # and at the centre
    qtbot.waitUntil(lambda: bool(files(other, party)))
    (seen,) = files(other, party)
    assert (seen.name, seen.media_type, seen.size, seen.added_by) == (
        "合同 contract.pdf", "application/pdf", len(CONTRACT), "Lin Wei",
    )  # fmt: skip
    assert where(other) is Where.AT_CENTRE
    told: list[int] = []
    copy = other.attachments.save(seen, tmp_path / "copy.pdf", told.append).result()
    assert copy.read_bytes() == CONTRACT
    assert told == sorted(told)
    assert told[-1] == len(CONTRACT)
    assert where(other) is Where.HERE

    other.go_offline()  # what was opened once can be opened without the centre
    assert opened(other, seen, tmp_path) == CONTRACT
    assert at_centre(office) == 1


def test_a_file_attached_offline_waits_with_its_row_and_goes_after_it(
    open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot, network: Network
) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    assert one.wait_until_synced()
    one.go_offline()
    party = supplier(one)
    one.attachments.add("party", party, contract).result()
    assert where(one) is Where.WAITING
    (mine,) = files(one, party)
    assert not mine.is_sent
    assert opened(one, mine, tmp_path) == CONTRACT

    # the row comes through, the bytes do not yet: everybody sees that they are on their way
    network.break_with(reply_lost, f"offset={PIECE_BYTES}")
    one.go_online()
    qtbot.waitUntil(lambda: bool(files(other, party)))
    (seen,) = files(other, party)
    assert where(other) is Where.ON_ITS_WAY
    with pytest.raises(FileOnItsWay, match="Try again later; nothing was lost"):
        opened(other, seen, tmp_path)
    qtbot.waitUntil(lambda: any(path.endswith(f"offset={PIECE_BYTES}") for path in network.requests))
    network.mend()
    one.attachments._sending.wake()
    qtbot.waitUntil(lambda: where(other) is Where.AT_CENTRE)
    assert opened(other, seen, tmp_path) == CONTRACT
    sent = f"{SHA256}?device_id={one.attachments._credentials.device_id}"
    first = [path for path in network.requests if path.endswith("offset=0") and sent in path]
    assert len(first) == 1, "after the cut it went on where it was"


def test_fetching_goes_on_where_it_was_cut_or_cancelled(
    open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot, network: Network
) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    party = supplier(one)
    one.attachments.add("party", party, contract).result()
    qtbot.waitUntil(lambda: where(other) is Where.AT_CENTRE and bool(files(other, party)))
    (seen,) = files(other, party)
    network.break_with(bit_flipped, f"offset={2 * PIECE_BYTES}")
    with pytest.raises(FileOutOfReach, match="what was fetched of it is kept"):
        opened(other, seen, tmp_path)
    network.mend()
    network.requests.clear()
    fetching = other.attachments.save(seen, tmp_path / "never", is_wanted=lambda: False)
    with pytest.raises(CancelledError):
        fetching.result()
    assert opened(other, seen, tmp_path) == CONTRACT
    assert not any(path.endswith(("offset=0", f"offset={PIECE_BYTES}")) for path in network.requests)
    assert sorted(file.name for file in tmp_path.iterdir() if "never" in file.name) == []


def test_a_program_that_is_closed_in_the_middle_goes_on_the_next_time(
    open_desk: OpenDesk, contract: Path, qtbot: QtBot, network: Network
) -> None:
    one = open_desk()
    party = supplier(one)
    network.break_with(reply_lost, f"offset={2 * PIECE_BYTES}")
    one.attachments.add("party", party, contract).result()
    qtbot.waitUntil(lambda: any(path.endswith(f"offset={2 * PIECE_BYTES}") for path in network.requests))
    one.close()
    network.mend()
    network.requests.clear()
    again = open_desk(password=None)
    qtbot.waitUntil(lambda: where(again) is Where.HERE)
    assert not any(path.endswith("offset=0") for path in network.requests)


def test_two_desks_attach_the_same_file_and_it_is_kept_once(
    open_desk: OpenDesk, contract: Path, qtbot: QtBot, office: Office
) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    party = supplier(one)
    qtbot.waitUntil(lambda: other.wait_until_synced() and other.ask(FilesAt("party", party)).result() == ())
    for desk in (one, other):
        desk.go_offline()
        desk.attachments.add("party", party, contract).result()
    for desk in (one, other):
        desk.go_online()
    for desk in (one, other):
        qtbot.waitUntil(lambda desk=desk: where(desk) is Where.HERE and len(files(desk, party)) == 2)
    assert at_centre(office) == 1


def test_a_refused_row_keeps_its_bytes_until_a_person_has_decided(
    open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot, office: Office
) -> None:
    one = open_desk()
    assert one.wait_until_synced()
    one.go_offline()
    party = new_id()
    one.perform_and_wait(someone("S-1", party))
    one.attachments.add("party", party, contract).result()
    office.perform(someone("S-1"))  # the code is taken when the desk comes back
    one.go_online()
    qtbot.waitUntil(lambda: [item.status for item in one.attention().result()] == ["refused", "held"])
    one.attachments._sending.wake()
    assert one.wait_until_synced()
    (kept,) = one.attachments.store.kept()
    assert kept.is_unsent
    assert at_centre(office) == 0

    one.amend(one.attention().result()[0].id, someone("S-2", party)).result()
    qtbot.waitUntil(lambda: at_centre(office) == 1)
    assert [file.name for file in files(one, party)] == [contract.name]


def test_removed_while_it_is_sent(
    open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot, office: Office, network: Network
) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    party = supplier(one)
    network.break_with(reply_lost, f"offset={2 * PIECE_BYTES}")
    one.attachments.add("party", party, contract).result()
    qtbot.waitUntil(lambda: bool(files(other, party)))
    other.perform(RemoveAttachment(files(other, party)[0].id)).result()
    qtbot.waitUntil(lambda: files(one, party)[0].removed_at is not None)
    network.mend()
    one.attachments._sending.wake()
    assert one.wait_until_synced()
    assert files(one, party)[0].removed_by == "Lin Wei"
    with pytest.raises(FileRemoved):
        opened(other, files(other, party)[0], tmp_path)
    qtbot.waitUntil(lambda: not one.attachments.store.kept()[0].is_unsent)  # nobody waits for it any more
    assert at_centre(office) == 0


def test_a_restored_centre_is_sent_the_bytes_that_it_lacks(
    disaster: Disaster, open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    one = open_desk()
    party = supplier(one)
    assert one.wait_until_synced()
    disaster.back_up()
    one.attachments.add("party", party, contract).result()
    qtbot.waitUntil(lambda: where(one) is Where.HERE)
    disaster.happens()

    def has_it() -> bool:
        with disaster.empty.connect() as connection:
            whole = connection.scalar(select(Blob.whole_sha256))
            rows = connection.scalar(select(func.count()).select_from(Attachment))
        return (whole, rows) == (SHA256, 1)

    qtbot.waitUntil(has_it)


def test_a_centre_that_lost_the_bytes_alone_is_sent_them_by_whoever_has_them(
    open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot, office: Office
) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    party = supplier(one)
    one.attachments.add("party", party, contract).result()
    qtbot.waitUntil(lambda: where(other) is Where.AT_CENTRE and bool(files(other, party)))
    assert opened(other, files(other, party)[0], tmp_path) == CONTRACT
    one.close()
    with Session(office.engine) as session:
        session.execute(delete(BlobPiece))
        session.execute(delete(Blob))
        session.commit()
    other.close()
    again = open_desk(at="dock", password=None)  # a program that starts asks whether all is there
    qtbot.waitUntil(lambda: at_centre(office) == 1 and where(again) is Where.HERE)


def test_too_large_and_full_disks_are_told_and_leave_nothing(
    open_desk: OpenDesk, tmp_path: Path, contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    party = supplier(desk)
    large = tmp_path / "film.mov"
    with large.open("wb") as file:
        file.truncate(LARGEST_ATTACHMENT + 1)
    with pytest.raises(FileTooLarge, match=r"film\.mov has 26 MB.*nothing was attached"):
        desk.attachments.add("party", party, large).result()
    connection = desk.attachments.store._opened()
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0] + 2}")
    with pytest.raises(CacheFull, match="disk is full, so nothing was saved"):
        desk.attachments.add("party", party, contract).result()
    assert files(desk, party) == ()
    assert desk.attachments.store.kept() == []


def test_a_copy_that_is_damaged_here_is_never_shown_and_is_fetched_again(
    open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = open_desk()
    party = supplier(desk)
    desk.attachments.add("party", party, contract).result()
    qtbot.waitUntil(lambda: where(desk) is Where.HERE)

    def damage() -> None:
        store = desk.attachments.store
        with store._changing() as connection:
            connection.execute("UPDATE piece SET data = zeroblob(length(data)) WHERE start > 0")

    damage()
    assert opened(desk, files(desk, party)[0], tmp_path) == CONTRACT
    damage()
    desk.attachments.store.offer_all()  # as if it had never been sent
    with pytest.raises(FileDamaged, match="attach it once more"):
        opened(desk, files(desk, party)[0], tmp_path)
    assert where(desk) is Where.DAMAGED
    desk.attachments.add("party", party, contract).result()
    assert opened(desk, files(desk, party)[0], tmp_path) == CONTRACT


@pytest.mark.parametrize("said", [1, LARGEST_ATTACHMENT])
def test_a_row_that_tells_a_wrong_size_harms_no_other_row_of_the_same_file(
    open_desk: OpenDesk, contract: Path, tmp_path: Path, qtbot: QtBot, said: int
) -> None:
    one, other = open_desk(at="office"), open_desk(at="dock")
    party = supplier(one)
    one.perform_and_wait(AttachFile(new_id(), "party", party, "lying.pdf", "", said, SHA256))
    one.attachments.add("party", party, contract).result()
    qtbot.waitUntil(lambda: where(one) is Where.HERE and len(files(other, party)) == 2)
    lying, honest = sorted(files(other, party), key=lambda file: file.name != "lying.pdf")
    with pytest.raises(FileDamaged):
        opened(other, lying, tmp_path)
    assert opened(other, honest, tmp_path) == CONTRACT
    assert where(other) is Where.HERE


def test_the_longest_unused_makes_room_and_what_is_unsent_never_does(
    open_desk: OpenDesk, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = open_desk()
    party = supplier(desk)
    for number in range(3):
        desk.attachments.add("party", party, bytes([number]) * 1000, f"{number}.bin").result()
        sha256 = hashlib.sha256(bytes([number]) * 1000).hexdigest()
        qtbot.waitUntil(lambda sha256=sha256: where(desk, sha256) is Where.HERE)
    desk.go_offline()
    desk.attachments.add("party", party, b"x" * 1000, "unsent.bin").result()
    store = desk.attachments.store
    store.make_room(2000)
    left = [(kept.sha256, kept.is_unsent) for kept in store.kept()]
    expected = [(hashlib.sha256(bytes([n]) * 1000).hexdigest(), False) for n in (1, 2)]
    assert left == [*expected, (hashlib.sha256(b"x" * 1000).hexdigest(), True)]
    store.make_room(0)
    assert [kept.is_unsent for kept in store.kept()] == [True]


def test_the_bytes_are_unreadable_on_the_disk_and_their_key_goes_with_the_caches(
    open_desk: OpenDesk, contract: Path, tmp_path: Path
) -> None:
    desk = open_desk()
    desk.attachments.add("party", supplier(desk), contract).result()
    path = desk.attachments.store.path
    desk.go_offline()
    on_disk = path.read_bytes()
    assert CONTRACT[:64] not in on_disk
    assert b"SQLite" not in on_disk[:16]
    desk._cache.erase_key()
    desk.close()
    again = blob_store.BlobStore(path.parent, desk._cache.secrets)
    assert again.kept() == []  # nothing opens it any more
    assert any("unreadable" in file.name for file in path.parent.iterdir())
    again.close()


def test_who_is_given_a_role_gets_the_files_of_its_documents_and_who_loses_it_keeps_none(
    open_desk: OpenDesk, office: Office, contract: Path, qtbot: QtBot
) -> None:
    office.add_user("ada", "hr")
    one, other = open_desk(), open_desk("ada", at="dock")
    party = supplier(one)
    one.attachments.add("party", party, contract).result()
    qtbot.waitUntil(lambda: where(one) is Where.HERE)
    assert other.wait_until_synced()
    assert files(other, party) == ()

    with Session(office.engine) as session:
        ada = session.scalars(select(User.id).where(User.login == "ada")).one()
    office.perform(SaveUser(user_id=ada, login="ada", name="Ada", role_codes=("sales",)))
    qtbot.waitUntil(lambda: len(files(other, party)) == 1)
    office.perform(SaveUser(user_id=ada, login="ada", name="Ada", role_codes=("hr",)))
    qtbot.waitUntil(lambda: files(other, party) == ())
