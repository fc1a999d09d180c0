"""Single faults of the list in docs/faults.md, each in the simulated company: what happened, and what came of it."""

import os
from datetime import date, timedelta
from decimal import Decimal

import pytest
import simulated_trade as trade
from simulated_desk import Fault, File, SimulatedDesk
from simulated_office import SimulatedOffice
from sqlalchemy import Connection, delete, select, update

from erp_desktop.actions.base import Action, action_args
from erp_desktop.actions.masters import SaveMasters, SaveParty, SaveProduct
from erp_desktop.actions.opening import OpenPeriods, SaveUser
from erp_desktop.actions.periods import ClosePeriod
from erp_desktop.actions.purchasing import PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.selling import ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.ledger import Period
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import PurchaseOrder
from erp_desktop.models.sales import Channel, SalesOrder
from erp_desktop.models.stock import StockBalance, StockCount
from erp_desktop.models.sync import ActionLog, OutboxAction
from erp_desktop.queries.attachments import FilesAt
from erp_desktop.sync.cache import CacheFull


def supplier(code: str, **more: str) -> SaveParty:
    return SaveParty(party_id=new_id(), code=code, name=more.pop("name", code), is_supplier=True, **more)


def codes(desk: SimulatedDesk, prefix: str) -> list[str]:
    statement = select(Party.code).where(Party.code.startswith(prefix)).order_by(Party.code)
    return desk.ask(lambda session: list(session.scalars(statement)))


def problems(desk: SimulatedDesk) -> list[Problem]:
    statement = select(OutboxAction.problem).where(OutboxAction.status == "refused").order_by(OutboxAction.seq)
    return [Problem.from_dict(found) for found in desk.ask(lambda session: session.scalars(statement).all()) if found]


def perform(office: SimulatedOffice, login: str, *actions: Action) -> None:
    for action in actions:
        action_id = office.desks[login].perform(action)
        assert action_id is not None, action
        office.confirmed[action_id] = login


def test_each_fault_delays_a_round_and_changes_nothing(office: SimulatedOffice) -> None:
    """In the push, and then in the pull."""
    lin = office.desks["lin"]
    saved = 0
    for fault in Fault:
        for requests_before in (0, 1):
            perform(office, "lin", supplier(f"F-{saved:02}"))
            saved += 1
            lin.network.faults.extend([None] * requests_before + [fault])
            lin.sync()
            office.is_sound()
        lin.sync()
        assert (lin.failure, lin.waiting()) == (None, {}), fault
    assert len(codes(lin, "F-")) == saved


def test_a_push_that_is_cut_after_a_part_goes_on_with_the_rest(office: SimulatedOffice) -> None:
    """Fifty actions; the worker dies after the commit of the first of each push."""
    lin = office.desks["lin"]
    perform(office, "lin", *(supplier(f"F-{place:02}") for place in range(50)))
    for _ in range(4):
        lin.network.faults.append(Fault.WORKER_KILLED_BETWEEN_COMMITS)
        lin.sync()
        office.is_sound()
    assert office.centre.workers_killed == 4
    lin.sync()
    assert lin.waiting() == {}
    assert len(codes(lin, "F-")) == 50


def test_a_pull_that_another_has_overtaken_is_thrown_away(office: SimulatedOffice) -> None:
    mei, lin = office.desks["mei"], office.desks["lin"]
    perform(office, "mei", supplier("F-1"))
    mei.sync()

    def overtake() -> None:
        perform(office, "mei", supplier("F-2"))
        mei.sync()
        lin.pull_beside()

    lin.network.meanwhile = overtake
    lin.network.faults.append(Fault.LATE)
    lin.pull()
    assert codes(lin, "F-") == ["F-1", "F-2"]
    office.is_sound()


@pytest.mark.parametrize("restored", ["put_back", "restore"])
def test_a_push_of_before_a_restore_does_nothing_to_the_restored_books(office: SimulatedOffice, restored: str) -> None:
    """The network delivers it once more. What was refused then could be done on the older books, and would stand in the way of
    what was applied and is offered again."""
    mei, lin = office.desks["mei"], office.desks["lin"]
    office.back_up()
    perform(office, "lin", supplier("F-1", name="Lin's"))
    perform(office, "mei", supplier("F-1", name="Mei's"))
    mei.sync()
    lin.sync()
    assert [problem.code for problem in problems(lin)] == ["code_taken"]
    getattr(office, restored)()
    lin.network.faults.extend([Fault.OLD_ONE_AGAIN, Fault.BUSY])
    lin.sync()
    office.is_sound()
    for desk in (mei, mei, lin, lin):
        desk.sync()
    assert [problem.code for problem in problems(lin)] == ["code_taken"]
    for desk in (mei, lin):
        names = desk.ask(lambda session: session.scalars(select(Party.name).where(Party.code == "F-1")).all())
        assert names == ["Mei's"]


