"""What people do at the simulated desks: each thing with what the desk itself shows, so that a person could do it there."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from simulated_desk import File, SimulatedDesk
from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.accounting import EntryLine, PostJournalEntry
from erp_desktop.actions.attaching import RemoveAttachment
from erp_desktop.actions.base import Action
from erp_desktop.actions.masters import SaveMasters, SaveParty
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.periods import ClosePeriod, ReopenPeriod
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.remedies import Question
from erp_desktop.actions.returning import ReturnedLine, TakeInReturn
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.actions.transferring import (
    ArrivedLine,
    CloseTransferShort,
    DispatchedLine,
    DispatchTransfer,
    ReceiveTransfer,
    in_transit,
)
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.attachment import Attachment
from erp_desktop.models.company import Role, UserRole
from erp_desktop.models.ledger import Account, Period
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.purchasing import PurchaseOrder, PurchaseOrderLine
from erp_desktop.models.sales import Allocation, Channel, Shipment, ShipmentLine
from erp_desktop.models.stock import Bin, GoodsTransfer, GoodsTransferLine, StockBalance, Warehouse

FIRST_DAY = date(2026, 1, 1)
WEIRD_NAMES = ("Müller & Söhne", "杭州塑料有限公司 🧪", "'; DROP TABLE party; --", "👩‍👩‍👧‍👦" * 20, "a\u202eb")
Item = TypeVar("Item")


def one_of(items: Sequence[Item], pick: int) -> Item | None:
    return items[pick % len(items)] if items else None


def order(desk: SimulatedDesk, pick: int) -> list[Action]:
    """A customer orders, and what is there is promised to them."""

    def look(session):  # type: ignore[no-untyped-def]
        return (
            session.scalars(select(Product.id).order_by(Product.code)).all(),
            session.scalars(select(Party.id).where(Party.is_consumer).order_by(Party.code)).all(),
            session.scalars(select(Channel.id)).first(),
            warehouse_of(session, pick),
        )

    products, customers, channel, warehouse = desk.ask(look)
    if not products or channel is None or warehouse is None:  # the role shows none
        return []
    order_id, on = new_id(), day(pick)
    lines = (SalesLine(new_id(), products[pick % len(products)], Decimal(1 + pick % 3), Decimal("9.99")),)
    saved = SaveSalesOrder(order_id, channel, warehouse, on, on, lines, customer_id=one_of(customers, pick // 7))
    return [saved, ConfirmSalesOrder(order_id), AllocateSalesOrder(order_id)]


def ship(desk: SimulatedDesk, pick: int) -> list[Action]:
    """Everything that is promised of one order leaves the house."""
    statement = select(Allocation.order_id).where(Allocation.qty > 0).distinct().order_by(Allocation.order_id)
    order_id = one_of(desk.ask(lambda session: session.scalars(statement).all()), pick)
    return [] if order_id is None else [ShipOrder(new_id(), order_id, day(pick))]


def buy(desk: SimulatedDesk, pick: int) -> list[Action]:
    def look(session):  # type: ignore[no-untyped-def]
        return (
            session.scalars(select(Product.id).order_by(Product.code)).all(),
            session.scalars(select(Party.id).where(Party.is_supplier).order_by(Party.code)).all(),
            warehouse_of(session, pick),
        )

    products, suppliers, warehouse = desk.ask(look)
    order_id, on = new_id(), day(pick)
    supplier = one_of(suppliers, pick // 5)
    if supplier is None or not products or warehouse is None:
        return []
    line = PurchaseLine(new_id(), products[pick % len(products)], Decimal(1 + pick % 4), Decimal("3.333333"))
    return [SavePurchaseOrder(order_id, supplier, warehouse, on, on, (line,)), ConfirmPurchaseOrder(order_id)]


def receive(desk: SimulatedDesk, pick: int) -> list[Action]:
    """Goods of an order arrive, all that is open of one line."""
    line = PurchaseOrderLine
    statement = (
        select(line.order_id, line.id, line.qty, line.received_qty)
        .join(PurchaseOrder, PurchaseOrder.id == line.order_id)
        .where(PurchaseOrder.status == "confirmed", line.received_qty < line.qty)
        .order_by(line.id)
    )
    found = one_of(desk.ask(lambda session: session.execute(statement).all()), pick)
    if found is None:
        return []
    received = ReceivedLine(found.id, found.qty - found.received_qty)
    return [ReceiveGoods(new_id(), found.order_id, day(pick), (received,))]


def count(desk: SimulatedDesk, pick: int) -> list[Action]:
    def look(session):  # type: ignore[no-untyped-def]
        return (
            session.scalars(select(Product.id).order_by(Product.code)).all(),
            session.execute(
                select(Bin.id, Bin.warehouse_id).where(Bin.warehouse_id == warehouse_of(session, pick))
            ).first(),
        )

    products, place = desk.ask(look)
    if not products or place is None:
        return []
    line = CountedLine(products[pick % len(products)], place.id, Decimal(pick % 5), Decimal("2.5"))
    return [CountStock(new_id(), place.warehouse_id, day(pick), (line,))]


def dispatch(desk: SimulatedDesk, pick: int) -> list[Action]:
    """Some of what is free in one warehouse leaves for the other."""

    def look(session):  # type: ignore[no-untyped-def]
        free = select(StockBalance.product_id, StockBalance.bin_id, StockBalance.warehouse_id)
        free = free.join(Warehouse, Warehouse.id == StockBalance.warehouse_id)
        free = free.where(~Warehouse.is_transit, StockBalance.on_hand > StockBalance.allocated)
        return session.execute(free.order_by(StockBalance.id)).all(), real_warehouses(session)

    balances, warehouses = desk.ask(look)
    found = one_of(balances, pick)
    if found is None or len(warehouses) < 2:
        return []
    (other,) = (one for one in warehouses if one != found.warehouse_id)
    line = DispatchedLine(found.product_id, Decimal(1 + pick // 7 % 2), found.bin_id)
    return [DispatchTransfer(new_id(), found.warehouse_id, other, day(pick), (line,))]


def arrive(desk: SimulatedDesk, pick: int) -> list[Action]:
    """One of a transfer's goods arrives, or nothing more of it ever will."""
    under_way = select(GoodsTransferLine, GoodsTransfer.dispatched_on).join(
        GoodsTransfer, GoodsTransfer.id == GoodsTransferLine.transfer_id
    )
    rows = desk.ask(lambda session: session.execute(under_way.order_by(GoodsTransferLine.id)).all())
    found = one_of([row for row in rows if in_transit(row[0]) > 0], pick)
    if found is None:
        return []
    line, on = found[0], max(found.dispatched_on, day(pick))
    if pick // 3 % 5 == 0:
        return [CloseTransferShort(line.transfer_id, on, "lost on the way")]
    return [ReceiveTransfer(line.transfer_id, on, (ArrivedLine(line.id, Decimal(1)),))]


