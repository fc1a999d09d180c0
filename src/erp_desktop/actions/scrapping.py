"""Goods in stock that are of no use any more are thrown away."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.actions.appending import append_rows
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.finding import QtyNotPositive, find, find_all, open_period, refuse_empty_or_twice
from erp_desktop.actions.lots import refuse_wrong_lots
from erp_desktop.actions.moving import Move, bins_of, move_stock, new_move
from erp_desktop.actions.numbering import give_number
from erp_desktop.actions.posting import post
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_of
from erp_desktop.actions.supplier_returns import FreeStock
from erp_desktop.actions.valuing import value_issues
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ledger.events import Amount, StockScrapped
from erp_desktop.models.product import Product
from erp_desktop.models.stock import Bin, MoveKind, StockBalance, StockScrap, StockScrapLine


class NotFreeToScrap(Refused):
    code = "not_free_to_scrap"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Only {free} of {product} are free in {bin}, {asked} are to be scrapped. Scrap fewer, name another bin, or release what "
        "is allocated; nothing was changed.",
    )


@dataclass(frozen=True)
class ScrappedLine:
    """What is thrown away of a product in a bin, in stock units; of one lot, where it is kept by lots."""

    product_id: UUID
    bin_id: UUID
    qty: Decimal
    lot_id: UUID | None = None
    reason: str = ""


@action("goods.scrap")
@dataclass(frozen=True)
class ScrapStock(Action):
    """Free stock of a warehouse is thrown away: it leaves at its cost, as the method says, and that is a loss."""

    scrap_id: UUID
    warehouse_id: UUID
    scrapped_on: date
    lines: tuple[ScrappedLine, ...]
    reason: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        refuse_empty_or_twice(self.lines, [(line.product_id, line.bin_id, line.lot_id) for line in self.lines])
        open_period(session, ctx, self.scrapped_on)
        products = find_all(session, ctx, Product, (line.product_id for line in self.lines))
        places = bins_of(session, ctx, self.warehouse_id, [line.bin_id for line in self.lines])
        for line in self.lines:
            if line.qty <= 0:
                raise QtyNotPositive(qty=line.qty, product=products[line.product_id].code)
        refuse_wrong_lots(session, ctx, [(products[line.product_id], line.lot_id) for line in self.lines])
        self._refuse_what_is_not_free(session, ctx, products)

        document = ("stock_scrap", self.scrap_id)
        rows: list[dict[str, Any]] = []
        moves: list[Move] = []
        for line_no, (line, place) in enumerate(zip(self.lines, places, strict=True), start=1):
            line_id = ctx.new_id()
            rows.append({"id": line_id, "scrap_id": self.scrap_id, "line_no": line_no, **vars(line)})
            moves.append(
                new_move(
                    ctx,
                    MoveKind.SCRAP,
                    line.product_id,
                    line.qty,
                    self.scrapped_on,
                    document,
                    (line_id, line_no),
                    source=place,
                    lot_id=line.lot_id,
                )
            )
        scrap = StockScrap(
            company_id=ctx.company_id,
            id=self.scrap_id,
            number=give_number(session, ctx, "stock_scrap", self.scrapped_on),
            warehouse_id=self.warehouse_id,
            scrapped_on=self.scrapped_on,
            reason=self.reason,
            status="posted",
        )
        session.add(scrap)
        append_rows(session, ctx, StockScrapLine, rows)
        move_stock(session, ctx, moves)

        if ctx.at_centre:
            lost = tuple(
                Amount(valued.cost, valued.dimensions(self.warehouse_id))
                for valued in value_issues(session, ctx, moves)
            )
            post(session, ctx, StockScrapped(lost), self.scrapped_on, document, text=scrap.number or "")

    def _refuse_what_is_not_free(self, session: Session, ctx: Context, products: dict[UUID, Product]) -> None:
        balances = rows_of(session, ctx, StockBalance, products)
        stock = FreeStock(row for rows in balances.values() for row in rows if row.warehouse_id == self.warehouse_id)
        for line in self.lines:
            free = stock.qty(line.product_id, line.bin_id, line.lot_id)
            if free < line.qty:
                raise NotFreeToScrap(
                    free=free,
                    product=products[line.product_id].code,
                    bin=find(session, ctx, Bin, line.bin_id).code,
                    asked=line.qty,
                )
            stock.take(line.product_id, line.bin_id, line.lot_id, line.qty)
