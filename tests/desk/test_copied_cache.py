"""A cache copied to another computer: both go on under one name, and nothing is done twice or lost."""

import shutil
from pathlib import Path

from acme_office import Office, OpenDesk
from sqlalchemy import func, select

from erp_desktop.actions.masters import SaveParty
from erp_desktop.desk import Desk
from erp_desktop.ids import new_id
from erp_desktop.models.party import Party
from erp_desktop.models.sync import ActionLog


def someone(code: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=f"Party {code}", is_supplier=True)


def parties_here(desk: Desk) -> list[str]:
    return desk._reading(lambda session: list(session.scalars(select(Party.code).order_by(Party.code)))).result()


def test_what_waited_when_a_cache_was_copied_is_done_once_and_both_copies_go_on(
    open_desk: OpenDesk, office: Office, tmp_path: Path
) -> None:
    first = open_desk(at="laptop")
    first.go_offline()
    first.perform_and_wait(someone("S-1"))
    first.close()
    shutil.copytree(tmp_path / "laptop", tmp_path / "copy")  # no keyring here: the key lies beside the data

    laptop = open_desk(at="laptop", password=None)
    laptop.perform_and_wait(someone("S-2"))
    assert laptop.wait_until_synced()
    copy = open_desk(at="copy", password=None)
    copy.perform_and_wait(someone("S-3"))  # with the number in the outbox that S-2 has on the laptop
    assert copy.wait_until_synced()
    assert laptop.wait_until_synced()

    assert parties_here(laptop) == parties_here(copy) == ["S-1", "S-2", "S-3"]
    assert laptop.sync_state.waiting == copy.sync_state.waiting == 0
    with office.engine.connect() as connection:
        performed = select(func.count()).select_from(ActionLog).where(ActionLog.name == "SaveParty")
        assert connection.scalar(performed) == 3
