"""What the sample company's warehouses do beside buying and selling: goods go from one to another, some never arrive, some break,
and some come back that nobody knows the shipment of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.returning import ReturnedProduct, TakeInReturnWithoutShipment
from erp_desktop.actions.scrapping import ScrappedLine, ScrapStock
from erp_desktop.actions.transferring import (
    ArrivedLine,
    CloseTransferShort,
    DispatchedLine,
    DispatchTransfer,
    ReceiveTransfer,
    transfer_line_id,
)
from erp_desktop.demo.trading import Trader

CENT = Decimal("0.01")
SHANGHAI, GUANGZHOU, CHENGDU = 0, 1, 2  # by their places in the catalogue
BREAKS = ("TEA", "KIT", "JAR")  # families of glass and porcelain
PRODUCTS_PER_TRANSFER = 4
FIRST_ARRIVAL, LAST_ARRIVAL = timedelta(days=3), timedelta(days=7)


@dataclass
class _UnderWay:
    """A goods transfer from Shanghai: its lines as product and what is in transit still."""

    transfer_id: UUID
    to_warehouse: int
    dispatched_on: date
    lines: list[tuple[int, int]]


@dataclass
class StockKeeper:
    """Moves and throws away what `trader` trades in. What happens follows from the day and the stock alone."""

    trader: Trader
    today: date
    _under_way: list[_UnderWay] = field(default_factory=list)

    def day(self, day: date) -> Iterator[Action]:
        """What is dispatched, arrives, breaks and comes back on a day. On the last day something is on its way."""
        for transfer in self._under_way:
            if day - transfer.dispatched_on == FIRST_ARRIVAL:
                yield self._arrival(transfer, day)
            elif day - transfer.dispatched_on == LAST_ARRIVAL and _in_transit(transfer):
                yield self._closed_short(transfer, day) if day.month % 3 == 2 else self._arrival(transfer, day)
        if day.day == 17 or self.today - day == timedelta(days=2):
            yield self._dispatch(GUANGZHOU, day)
        if day.day == 17 or self.today - day == timedelta(days=4):
            yield self._dispatch(CHENGDU, day)
        if day.day == 22:
            yield from self._broken(day)
        if day.day == 25:
            yield from self._nobody_knows(day)

    # --- from one warehouse to another

    def _dispatch(self, to_warehouse: int, day: date) -> Action:
        trader = self.trader
        lines = []
        for product in trader.best_stocked(SHANGHAI, PRODUCTS_PER_TRANSFER):
            qty = trader.on_hand(SHANGHAI, product) // 6
            if qty:
                trader.left(SHANGHAI, product, qty)
                lines.append((product, qty))
        transfer = _UnderWay(trader.id_of("transfer", day), to_warehouse, day, lines)
        self._under_way.append(transfer)
        return DispatchTransfer(
            transfer.transfer_id,
            trader.traded.warehouse_ids[SHANGHAI],
            trader.traded.warehouse_ids[to_warehouse],
            day,
            tuple(
                DispatchedLine(
                    trader.traded.product_ids[product], Decimal(qty), trader.traded.bin_of(SHANGHAI, product)
                )
                for product, qty in lines
            ),
            expected_on=day + FIRST_ARRIVAL,
            carrier_id=trader.traded.carrier_ids[-1],
            tracking_number=f"DPK{day:%y%m%d}{to_warehouse:03d}",
        )

    def _arrival(self, transfer: _UnderWay, day: date) -> Action:
        """All of it, but of what goes to Chengdu a few of the first line come with the next lorry."""
        is_first = day - transfer.dispatched_on == FIRST_ARRIVAL
        arrived = []
        for place, (product, open_qty) in enumerate(transfer.lines):
            late = min(4, open_qty) if is_first and transfer.to_warehouse == CHENGDU and place == 0 else 0
            if open_qty > late:
                bin_id = self.trader.traded.bin_of(transfer.to_warehouse, product)
                line_id = transfer_line_id(transfer.transfer_id, place + 1)
                arrived.append(ArrivedLine(line_id, Decimal(open_qty - late), bin_id))
                self.trader.came(transfer.to_warehouse, product, open_qty - late)
            transfer.lines[place] = (product, late)
        return ReceiveTransfer(transfer.transfer_id, day, tuple(arrived))

    def _closed_short(self, transfer: _UnderWay, day: date) -> Action:
        transfer.lines = [(product, 0) for product, _ in transfer.lines]
        return CloseTransferShort(
            transfer.transfer_id, day, "Crushed on the lorry, the carrier pays 途中压坏,承运商赔付"
        )

    # --- broken, and come back

    def _broken(self, day: date) -> Iterator[Action]:
        """A few pieces of glass and porcelain, in one warehouse after the other."""
        warehouse = day.month % len(self.trader.traded.warehouse_ids)
        lines = []
        for pieces, product in enumerate(self.trader.best_stocked(warehouse, 3, *BREAKS), start=2):
            if self.trader.on_hand(warehouse, product) > pieces:
                self.trader.left(warehouse, product, pieces)
                bin_id = self.trader.traded.bin_of(warehouse, product)
                reason = "Glass in the carton 箱内有碎玻璃" if pieces == 2 else ""
                lines.append(
                    ScrappedLine(self.trader.traded.product_ids[product], bin_id, Decimal(pieces), reason=reason)
                )
        if lines:
            yield ScrapStock(
                self.trader.id_of("scrap", day),
                self.trader.traded.warehouse_ids[warehouse],
                day,
                tuple(lines),
                "Fell off the forklift 叉车跌落",
            )

    def _nobody_knows(self, day: date) -> Iterator[Action]:
        """A distributor clears a shelf: the goods are the company's, but from which parcels nobody can tell."""
        traded = self.trader.traded
        (product,) = self.trader.best_stocked(SHANGHAI, 1, *BREAKS)
        customer = traded.distributor_ids[day.month % len(traded.distributor_ids)]
        price = (traded.products[product].list_price * Decimal("0.80")).quantize(CENT)
        product_id, bin_id = traded.product_ids[product], traded.bin_of(SHANGHAI, product)
        self.trader.came(SHANGHAI, product, 5)
        yield TakeInReturnWithoutShipment(
            self.trader.id_of("return without shipment", day),
            traded.warehouse_ids[SHANGHAI],
            day,
            (
                ReturnedProduct(product_id, Decimal(5), price, bin_id),
                ReturnedProduct(product_id, Decimal(1), price, bin_id, is_scrapped=True),
            ),
            customer_id=customer,
            channel_id=traded.channel_ids["DIST"],
            reason="Cleared their shelf 清理货架",
        )


def _in_transit(transfer: _UnderWay) -> int:
    return sum(qty for _, qty in transfer.lines)