def test_what_a_desk_sends_before_it_knows_of_a_restore_is_sent_again_once_it_does(office: SimulatedOffice) -> None:
    mei = office.desks["mei"]
    office.back_up()
    perform(office, "mei", supplier("F-1"))
    mei.sync()
    office.restore()
    perform(office, "mei", supplier("F-2"))
    mei.push()
    assert len(mei.waiting()) == 1
    for _ in range(3):  # what the restore lost is offered again first
        mei.sync()
    assert (mei.waiting(), codes(mei, "F-")) == ({}, ["F-1", "F-2"])
    office.comes_to_rest()


@pytest.mark.parametrize("wrong_by", [timedelta(days=-20_000), timedelta(hours=-9), timedelta(days=20_000)])
def test_a_desk_whose_clock_is_wrong_works_like_any_other(office: SimulatedOffice, wrong_by: timedelta) -> None:
    """What is posted is posted on the business date that the person chose; the order is the centre's."""
    wang, mei = office.desks["wang"], office.desks["mei"]
    wang.clock_is_wrong_by = wrong_by
    first = trade.count(wang, 4)
    perform(office, "wang", *first)
    wang.clock_is_wrong_by = timedelta()  # it jumps back
    perform(office, "wang", *trade.count(wang, 3))
    wang.sync()
    mei.sync()
    assert wang.waiting() == {}
    dates = mei.ask(lambda session: session.scalars(select(StockCount.counted_on)).all())
    assert set(dates) == {date(2026, 1, 1), date(2026, 1, 2)}


def test_a_laptop_that_slept_for_a_weekend_goes_on(office: SimulatedOffice) -> None:
    lin = office.desks["lin"]
    perform(office, "lin", supplier("F-1"))
    office.time.pass_by(64 * 3600)
    with lin.credentials._guard:
        lin.credentials._access = None  # it ran out meanwhile
    lin.network.faults.append(Fault.NOT_SENT)  # the line is not there at once
    lin.sync()
    assert lin.failure is not None
    lin.sync()
    assert lin.waiting() == {}


def test_what_was_done_in_an_open_period_and_arrives_after_its_close_waits_for_another_date(
    office: SimulatedOffice,
) -> None:
    wang, lin = office.desks["wang"], office.desks["lin"]
    january = date(2026, 1, 20)
    place = derived_id("bin", office.company_id, "STOCK")
    line = CountedLine(derived_id("simulated product", "A"), place, Decimal(1), Decimal(5))
    warehouse = derived_id("warehouse", office.company_id, "MAIN")
    perform(office, "wang", CountStock(new_id(), warehouse, january, (line,)))
    first = select(Period.id).order_by(Period.starts_on)
    perform(office, "lin", ClosePeriod(lin.ask(lambda session: session.scalars(first).first())))
    lin.sync()
    wang.sync()
    (problem,) = problems(wang)
    assert problem.code == "period_closed"
    assert "2026-02-01" in problem.sentence


def test_each_year_has_its_own_numbers_whatever_order_its_documents_arrive_in(office: SimulatedOffice) -> None:
    lin, mei = office.desks["lin"], office.desks["mei"]
    perform(office, "lin", OpenPeriods(2027))
    lin.sync()
    mei.sync()
    warehouse = derived_id("warehouse", office.company_id, "MAIN")
    vendor = lin.ask(lambda session: session.scalars(select(Party.id).where(Party.is_supplier)).first())
    assert vendor is not None

    def bought(on: date) -> SavePurchaseOrder:
        line = PurchaseLine(new_id(), derived_id("simulated product", "A"), Decimal(1), Decimal(5))
        return SavePurchaseOrder(new_id(), vendor, warehouse, on, on, (line,))

    perform(office, "lin", *map(bought, (date(2026, 12, 31), date(2027, 1, 1), date(2026, 12, 30))))
    perform(office, "mei", *map(bought, (date(2027, 1, 2), date(2026, 12, 31))))
    mei.sync()
    lin.sync()
    mei.sync()
    assert problems(mei) == problems(lin) == []
    numbers = select(PurchaseOrder.ordered_on, PurchaseOrder.number).order_by(PurchaseOrder.number)
    assert [tuple(row) for row in mei.ask(lambda session: session.execute(numbers).all())] == [
        (date(2026, 12, 31), "PO-2026-0001"),  # Mei's, which came first
        (date(2026, 12, 31), "PO-2026-0002"),
        (date(2026, 12, 30), "PO-2026-0003"),
        (date(2027, 1, 2), "PO-2027-0001"),
        (date(2027, 1, 1), "PO-2027-0002"),
    ]


