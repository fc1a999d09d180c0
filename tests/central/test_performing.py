"""One company, one strict order: each action once, each answer kept, no tick lost."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from central_desk import OpenedCompany, pushed, save_unit
from msgspec.structs import replace
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.opening import SaveUser
from erp_desktop.central.action_log import verify_log
from erp_desktop.central.performing import Centre, UnknownCompany
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.models.product import Barcode, Unit
from erp_desktop.models.sync import ActionLog, CompanyClock
from erp_desktop.wire import PushResult


@action("master.write")
@dataclass(frozen=True)
class BarcodeOfNothing(Action):
    """Forgets to look whether the product exists; the foreign key says so, on SQLite only at the commit."""

    code: str

    def run(self, session: Session, ctx: Context) -> None:
        session.add(Barcode(company_id=ctx.company_id, id=ctx.new_id(), product_id=ctx.new_id(), code=self.code))


@action("master.write")
@dataclass(frozen=True)
class OurBug(Action):
    def run(self, session: Session, ctx: Context) -> None:
        raise ZeroDivisionError


def ticks(company: OpenedCompany) -> list[int]:
    with company.engine.connect() as connection:
        return list(
            connection.scalars(
                select(ActionLog.tick).where(ActionLog.company_id == company.id).order_by(ActionLog.tick)
            )
        )


def test_opening_a_company_is_its_first_tick(acme: OpenedCompany) -> None:
    assert ticks(acme) == [1]
    assert "PC" in acme.unit_codes()


def test_an_applied_action_writes_its_rows_with_its_tick(acme: OpenedCompany) -> None:
    (result,) = acme.perform(save_unit("DOZEN"))
    assert (result.outcome, result.tick) == ("applied", 2)
    with acme.engine.connect() as connection:
        assert connection.scalar(select(Unit.tick).where(Unit.code == "DOZEN")) == 2


def test_a_refused_action_ticks_too_and_leaves_nothing(acme: OpenedCompany) -> None:
    results = acme.perform(save_unit("DOZEN"), save_unit("DOZEN"), save_unit("PALLET"))
    assert [result.outcome for result in results] == ["applied", "refused", "applied"]
    assert results[1].problem == {"code": "code_taken", "fields": {"code": "DOZEN"}}
    assert ticks(acme) == [1, 2, 3, 4]
    assert {"DOZEN", "PALLET"} <= acme.unit_codes()


def test_an_id_seen_before_gets_its_old_answer_again(acme: OpenedCompany) -> None:
    good = pushed(save_unit("DOZEN"), acme.owner_id)
    bad = pushed(save_unit("DOZEN"), acme.owner_id)
    first = acme.push(good, bad)
    again = acme.push(good, bad, good)
    assert again == [*first, first[0]]
    assert ticks(acme) == [1, 2, 3]


def test_an_id_used_for_something_else_is_refused_and_not_performed(acme: OpenedCompany) -> None:
    first = pushed(save_unit("DOZEN"), acme.owner_id)
    other = pushed(save_unit("PALLET"), acme.owner_id, id=first.id)
    acme.push(first)
    (result,) = acme.push(other)
    assert (result.outcome, result.problem) == ("refused", {"code": "id_reused", "fields": {}})
    assert "PALLET" not in acme.unit_codes()


def test_what_depends_on_a_refused_action_is_held_back_and_the_rest_goes_on(acme: OpenedCompany) -> None:
    refused = pushed(save_unit("PC"), acme.owner_id)
    needs_it = pushed(save_unit("A"), acme.owner_id, depends_on=(refused.id,))
    needs_that = pushed(save_unit("B"), acme.owner_id, depends_on=(needs_it.id,))
    free = pushed(save_unit("C"), acme.owner_id)
    results = acme.push(refused, needs_it, needs_that, free)
    assert [result.outcome for result in results] == ["refused", "blocked", "blocked", "applied"]
    assert [result.tick for result in results] == [2, None, None, 3]

    (later,) = acme.push(pushed(save_unit("D"), acme.owner_id, depends_on=(refused.id,)))
    assert later.outcome == "blocked"


def test_an_action_of_another_name_or_shape_is_refused_alone(acme: OpenedCompany) -> None:
    sound = pushed(save_unit("DOZEN"), acme.owner_id)
    unknown = replace(pushed(save_unit("X"), acme.owner_id), name="DropTables")
    misshapen = replace(pushed(save_unit("X"), acme.owner_id), args={"colour": "red"})
    results = acme.push(unknown, misshapen, sound)
    assert [result.outcome for result in results] == ["refused", "refused", "applied"]
    assert [(result.problem or {}).get("code") for result in results] == ["unknown_action", "malformed", None]


def test_who_lacks_the_permission_is_refused_and_a_new_role_counts_within_the_same_push(acme: OpenedCompany) -> None:
    packer = acme.add_user("packer", "warehouse")
    promote = SaveUser(user_id=packer, login="packer", name="Packer", role_codes=("warehouse", "purchasing"))
    results = acme.push(
        pushed(save_unit("DOZEN"), packer), pushed(promote, acme.owner_id), pushed(save_unit("PALLET"), packer)
    )
    assert results[0].problem == {"code": "not_permitted", "fields": {"permission": "master.write"}}
    assert [result.outcome for result in results] == ["refused", "applied", "applied"]


def test_who_was_disabled_may_do_nothing_any_more(acme: OpenedCompany) -> None:
    buyer = acme.add_user("buyer", "purchasing")
    acme.perform(SaveUser(user_id=buyer, login="buyer", name="B", role_codes=("purchasing",), is_active=False))
    (result,) = acme.push(pushed(save_unit("DOZEN"), buyer))
    assert result.outcome == "refused"


def test_a_bug_of_ours_is_answered_logged_and_stops_nobody_else(
    acme: OpenedCompany, caplog: pytest.LogCaptureFixture
) -> None:
    results = acme.perform(OurBug(), save_unit("DOZEN"))
    assert [result.outcome for result in results] == ["refused", "applied"]
    assert results[0].problem == {"code": "fault", "fields": {"action": "OurBug"}}
    assert "ZeroDivisionError" in caplog.text


def test_a_row_that_names_nothing_is_refused_alone_and_the_others_are_kept(acme: OpenedCompany) -> None:
    nowhere = BarcodeOfNothing(code="690000000001")
    results = acme.perform(save_unit("DOZEN"), nowhere, save_unit("PALLET"))
    assert [result.outcome for result in results] == ["applied", "refused", "applied"]
    assert {"DOZEN", "PALLET"} <= acme.unit_codes()


def test_the_same_push_from_many_threads_at_once_is_applied_once(acme: OpenedCompany, database_url: str) -> None:
    actions = [pushed(save_unit(f"U{number}"), acme.owner_id, seq=number) for number in range(20)]
    other_worker = open_engine(database_url)
    centres = [acme.centre, Centre(other_worker)]
    answers: list[list[PushResult]] = []
    start = threading.Barrier(6)

    def push(centre: Centre) -> None:
        start.wait()
        answers.append(centre.perform(acme.id, None, actions))

    threads = [threading.Thread(target=push, args=(centres[number % 2],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other_worker.dispose()

    assert len(answers) == 6
    assert all(answer == answers[0] for answer in answers)
    assert ticks(acme) == list(range(1, 22))
    assert verify_log(acme.engine, acme.id).broken_at is None


def test_waiting_pushes_share_commits(acme: OpenedCompany) -> None:
    commits: list[int] = []
    acme.centre.on_commit(lambda _company, tick: commits.append(tick))
    start = threading.Barrier(8)

    def push(number: int) -> None:
        start.wait()
        for turn in range(10):
            acme.perform(save_unit(f"U{number}-{turn}"))

    threads = [threading.Thread(target=push, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ticks(acme) == list(range(1, 82))
    assert len(commits) < 80


def test_companies_do_not_see_each_others_clock(open_company: Callable[[str], OpenedCompany]) -> None:
    one, other = open_company("ONE"), open_company("OTHER")
    one.perform(save_unit("DOZEN"))
    assert (ticks(one), ticks(other)) == ([1, 2], [1])
    assert "DOZEN" not in other.unit_codes()


def test_an_unknown_company_is_told_apart_from_a_refusal(centre: Centre) -> None:
    with pytest.raises(UnknownCompany):
        centre.perform_local(new_id(), new_id(), [save_unit("DOZEN")])


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ("UPDATE action_log SET args = replace(args, 'DOZEN', 'GROSS') WHERE tick = 2", "arguments"),
        ("UPDATE action_log SET outcome = 'refused' WHERE tick = 2", "does not follow"),
        ("UPDATE action_log SET seq = seq + 1 WHERE tick = 2", "does not follow"),
        ("UPDATE action_log SET args = 'no JSON' WHERE tick = 2", "arguments"),
        ("DELETE FROM action_log WHERE tick = 2", "tick 2 is missing"),
    ],
)
def test_an_edited_log_is_found_out_at_the_tick_of_the_edit(acme: OpenedCompany, edit: str, reason: str) -> None:
    acme.perform(save_unit("DOZEN"), save_unit("PALLET"))
    assert verify_log(acme.engine, acme.id).sound_rows == 3
    with acme.engine.begin() as connection:
        connection.execute(text(edit))
    check = verify_log(acme.engine, acme.id)
    assert check.broken_at == 2
    assert reason in check.reason


def test_a_log_cut_off_at_its_end_is_found_out(acme: OpenedCompany) -> None:
    acme.perform(save_unit("DOZEN"))
    with acme.engine.begin() as connection:
        connection.execute(text("DELETE FROM action_log WHERE tick = 2"))
        assert connection.scalar(select(func.count()).select_from(CompanyClock)) == 1
    assert verify_log(acme.engine, acme.id).broken_at == 2
