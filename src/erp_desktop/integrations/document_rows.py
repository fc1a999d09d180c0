"""Importing rows that are lines of documents: opening stock becomes counts, order lines become channel orders."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from erp_desktop.actions.channel_orders import ChannelLine, ChannelOrder, TakeInChannelOrders
from erp_desktop.actions.lots import lot_id_of
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.integrations.fields import ImportTarget
from erp_desktop.integrations.judging import (
    TWICE,
    UNKNOWN_CODE,
    Batch,
    PlannedRow,
    RowReader,
    Verdict,
    heading_of,
)
from erp_desktop.integrations.lookups import (
    Ask,
    CompanyFacts,
    KnownChannelDocuments,
    OpeningState,
    StoredRows,
    WarehouseBins,
)
from erp_desktop.integrations.mapping import Matching
from erp_desktop.integrations.units import UNIT, rows_in_units
from erp_desktop.numbers import ONE, ZERO, round_money

LINES_PER_COUNT = 200
ORDERS_PER_ACTION = 200
LINES_PER_ACTION = 4000  # about 250 KiB on the wire, half of what a push may hold

MOVED_ALREADY = QT_TRANSLATE_NOOP("Import", "Stock has moved here already; count it instead of opening it again")
NO_LOT = QT_TRANSLATE_NOOP("Import", "{field} is missing: {product} is kept by it")
LOT_NOT_KEPT = QT_TRANSLATE_NOOP("Import", "{field}: {product} is not kept by it; leave it empty")
EXPIRY_NOT_KEPT = QT_TRANSLATE_NOOP("Import", "{field}: {product} is not kept by lot or serial number; leave it empty")
NOT_ONE_PIECE = QT_TRANSLATE_NOOP("Import", "{field}: {qty} under one serial number; each piece has its own")
OTHER_EXPIRY = QT_TRANSLATE_NOOP("Import", "{field} differs from row {row} of the same lot")
KNOWN_EXPIRY = QT_TRANSLATE_NOOP("Import", "{field}: lot {lot} expires on {day} in the books")
NO_BIN = QT_TRANSLATE_NOOP("Import", "The warehouse has no bin yet")
ANOTHER_LINE_IS_BAD = QT_TRANSLATE_NOOP("Import", "Row {row} of this order needs mending; an order is taken in whole")
NOTHING_ORDERED = QT_TRANSLATE_NOOP("Import", "The quantity is zero")
LINES_DISAGREE = QT_TRANSLATE_NOOP("Import", "{field} differs from row {row} of the same order")
OTHER_TOTAL = QT_TRANSLATE_NOOP(
    "Import", "Order {number} is here already with a total of {stored}, not {total}; change it there"
)


class OpeningStockRows:
    """A row is what is there of a product (of one lot, where it is kept by lots) in a bin when the books begin, and what it cost."""

    def __init__(self, target: ImportTarget, matching: Matching, ask: Ask, today: date) -> None:
        self._reader = RowReader(target, matching, ask)
        self._target = target
        self._ask = ask
        self._today = today

    def judge(self, rows: list[PlannedRow]) -> None:
        for row in rows:
            self._reader.read(row)
        good = [row for row in rows if not row.is_bad]
        self._reader.find_codes(good)
        self._reader.fill_usual(good)
        bins: dict[UUID, dict[str, UUID]] = {}
        for row in good:
            self._reader.refuse_incomplete(row)
            if not row.is_bad:
                warehouse_id = row.values["warehouse_id"]
                if warehouse_id not in bins:
                    bins[warehouse_id] = self._ask(WarehouseBins(warehouse_id))
                self._find_bin(row, bins[warehouse_id])
        self._judge_lots([row for row in good if not row.is_bad])
        good = [row for row in good if not row.is_bad]

        opened, moved = self._ask(OpeningState(tuple({row.values["product_id"] for row in good})))
        first: dict[tuple[UUID, UUID, UUID | None], int] = {}
        for row in good:
            place = row.values["product_id"], row.values["bin_id"], row.values["lot_id"]
            number = first.setdefault(place, row.number)
            if number != row.number:
                row.refuse(TWICE, row=number)
            elif opened.get(place) == row.values["qty"]:
                row.verdict = Verdict.SAME
            elif place in moved or place in opened:
                row.refuse(MOVED_ALREADY)

    def _judge_lots(self, rows: list[PlannedRow]) -> None:
        """Puts the id of its lot into each row; None where nothing is kept by lots."""
        products = self._ask(StoredRows("product", ("id",), tuple({row.values["product_id"] for row in rows})))
        for row in rows:
            product_id, code = row.values["product_id"], row.values.get("lot_code", "")
            product = products[product_id,]
            self._refuse_wrong_lot(row, product["code"], product["tracking"], code)
            row.values["lot_id"] = lot_id_of(product_id, code) if code else None
        self._refuse_other_expiry([row for row in rows if not row.is_bad and row.values.get("expires_on")])

    def _refuse_wrong_lot(self, row: PlannedRow, product: str, tracking: str, code: str) -> None:
        lot, expiry, qty = (heading_of(self._target.field(name)) for name in ("lot_code", "expires_on", "qty"))
        if tracking == "none":
            if code:
                row.refuse(LOT_NOT_KEPT, field=lot, product=product)
            elif "expires_on" in row.values:
                row.refuse(EXPIRY_NOT_KEPT, field=expiry, product=product)
        elif not code:
            row.refuse(NO_LOT, field=lot, product=product)
        elif tracking == "serial" and row.values["qty"] not in (ZERO, ONE):
            row.refuse(NOT_ONE_PIECE, field=qty, qty=f"{row.values['qty']:f}")

    def _refuse_other_expiry(self, rows: list[PlannedRow]) -> None:
        """A lot expires on one day, in the books and in the file."""
        known = self._ask(StoredRows("lot", ("id",), tuple({row.values["lot_id"] for row in rows})))
        first: dict[UUID, PlannedRow] = {}
        field = heading_of(self._target.field("expires_on"))
        for row in rows:
            day, lot_id = row.values["expires_on"], row.values["lot_id"]
            stored = known.get((lot_id,), {}).get("expires_on")
            above = first.setdefault(lot_id, row)
            if stored not in (None, day):
                row.refuse(KNOWN_EXPIRY, field=field, lot=row.values["lot_code"], day=stored)
            elif above.values["expires_on"] != day:
                row.refuse(OTHER_EXPIRY, field=field, row=above.number)

    def batches(self, rows: list[PlannedRow]) -> Iterator[Batch]:
        counts: defaultdict[tuple[UUID, date], list[PlannedRow]] = defaultdict(list)
        for row in rows:
            counts[row.values["warehouse_id"], row.values.get("counted_on", self._today)].append(row)
        for (warehouse_id, day), lines in counts.items():
            for start in range(0, len(lines), LINES_PER_COUNT):
                part = lines[start : start + LINES_PER_COUNT]
                yield Batch(
                    _count(warehouse_id, day, part),
                    part,
                    lambda part=part, warehouse_id=warehouse_id, day=day: (  # type: ignore[misc]
                        Batch(_count(warehouse_id, day, [row]), [row]) for row in part
                    ),
                )

    def _find_bin(self, row: PlannedRow, bins: dict[str, UUID]) -> None:
        code = row.values.get("bin", "")
        if code in bins:
            row.values["bin_id"] = bins[code]
        elif code:
            row.refuse(UNKNOWN_CODE, field=heading_of(self._target.field("bin")), code=code)
        else:
            row.refuse(NO_BIN)


def _count(warehouse_id: UUID, day: date, rows: Sequence[PlannedRow]) -> CountStock:
    lines = tuple(
        CountedLine(
            row.values["product_id"],
            row.values["bin_id"],
            row.values["qty"],
            row.values["unit_cost"],
            row.values.get("lot_code", ""),
            row.values.get("expires_on"),
        )
        for row in rows
    )
    content = [f"{line.product_id} {line.bin_id} {line.counted_qty} {line.lot_code}".rstrip() for line in lines]
    count_id = derived_id("import opening stock", warehouse_id, day.isoformat(), *content)
    return CountStock(count_id, warehouse_id, day, lines, is_opening=True)


@dataclass
class _Order:
    """The rows of one order of a channel, and what they say together."""

    channel_id: UUID
    warehouse_id: UUID
    number: str
    rows: list[PlannedRow]

    def as_channel_order(self) -> ChannelOrder:
        first = self.rows[0].values
        lines = tuple(
            ChannelLine(
                row.values["product_id"],
                row.values["qty"],
                row.values["unit_price"],
                row.values.get("discount", ZERO),
                row.values.get(UNIT),
            )
            for row in self.rows
        )
        return ChannelOrder(self.number, first["ordered_on"], lines, first.get("customer_id"), first.get("ship_to", ""))

    def total(self, currency_places: int) -> Decimal:
        """As the centre will compute it: each line rounded."""
        return sum(
            (
                round_money(
                    row.values["qty"] * row.values["unit_price"] * (ONE - row.values.get("discount", ZERO)),
                    currency_places,
                )
                for row in self.rows
            ),
            ZERO,
        )


class ChannelOrderRows:
    """A row is a line of an order; rows with the same channel and number are one order, taken in whole or not at all."""

    def __init__(self, target: ImportTarget, matching: Matching, ask: Ask) -> None:
        self._reader = RowReader(target, matching, ask)
        self._target = target
        self._ask = ask

    def judge(self, rows: list[PlannedRow]) -> None:
        for row in rows:
            self._reader.read(row)
            if row.values.get("qty") == 0:
                row.refuse(NOTHING_ORDERED)
        self._reader.find_codes(rows)
        for one in rows_in_units(self._target, self._ask, rows):
            if "qty" in one.row.values and one.stock_qty("qty") is not None:
                one.row.values[UNIT] = one.unit.id
        self._reader.fill_usual(rows)  # of bad rows too: they keep their whole order out
        orders: dict[tuple[Any, ...], _Order] = {}
        for row in rows:
            if not row.is_bad:
                self._reader.refuse_incomplete(row)
            key = row.values.get("channel_id"), row.values.get("external_number")
            order = orders.setdefault(key, _Order(key[0], row.values.get("warehouse_id"), str(key[1]), []))  # type: ignore[arg-type]
            order.rows.append(row)
            row.step = order
        whole = [order for order in orders.values() if self._is_whole(order)]
        self._compare_known(whole)

    def batches(self, rows: list[PlannedRow]) -> Iterator[Batch]:
        orders = {id(row.step): row.step for row in rows}
        groups: defaultdict[tuple[UUID, UUID], list[_Order]] = defaultdict(list)
        for order in orders.values():
            group = groups[order.channel_id, order.warehouse_id]
            if group and (
                len(group) >= ORDERS_PER_ACTION
                or sum(len(known.rows) for known in group) + len(order.rows) > LINES_PER_ACTION
            ):
                yield _take_in(group)
                group.clear()
            group.append(order)
        for group in groups.values():
            yield _take_in(group)

    def _is_whole(self, order: _Order) -> bool:
        first = order.rows[0]
        for row in order.rows[1:]:
            for name in ("ordered_on", "customer_id", "ship_to", "warehouse_id"):
                if (
                    not row.is_bad
                    and not first.is_bad
                    and row.values.get(name, first.values.get(name)) != first.values.get(name)
                ):
                    row.refuse(LINES_DISAGREE, field=heading_of(self._target.field(name)), row=first.number)
        bad = next((row for row in order.rows if row.is_bad), None)
        if bad is not None and "external_number" in bad.values:
            for row in order.rows:
                row.refuse(ANOTHER_LINE_IS_BAD, row=bad.number)
        return bad is None

    def _compare_known(self, orders: list[_Order]) -> None:
        places = self._ask(CompanyFacts()).currency_places
        by_channel: defaultdict[UUID, list[_Order]] = defaultdict(list)
        for order in orders:
            by_channel[order.channel_id].append(order)
        for channel_id, group in by_channel.items():
            known = self._ask(KnownChannelDocuments(channel_id, tuple(order.number for order in group)))
            for order in group:
                if order.number not in known:
                    continue
                total = order.total(places)
                for row in order.rows:
                    if known[order.number] == total:
                        row.verdict = Verdict.SAME
                    else:
                        row.refuse(
                            OTHER_TOTAL, number=order.number, stored=f"{known[order.number]:f}", total=f"{total:f}"
                        )


def _take_in(orders: Sequence[_Order]) -> Batch:
    orders = list(orders)
    action = TakeInChannelOrders(
        orders[0].channel_id, orders[0].warehouse_id, tuple(order.as_channel_order() for order in orders)
    )
    parts = (lambda: (_take_in([order]) for order in orders)) if len(orders) > 1 else None
    return Batch(action, [row for order in orders for row in order.rows], parts)