def test_a_refused_customer_holds_the_orders_that_depend_on_it(office: SimulatedOffice) -> None:
    sun, mei = office.desks["sun"], office.desks["mei"]
    customer = new_id()
    perform(office, "mei", SaveParty(party_id=new_id(), code="NEW", name="Theirs", is_consumer=True))
    mei.sync()
    perform(office, "sun", SaveParty(party_id=customer, code="NEW", name="Ours", is_consumer=True))
    product = derived_id("simulated product", "A")
    warehouse = derived_id("warehouse", office.company_id, "MAIN")
    channel = sun.ask(lambda session: session.scalars(select(Channel.id)).first())
    assert channel is not None
    on = date(2026, 3, 16)
    for _ in range(3):
        order = new_id()
        line = SalesLine(new_id(), product, Decimal(1), Decimal(9))
        perform(office, "sun", SaveSalesOrder(order, channel, warehouse, on, on, (line,), customer_id=customer))
        perform(office, "sun", ConfirmSalesOrder(order))
    perform(office, "sun", supplier("F-1"))
    sun.sync()
    statuses = list(sun.waiting().values())
    assert sorted(statuses) == ["held"] * 6 + ["refused"]
    assert codes(sun, "F-") == ["F-1"]  # the queue went on
    assert sun.ask(lambda session: session.scalars(select(SalesOrder.id)).all()) == []


def test_what_depends_on_an_action_that_the_centre_cannot_read_waits_with_it_and_the_rest_goes_on(
    office: SimulatedOffice,
) -> None:
    """The centre does not say which of them it cannot read: that is found by sending one after the other."""
    sun = office.desks["sun"]
    customer, order = new_id(), new_id()
    perform(office, "sun", supplier("F-1"))
    perform(office, "sun", SaveParty(party_id=customer, code="NEW", name="Theirs", is_consumer=True))
    strange = list(sun.waiting())[-1]
    channel = sun.ask(lambda session: session.scalars(select(Channel.id)).first())
    assert channel is not None
    on = date(2026, 3, 16)
    line = SalesLine(new_id(), derived_id("simulated product", "A"), Decimal(1), Decimal(9))
    warehouse = derived_id("warehouse", office.company_id, "MAIN")
    perform(office, "sun", SaveSalesOrder(order, channel, warehouse, on, on, (line,), customer_id=customer))
    perform(office, "sun", ConfirmSalesOrder(order))
    perform(office, "sun", supplier("F-2"))
    outbox_rows = OutboxAction.__table__
    spoiled = update(outbox_rows).where(outbox_rows.c.id == strange).values(base_tick=-5)  # type: ignore[arg-type]
    sun.cache.write(lambda connection: connection.execute(spoiled)).result()
    sun.sync()
    assert sun.failure is None
    assert list(sun.waiting().values()) == ["refused", "held", "held"]
    (problem,) = problems(sun)
    assert problem.sentence.startswith(
        "The central service cannot take this as it is: it is not filled in as it should be."
    )
    assert codes(sun, "F-") == ["F-1", "F-2"]
    with office.centre.engine.connect() as connection:
        refused = connection.scalars(select(ActionLog.name).where(ActionLog.outcome == "refused")).all()
    assert refused == [], "nothing was tried that depends on it"