def take_back(desk: SimulatedDesk, pick: int) -> list[Action]:
    line = ShipmentLine
    statement = (
        select(line.shipment_id, line.id, Shipment.shipped_on)
        .join(Shipment, Shipment.id == line.shipment_id)
        .where(line.returned_qty < line.qty)
        .order_by(line.id)
    )
    found = one_of(desk.ask(lambda session: session.execute(statement).all()), pick)
    if found is None:
        return []
    returned = ReturnedLine(found.id, Decimal(1))
    return [TakeInReturn(new_id(), found.shipment_id, max(found.shipped_on, day(pick)), (returned,))]


def edit_party(desk: SimulatedDesk, pick: int) -> list[Action]:
    found = one_of(desk.ask(lambda session: session.scalars(select(Party).order_by(Party.code)).all()), pick)
    if found is None:
        return []
    kinds = {name: getattr(found, name) for name in ("is_supplier", "is_consumer", "is_carrier", "is_distributor")}
    name = WEIRD_NAMES[pick // 11 % len(WEIRD_NAMES)]
    return [SaveParty(party_id=found.id, code=found.code, name=f"{name} {pick}"[:190], phone=str(pick), **kinds)]


def bring_in(desk: SimulatedDesk, pick: int) -> list[Action]:
    """A spreadsheet of customers; some codes are the same as at other desks."""
    parties = tuple(
        SaveParty(party_id=new_id(), code=f"IMP-{(pick + place) % 40}", name=f"Imported {place}", is_consumer=True)
        for place in range(3)
    )
    return [SaveMasters(parties=parties)]


def post(desk: SimulatedDesk, pick: int) -> list[Action]:
    accounts = desk.ask(lambda session: session.scalars(select(Account.id).order_by(Account.code)).all())
    if len(accounts) < 2:
        return []
    amount = Decimal(pick % 1000) + Decimal("0.01")
    lines = (EntryLine(accounts[0], amount, Decimal(0)), EntryLine(accounts[1], Decimal(0), amount))
    return [PostJournalEntry(new_id(), day(pick), f"entry {pick}", lines)]


def close_period(desk: SimulatedDesk, pick: int) -> list[Action]:
    statement = select(Period.id).where(~Period.is_closed).order_by(Period.starts_on)
    found = desk.ask(lambda session: session.scalars(statement).all())
    return [ClosePeriod(found[0])] if len(found) > 10 else []


def reopen_period(desk: SimulatedDesk, pick: int) -> list[Action]:
    statement = select(Period.id).where(Period.is_closed).order_by(Period.starts_on.desc())
    found = desk.ask(lambda session: session.scalars(statement).first())
    return [] if found is None else [ReopenPeriod(found, "something was forgotten")]


def attach(desk: SimulatedDesk, pick: int) -> list[File]:
    """A file of a customer or supplier; some are the same ones as at other desks."""
    parties = desk.ask(lambda session: session.scalars(select(Party.id).order_by(Party.code)).all())
    party = one_of(parties, pick)
    return [] if party is None else [File(party, f"contract {pick}.pdf", b"%%PDF %d" % (pick % 5) * 100)]


def take_file_away(desk: SimulatedDesk, pick: int) -> list[Action]:
    statement = select(Attachment.id).where(Attachment.removed_at.is_(None)).order_by(Attachment.id)
    found = one_of(desk.ask(lambda session: session.scalars(statement).all()), pick)
    return [] if found is None else [RemoveAttachment(found)]


def cut_role(desk: SimulatedDesk, pick: int) -> list[Action]:
    """Another person may do less from now on, or again what they did."""
    login, own = one_of((("wang", "warehouse"), ("sun", "sales")), pick) or ("", "")
    roles = (("hr",), (own,), (own, "purchasing"))[pick // 2 % 3]
    user_id = derived_id("simulated user", login)
    return [SaveUser(user_id=user_id, login=login, name=login.title(), role_codes=roles)]


def tie(desk: SimulatedDesk, pick: int) -> list[Action]:
    """Another person works in one warehouse only from now on, or in all again."""
    login = ("wang", "sun")[pick % 2]
    user_id = derived_id("simulated user", login)
    plays = select(Role.code).join(UserRole, UserRole.role_id == Role.id).where(UserRole.user_id == user_id)
    roles, warehouses = desk.ask(lambda session: (session.scalars(plays).all(), real_warehouses(session)))
    if not roles or not warehouses:  # who is not an administrator does not see them
        return []
    tied = ((), *((one,) for one in warehouses))[pick // 2 % (1 + len(warehouses))]
    return [SaveUser(user_id=user_id, login=login, name=login.title(), role_codes=tuple(roles), warehouse_ids=tied)]


def answer(desk: SimulatedDesk, question: Question, pick: int) -> UUID | date | None:
    """What a person might say to a question of Needs attention; None where there is nothing to choose from."""
    if question.kind == "date":
        return day(pick)
    party = select(Party.id).order_by(Party.code)
    choices = {
        "customer": party.where(Party.is_consumer),
        "supplier": party.where(Party.is_supplier),
        "carrier": party.where(Party.is_carrier),
        "product": select(Product.id).order_by(Product.code),
        "warehouse": select(Warehouse.id).order_by(Warehouse.code),
        "channel": select(Channel.id).order_by(Channel.code),
        "bin": select(Bin.id).order_by(Bin.code),
    }
    return one_of(desk.ask(lambda session: session.scalars(choices[question.kind]).all()), pick)


def warehouse_of(session: Session, pick: int) -> UUID | None:
    """The main one, mostly; None for who sees none."""
    warehouses = real_warehouses(session)
    return warehouses[min(pick // 50 % 3 // 2, len(warehouses) - 1)] if warehouses else None


def real_warehouses(session: Session) -> Sequence[UUID]:
    return session.scalars(select(Warehouse.id).where(~Warehouse.is_transit).order_by(Warehouse.code)).all()


def day(pick: int) -> date:
    return FIRST_DAY + timedelta(days=pick // 3 % 75)


Doing = Callable[[SimulatedDesk, int], Sequence[Action | File]]
OFTEN: tuple[Doing, ...] = (
    order,
    order,
    ship,
    ship,
    buy,
    receive,
    receive,
    count,
    take_back,
    dispatch,
    arrive,
    arrive,
    edit_party,
    bring_in,
    post,
)
SELDOM: tuple[Doing, ...] = (close_period, reopen_period, cut_role, tie, attach, attach, take_file_away)
OFTEN_AND_SELDOM = OFTEN * 2 + SELDOM
