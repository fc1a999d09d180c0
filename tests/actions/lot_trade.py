"""Short ways to trade in goods that are kept by lot or serial number."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from company_fixtures import TODAY, SmallCompany
from erp_desktop.actions.lots import lot_id_of
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.shipping import ShipOrder, ShippedLine
from erp_desktop.ids import derived_id, new_id
from erp_desktop.models.sales import ShipmentLine
from erp_desktop.models.stock import Lot, StockBalance
from erp_desktop.queries.doctor import examine

SOON = date(2026, 6, 30)
LATER = date(2026, 12, 31)


def receive(company: SmallCompany, code: str, *lots: tuple[str, str] | tuple[str, str, date | None]) -> UUID:
    """Buys and receives lots of a product as (code, qty, expiry). Gives the receipt."""
    total = sum((Decimal(lot[1]) for lot in lots), Decimal(0))
    order = company.purchase_order((code, str(total), "2.00"))
    receipt = new_id()
    company.perform(ReceiveGoods(receipt, order, TODAY, received(order, lots)))
    return receipt


def received(order: UUID, lots: Sequence[tuple[str, str] | tuple[str, str, date | None]]) -> tuple[ReceivedLine, ...]:
    line = derived_id("line", order, "0")
    return tuple(
        ReceivedLine(line, Decimal(lot[1]), lot_code=lot[0], expires_on=lot[2] if len(lot) == 3 else None)
        for lot in lots
    )


def ship(company: SmallCompany, order: UUID, *lots: tuple[str, str], code: str = "MILK") -> UUID:
    """Ships an order's first line: these lots of it, or whatever leaves by itself."""
    shipment = new_id()
    line = derived_id("line", order, "0")
    lines = tuple(ShippedLine(line, Decimal(qty), lot_id=lot_id_of(company.product(code), lot)) for lot, qty in lots)
    company.perform(ShipOrder(shipment, order, TODAY, company.carrier, lines=lines))
    return shipment


def on_hand(company: SmallCompany, code: str) -> dict[str, Decimal]:
    """What there is of each lot that there is any of; what has no lot under an empty name."""
    with company.session() as session:
        lots = {lot.id: lot.code for lot in session.scalars(select(Lot))}
        found: dict[str, Decimal] = {}
        for balance in session.scalars(select(StockBalance).where(StockBalance.product_id == company.product(code))):
            if balance.on_hand:
                name = lots[balance.lot_id] if balance.lot_id is not None else ""
                found[name] = found.get(name, Decimal(0)) + balance.on_hand
        return found


def shipped_lots(company: SmallCompany, shipment: UUID) -> list[tuple[str, Decimal]]:
    with company.session() as session:
        lots = {lot.id: lot.code for lot in session.scalars(select(Lot))}
        lines = session.scalars(
            select(ShipmentLine).where(ShipmentLine.shipment_id == shipment).order_by(ShipmentLine.line_no)
        )
        return [(lots[line.lot_id] if line.lot_id else "", line.qty) for line in lines]


def healthy(company: SmallCompany) -> bool:
    with company.session() as session:
        return not examine(session, company.company_id)


@pytest.fixture
def milk(company: SmallCompany) -> SmallCompany:
    """A company with milk that is kept by lot."""
    company.product("MILK", tracking="lot")
    return company


@pytest.fixture
def phones(company: SmallCompany) -> SmallCompany:
    """A company with telephones that are kept by serial number."""
    company.product("PHONE", tracking="serial")
    return company