def test_what_builds_on_an_action_that_a_damaged_cache_has_lost_waits_for_a_person(office: SimulatedOffice) -> None:
    """The cause is refused at the centre; its row of the outbox is lost before anybody hears of that."""
    sun, mei = office.desks["sun"], office.desks["mei"]
    perform(office, "mei", supplier("NEW"))
    mei.sync()
    party = new_id()
    perform(office, "sun", SaveParty(party_id=party, code="NEW", name="Ours", is_supplier=True))
    perform(office, "sun", SaveParty(party_id=party, code="NEW", name="Ours, once more", is_supplier=True))
    perform(office, "sun", supplier("F-1"))
    lost, behind, _ = sun.waiting()
    outbox_rows = OutboxAction.__table__
    sun.push()
    sun.cache.write(lambda connection: connection.execute(delete(outbox_rows).where(outbox_rows.c.id == lost))).result()
    office.confirmed.pop(lost)
    sun.sync()
    sun.sync()
    assert (sun.failure, sun.waiting()) == (None, {behind: "refused"})
    assert [problem.code for problem in problems(sun)] == ["cause_lost"]
    assert codes(sun, "F-") == ["F-1"]


def test_a_price_that_changed_meanwhile_leaves_the_order_as_it_was_typed(office: SimulatedOffice) -> None:
    sun, lin = office.desks["sun"], office.desks["lin"]
    perform(office, "sun", *trade.order(sun, 1))
    product = lin.ask(lambda session: session.scalars(select(Product).order_by(Product.code)).first())
    assert product is not None
    dearer = SaveProduct(
        product_id=product.id,
        code=product.code,
        name=product.name,
        category_id=product.category_id,
        unit_id=product.unit_id,
        list_price=Decimal("99.99"),
    )
    perform(office, "lin", dearer)
    lin.sync()
    sun.sync()
    lin.sync()
    total = lin.ask(lambda session: session.scalars(select(SalesOrder.total)).one())
    assert total == Decimal("19.98")  # two at 9.99


def test_two_desks_that_sell_the_last_units_ship_what_there_is(office: SimulatedOffice) -> None:
    lin, mei = office.desks["lin"], office.desks["mei"]
    for login in ("lin", "mei"):
        for _ in range(2):
            office.do(login, trade.order, 3)
            office.do(login, trade.ship, 0)
    for desk in (lin, mei, lin):
        desk.sync()
        office.is_sound()
    left = lin.ask(lambda session: session.scalars(select(StockBalance.on_hand)).all())
    assert min(left) == 0
    assert problems(mei) != []
    assert "pending" not in mei.waiting().values()


