"""Pulling: everything after a cursor, nothing that the user may not see, and never half a picture."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import pytest
from central_desk import OpenedCompany, Pulled, RemoteDesk, opening, pushed, save_unit
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.masters import SaveUnit
from erp_desktop.actions.opening import SaveUser
from erp_desktop.central import changes
from erp_desktop.central.performing import CodeInUse
from erp_desktop.central.rows import stored_tables
from erp_desktop.ids import derived_id
from erp_desktop.models import replicated_tables
from erp_desktop.models.product import Unit
from erp_desktop.models.sync import CompanyClock, Tombstone
from erp_desktop.wire import PullReply, SnapshotReply


@action("master.write")
@dataclass(frozen=True)
class SaveManyUnits(Action):
    """As an import does: many rows in one tick."""

    prefix: str
    count: int

    def run(self, session: Session, ctx: Context) -> None:
        for number in range(self.count):
            code = f"{self.prefix}{number}"
            session.add(Unit(company_id=ctx.company_id, id=ctx.new_id(), code=code, name=code, name_zh=""))


@action("master.write")
@dataclass(frozen=True)
class DropUnit(Action):
    unit_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        session.execute(delete(Unit).where(Unit.company_id == ctx.company_id, Unit.id == self.unit_id))
        tick = session.connection().info["tick"]
        session.add(Tombstone(company_id=ctx.company_id, table_name="unit", row_id=self.unit_id, tick=tick))


def codes(pulled: Pulled) -> set[str]:
    return {row["code"] for row in pulled.rows["unit"].values()}


def problem_code(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]  # type: ignore[attr-defined]


def stored(company: OpenedCompany) -> dict[str, dict[str, dict[str, object]]]:
    """All rows at the centre as a desk should have them."""
    with company.engine.connect() as connection:
        found = {}
        for name, table in stored_tables(company.engine.dialect.name).items():
            page = table.page(connection, table.select.where(table.model.company_id == company.id))
            rows = [dict(zip(page.columns, values, strict=True)) for values in zip(*page.values, strict=True)]
            found[name] = {str(row["id"]): msgspec.json.decode(msgspec.json.encode(row)) for row in rows}
    return {name: rows for name, rows in found.items() if rows}


@pytest.mark.parametrize("max_rows", [1, 3, 7, 5000])
def test_pages_of_any_size_add_up_to_what_the_centre_has(desk: RemoteDesk, acme: OpenedCompany, max_rows: int) -> None:
    acme.perform(save_unit("DOZEN"), SaveManyUnits("a", 11), save_unit("PC"), SaveManyUnits("b", 4))
    if max_rows == 1:
        acme.perform(SaveManyUnits("c", 1))
    pulled = desk.pull_all(max_rows=max_rows)
    assert {name: rows for name, rows in pulled.rows.items() if rows} == stored(acme)
    assert pulled.largest_reply <= max_rows
    assert pulled.tick == acme.centre.perform_local(acme.id, acme.owner_id, [save_unit("LAST")])[0].tick - 1


def test_a_desk_that_asks_for_pages_of_odd_sizes_has_nothing_kept_for_itself(
    desk: RemoteDesk, acme: OpenedCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor, spans, read = desk.pull_all().cursor, [], changes._pages

    def noted(*span: Any) -> Any:
        spans.append(span)
        return read(*span)

    monkeypatch.setattr(changes, "_pages", noted)
    acme.perform(SaveManyUnits("a", 5))
    pulled = [desk.pull_all(cursor, max_rows=max_rows) for max_rows in (5_000, 4_999, 10_000, 7, 5)]
    assert len(spans) == 1
    assert all(len(one.rows["unit"]) == 5 for one in pulled)


def test_a_pull_brings_only_what_changed_since_its_cursor(desk: RemoteDesk, acme: OpenedCompany) -> None:
    before = desk.pull_all()
    unit = save_unit("DOZEN")
    acme.perform(unit, save_unit("PALLET"))
    acme.perform(SaveUnit(unit_id=unit.unit_id, code="DOZEN", name="twelve"))
    news = desk.pull_all(before.cursor)
    assert set(news.rows) == {"unit"}
    assert {(row["code"], row["tick"]) for row in news.rows["unit"].values()} == {("PALLET", 3), ("DOZEN", 4)}


def test_what_is_performed_between_two_pages_is_not_lost(desk: RemoteDesk, acme: OpenedCompany) -> None:
    first = save_unit("DOZEN")
    acme.perform(first, SaveManyUnits("a", 10), save_unit("PALLET"))
    pulled, cursor = Pulled(), None
    for turn in range(100):
        reply = msgspec.json.decode(desk.pull(cursor, max_rows=3).content, type=PullReply)
        pulled.take(reply)
        cursor = reply.cursor
        if reply.complete:
            break
        if turn < 10:  # a row that was already sent, one that was not, a new one, and one that goes
            acme.perform(SaveUnit(unit_id=first.unit_id, code="DOZEN", name=f"{turn} times"), save_unit(f"N{turn}"))
        if turn == 5:
            acme.perform(DropUnit(first.unit_id), SaveManyUnits("b", 5))
    assert {name: rows for name, rows in pulled.rows.items() if rows} == stored(acme)


def test_a_deleted_row_is_taken_away(desk: RemoteDesk, acme: OpenedCompany) -> None:
    unit = save_unit("DOZEN")
    acme.perform(unit)
    before = desk.pull_all()
    acme.perform(DropUnit(unit.unit_id))
    reply = msgspec.json.decode(desk.pull(before.cursor).content, type=PullReply)
    assert [(page.table, page.gone) for page in reply.pages] == [("unit", [unit.unit_id])]


def test_answers_come_with_the_rows_of_their_ticks_and_to_the_device_that_asked(
    desk: RemoteDesk, new_desk: Callable[[], RemoteDesk], acme: OpenedCompany
) -> None:
    other = new_desk()
    other.log_in("lin")
    before, others_before = desk.pull_all(), other.pull_all()
    good, refused = pushed(save_unit("DOZEN"), acme.owner_id), pushed(save_unit("PC"), acme.owner_id)
    results = desk.results(good, refused)

    news = desk.pull_all(before.cursor)
    assert [(ack.id, ack.outcome, ack.tick, ack.problem) for ack in news.acks] == [
        (result.id, result.outcome, result.tick, result.problem) for result in results
    ]
    assert "DOZEN" in codes(news)
    assert desk.pull_all(news.cursor).acks == []
    assert other.pull_all(others_before.cursor).acks == []


def test_answers_are_paged_with_their_ticks(desk: RemoteDesk, acme: OpenedCompany) -> None:
    before = desk.pull_all()
    desk.results(*(pushed(SaveManyUnits(prefix, 4), acme.owner_id) for prefix in "abcde"))
    seen, cursor = 0, before.cursor
    while True:
        reply = msgspec.json.decode(desk.pull(cursor, max_rows=4).content, type=PullReply)
        rows = sum(len(page.values[0]) for page in reply.pages if page.values)
        assert rows == 4 * len(reply.acks), "an answer never comes without its rows"
        seen, cursor = seen + len(reply.acks), reply.cursor
        if reply.complete:
            break
    assert seen == 5


def test_a_warehouse_desk_holds_no_costs(new_desk: Callable[[], RemoteDesk], acme: OpenedCompany) -> None:
    acme.add_user("packer", "warehouse")
    desk = new_desk()
    desk.log_in("packer")
    pulled = desk.pull_all()
    needs = {name: model.read_permission for name, model in replicated_tables().items()}
    assert "unit" in pulled.rows
    assert not {name for name in pulled.rows if needs[name] in ("cost.read", "ledger.read")}
    assert {needs[name] for name in stored(acme)} & {"cost.read", "ledger.read"}, "there is something to hide"
    for name in stored(acme):
        answer = desk.post(
            "/v1/sync/snapshot", {"device_id": desk.device_id, "schema_revision": 1, "table": name, "after_id": None}
        )
        assert answer.status_code == (200 if name in pulled.rows else 403), name


def test_who_is_tied_to_a_warehouse_is_sent_no_other_ones_documents_in_pull_and_fill(
    new_desk: Callable[[], RemoteDesk], acme: OpenedCompany
) -> None:
    user_id = acme.add_user("packer", "warehouse")
    desk = new_desk()
    desk.log_in("packer")
    cursor = desk.pull_all().cursor
    place = derived_id("warehouse", acme.id, "MAIN")
    acme.perform(SaveUser(user_id, "packer", "Packer", ("warehouse",), warehouse_ids=(place,)))
    assert problem_code(desk.pull(cursor)) == (410, "cursor_gone")
    pulled = desk.pull_all()
    assert len(pulled.rows["warehouse"]) == len(stored(acme)["warehouse"]), "master data is everybody's"
    acme.perform(save_unit("DOZEN"))
    assert desk.pull_all(pulled.cursor).rows.keys() == {"unit"}
    for name in pulled.rows:
        body = {"device_id": desk.device_id, "schema_revision": 1, "table": name, "after_id": None}
        assert desk.post("/v1/sync/snapshot", body).status_code == 200, name


def test_a_table_that_is_no_replicated_one_is_not_readable(desk: RemoteDesk) -> None:
    for name in ("user_secret", "action_log", 'unit"; DROP TABLE unit; --', ""):
        body = {"device_id": desk.device_id, "schema_revision": 1, "table": name, "after_id": None}
        assert problem_code(desk.post("/v1/sync/snapshot", body)) == (403, "not_readable")


def test_a_cut_or_widened_role_makes_the_desk_fill_its_cache_anew(
    new_desk: Callable[[], RemoteDesk], acme: OpenedCompany
) -> None:
    user_id = acme.add_user("mixed", "warehouse", "accountant")
    desk = new_desk()
    desk.log_in("mixed")
    cursor = desk.pull_all().cursor
    acme.perform(SaveUser(user_id=user_id, login="mixed", name="M", role_codes=("warehouse",)))
    assert problem_code(desk.pull(cursor)) == (410, "cursor_gone")
    assert desk.pull_all().tick == 3


def test_a_forged_cursor_or_one_of_another_company_is_not_taken(
    desk: RemoteDesk,
    new_desk: Callable[[], RemoteDesk],
    open_company: Callable[[str], OpenedCompany],
) -> None:
    cursor = desk.pull_all().cursor
    middle = len(cursor) // 2
    changed = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    open_company("OTHER")
    foreign = new_desk()
    foreign.log_in("lin", company="OTHER")
    assert desk.session is not None
    for forged in (changed, "", "x", "=", "ÄÖ", desk.session.access_token, foreign.pull_all().cursor):
        assert problem_code(desk.pull(forged)) == (410, "cursor_gone"), forged


def test_a_centre_restored_from_a_backup_is_noticed_even_when_it_has_gone_on(
    desk: RemoteDesk, acme: OpenedCompany
) -> None:
    acme.perform(save_unit("DOZEN"), save_unit("PALLET"))
    ahead = desk.pull_all().cursor
    with acme.engine.begin() as connection:  # the two last ticks never happened; other ones do
        connection.exec_driver_sql("DELETE FROM action_log WHERE tick > 1")
        connection.exec_driver_sql("DELETE FROM unit WHERE tick > 1")
        connection.execute(update(CompanyClock).values(tick=1))
    assert problem_code(desk.pull(ahead)) == (410, "cursor_gone")
    acme.perform(save_unit("GROSS"), save_unit("CRATE"), save_unit("TUB"))
    assert problem_code(desk.pull(ahead)) == (410, "cursor_gone")


def test_a_first_fill_by_table_and_then_a_pull_gives_everything(desk: RemoteDesk, acme: OpenedCompany) -> None:
    pending = pushed(save_unit("DOZEN"), acme.owner_id)
    desk.results(pending, pushed(SaveManyUnits("a", 20), acme.owner_id))
    filled, start = Pulled(), ""
    for table in replicated_tables():
        after: str | None = None
        while True:
            body = {"device_id": desk.device_id, "schema_revision": 1, "table": table, "after_id": after, "limit": 7}
            reply = msgspec.json.decode(desk.post("/v1/sync/snapshot", body).content, type=SnapshotReply)
            start = start or reply.cursor
            filled.take(PullReply(pages=[reply.page], acks=[], cursor=reply.cursor, tick=0, complete=True))
            if reply.complete:
                break
            after = reply.page.values[reply.page.columns.index("id")][-1]
        if table == "product":  # meanwhile
            acme.perform(save_unit("PALLET"), DropUnit(UUID(next(iter(filled.rows["category"])))))
    rest = desk.pull(start)
    reply = msgspec.json.decode(rest.content, type=PullReply)
    filled.take(reply)
    assert reply.complete
    assert {name: rows for name, rows in filled.rows.items() if rows} == stored(acme)
    assert pending.id in {ack.id for ack in reply.acks}, (
        "what was answered before the fill is settled by the first pull"
    )
    assert desk.pull_all(reply.cursor).acks == []


def test_rows_travel_as_they_are_stored(desk: RemoteDesk, acme: OpenedCompany) -> None:
    (company,) = desk.pull_all().rows["company"].values()
    assert company["id"] == company["company_id"] == acme.id.hex
    assert company["name_zh"] == "顶点贸易"
    assert desk.pull_all().rows["app_user"][acme.owner_id.hex]["is_active"] is True
    assert "admin" in next(
        row["permissions"] for row in desk.pull_all().rows["role"].values() if row["code"] == "administrator"
    )
    period = min(desk.pull_all().rows["period"].values(), key=str)
    assert any(str(value).startswith("2026-") for value in period.values())


def test_opening_a_second_company_under_the_same_code_is_refused(acme: OpenedCompany) -> None:
    with pytest.raises(CodeInUse):
        acme.centre.open_company(opening("ACME"), "correct horse")
