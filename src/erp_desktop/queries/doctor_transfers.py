"""What the doctor checks of goods transfers: what their lines say against what moved, and how far each has come."""

from typing import Any

from sqlalchemy import func, select

from erp_desktop.actions.transit import transit_warehouse_id
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.stock import GoodsTransfer, GoodsTransferLine, MoveKind, StockMove, TransferStatus
from erp_desktop.numbers import ZERO
from erp_desktop.queries.doctor_stock import line_of
from erp_desktop.queries.examining import Check, Difference, Examined, check, differing, listed


def _quantity_check(what: str, column: Any, kind: MoveKind, place: Any) -> Check:
    """A quantity of a line is what its moves of a kind brought into transit, or took out of it (`place`)."""

    @check(GoodsTransfer, GoodsTransferLine, StockMove)
    def lines_are_what_moved(examined: Examined) -> list[Difference]:
        moved = select(StockMove.line_id, StockMove.qty).where(
            StockMove.company_id == examined.company_id,
            StockMove.document_kind == GoodsTransfer.__tablename__,
            StockMove.kind == kind,
            place == transit_warehouse_id(examined.company_id),
        )
        kept = select(GoodsTransferLine.id, column).where(GoodsTransferLine.company_id == examined.company_id)
        return differing(examined, what, moved, kept, line_of(GoodsTransfer, GoodsTransferLine, "transfer_id"))

    return lines_are_what_moved


@check(GoodsTransfer, GoodsTransferLine)
def transfers_stand_where_their_lines_say(examined: Examined) -> list[Difference]:
    line = GoodsTransferLine
    sums = (
        select(
            line.transfer_id,
            func.sum(line.qty, type_=line.qty.type),
            func.sum(line.received_qty, type_=line.qty.type),
            func.sum(line.lost_qty, type_=line.qty.type),
        )
        .where(line.company_id == examined.company_id)
        .group_by(line.transfer_id)
    )
    progress = {row[0]: row[1:] for row in examined.session.execute(sums)}
    transfers = select(GoodsTransfer.id, GoodsTransfer.status).where(GoodsTransfer.company_id == examined.company_id)
    wrong = []
    for transfer_id, status in examined.session.execute(transfers.order_by(GoodsTransfer.id)):
        expected = _status(*progress.get(transfer_id, (ZERO, ZERO, ZERO)))
        if status != expected:
            wrong.append((examined.name(GoodsTransfer, transfer_id), expected, status))
    return listed(QT_TRANSLATE_NOOP("Doctor", "Status of a goods transfer against what arrived"), wrong)


def _status(qty: Any, received: Any, lost: Any) -> str:
    if lost:
        return TransferStatus.CLOSED_SHORT if received + lost == qty else TransferStatus.PART_RECEIVED
    if received == qty:
        return TransferStatus.RECEIVED
    return TransferStatus.PART_RECEIVED if received else TransferStatus.DISPATCHED


TRANSFER_CHECKS: tuple[Check, ...] = (
    _quantity_check(
        QT_TRANSLATE_NOOP("Doctor", "Quantity of a goods transfer line against what left"),
        GoodsTransferLine.qty,
        MoveKind.TRANSFER,
        StockMove.to_warehouse_id,
    ),
    _quantity_check(
        QT_TRANSLATE_NOOP("Doctor", "Received quantity of a goods transfer line against what arrived"),
        GoodsTransferLine.received_qty,
        MoveKind.TRANSFER,
        StockMove.from_warehouse_id,
    ),
    _quantity_check(
        QT_TRANSLATE_NOOP("Doctor", "Lost quantity of a goods transfer line against what was written off"),
        GoodsTransferLine.lost_qty,
        MoveKind.COUNT_LOSS,
        StockMove.from_warehouse_id,
    ),
    transfers_stand_where_their_lines_say,
)