def test_a_disk_that_is_full_in_a_pull_takes_nothing_in_and_the_desk_goes_on(office: SimulatedOffice) -> None:
    lin, mei = office.desks["lin"], office.desks["mei"]
    for piece in range(4):
        many = (supplier(f"F-{piece}-{place:03}", name="x" * 190, address="y" * 390) for place in range(100))
        perform(office, "lin", SaveMasters(parties=tuple(many)))
    perform(office, "mei", supplier("M-1"))
    lin.sync()

    def room(pages: str) -> None:
        mei.cache.write(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")).result()

    count = mei.ask(lambda session: session.connection().exec_driver_sql("PRAGMA page_count").scalar())
    room(str(count))
    with pytest.raises(CacheFull, match="disk is full"):
        mei.engine.round(mei.network)
    assert codes(mei, "F-") == []
    assert codes(mei, "M-") == ["M-1"]
    assert list(mei.waiting().values()) == ["pending"]
    room("1000000")
    mei.sync()
    assert mei.waiting() == {}
    assert len(codes(mei, "F-")) == 400


NAMES = ("👩‍👩‍👧‍👦 Zoë", "\u202eright to left", "x" * 200, "Ω\u0301 ﷽", "';--", '<script>"&</script>')


def test_whatever_can_be_typed_arrives_to_the_letter(office: SimulatedOffice) -> None:
    lin, mei = office.desks["lin"], office.desks["mei"]
    perform(office, "lin", *(supplier(f"F-{place}", name=name) for place, name in enumerate(NAMES)))
    lin.sync()
    mei.sync()
    found = select(Party.name).where(Party.code.startswith("F-")).order_by(Party.code)
    assert mei.ask(lambda session: tuple(session.scalars(found))) == NAMES


def test_a_nul_and_a_number_of_38_digits_are_refused_before_they_are_kept(office: SimulatedOffice) -> None:
    lin = office.desks["lin"]
    assert lin.perform(supplier("F-1", name="a\0b")) is None
    line = CountedLine(
        derived_id("simulated product", "A"), derived_id("bin", office.company_id, "STOCK"), Decimal("9" * 38)
    )
    count = CountStock(new_id(), derived_id("warehouse", office.company_id, "MAIN"), date(2026, 3, 16), (line,))
    assert lin.perform(count) is None
    assert lin.waiting() == {}


def test_a_user_whose_role_was_cut_while_offline_is_told_and_sees_less(office: SimulatedOffice) -> None:
    sun, lin = office.desks["sun"], office.desks["lin"]
    perform(office, "sun", *trade.order(sun, 0))
    (cut,) = trade.cut_role(lin, 1)  # Sun becomes a clerk of people
    perform(office, "lin", cut)
    lin.sync()
    sun.sync()
    sun.sync()
    assert problems(sun)[0].code == "not_permitted"
    assert sorted(sun.waiting().values()) == ["held", "held", "refused"]
    assert sun.ask(lambda session: session.scalars(select(SalesOrder.id)).all()) == []


def test_a_file_of_somebody_who_may_read_it_again_is_sent_after_all(office: SimulatedOffice) -> None:
    """Its row is at the centre, its bytes are not, and the role is cut before they are; later it is given back."""
    sun, lin, mei = office.desks["sun"], office.desks["lin"], office.desks["mei"]
    party = lin.ask(lambda session: session.scalars(select(Party.id).order_by(Party.code)).first())
    assert party is not None
    attached = sun.perform(File(party, "contract.pdf", b"PDF"))
    assert attached is not None
    office.confirmed[attached] = "sun"
    sun.push()
    sun.pull()  # the row has come back; the line breaks before the bytes are sent
    for pick in (1, 3):  # Sun becomes a clerk of people, and sells again
        (changed,) = trade.cut_role(lin, pick)
        perform(office, "lin", changed)
        lin.sync()
        sun.sync()
        sun.sync()
    mei.sync()
    (file,) = mei.ask(lambda session: FilesAt("party", party).run(session, office.company_id))
    assert mei.open_file(file) == b"PDF"


def test_an_import_reaches_the_others_while_they_work(office: SimulatedOffice) -> None:
    """SaveMasters of many rows, in pieces, while another desk pulls between them and sells. IMPORTED_ROWS=100000 for a large one."""
    lin, sun = office.desks["lin"], office.desks["sun"]
    rows = int(os.environ.get("IMPORTED_ROWS", "300"))
    in_a_piece = min(500, rows // 6)
    looks = {rows // 6 * sixth // in_a_piece for sixth in range(6)}  # the pieces after which all the books are counted
    for piece, start in enumerate(range(0, rows, in_a_piece)):
        parties = tuple(supplier(f"F-{number:06}") for number in range(start, min(start + in_a_piece, rows)))
        perform(office, "lin", SaveMasters(parties=parties))
        lin.sync()
        if piece in looks:
            office.do("sun", trade.order, piece)
        sun.sync()
        if piece in looks:
            office.is_sound()
    sun.sync()
    assert len(codes(sun, "F-")) == rows
    office.comes_to_rest()


def test_an_outbox_that_was_edited_by_hand_gets_nothing_past_the_centre(office: SimulatedOffice) -> None:
    """Another action, and another person's name under one, in the file of somebody who may do neither."""
    wang = office.desks["wang"]
    perform(office, "wang", *trade.count(wang, 4), *trade.count(wang, 3), *trade.count(wang, 2))
    taken_over = SaveUser(
        user_id=derived_id("simulated user", "wang"), login="wang", name="W", role_codes=("administrator",)
    )

    def edit(connection: Connection) -> None:
        first, second, _ = connection.scalars(select(OutboxAction.seq).order_by(OutboxAction.seq)).all()
        row = update(OutboxAction.__table__)  # type: ignore[arg-type]
        other = {"name": "SaveUser", "version": taken_over.version, "args": action_args(taken_over)}
        connection.execute(row.where(OutboxAction.seq == first).values(**other))
        connection.execute(
            row.where(OutboxAction.seq == second).values(actor_id=derived_id("simulated user", "lin"), depends_on=[])
        )

    wang.cache.write(edit).result()
    wang.sync()
    assert sorted(wang.waiting().values()) == ["refused", "refused"]  # and the third was counted
    assert {problem.code for problem in problems(wang)} == {"not_permitted", "not_taken"}
