"""The place where goods are that go from one warehouse to another: one per company, made by the first transfer.

Only goods transfers lead into it and out of it (transferring.py); whatever else names it is refused.
"""

from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.remembering import rows_by_id
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.models.stock import Bin, Warehouse

_CODE = "TRANSIT"


class OnlyInTransit(Refused):
    code = "only_in_transit"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Goods in transit are in no warehouse: only a goods transfer brings them there and takes them in. "
        "Choose a warehouse; nothing was changed.",
    )


@lru_cache(maxsize=64)  # every move that is valued asks whether its goods were in transit
def transit_warehouse_id(company_id: UUID) -> UUID:
    """The id of the company's place for goods in transit, whether there is one yet or not."""
    return derived_id("warehouse", company_id, _CODE)


@lru_cache(maxsize=64)
def transit_bin_id(company_id: UUID) -> UUID:
    """The id of its only bin."""
    return derived_id("bin", company_id, _CODE)


def refuse_transit(ctx: Context, *warehouse_ids: UUID | None) -> None:
    """Raises OnlyInTransit if one of the warehouses that an action names is the place for goods in transit."""
    if transit_warehouse_id(ctx.company_id) in warehouse_ids:
        raise OnlyInTransit()


def open_transit(session: Session, ctx: Context) -> None:
    """See to it that the place and its bin are there."""
    warehouse_id, bin_id = transit_warehouse_id(ctx.company_id), transit_bin_id(ctx.company_id)
    if rows_by_id(session, ctx, Warehouse, [warehouse_id]):
        return
    session.add(
        Warehouse(
            company_id=ctx.company_id,
            id=warehouse_id,
            code=_free_code(session, ctx),
            name="In transit",
            name_zh="在途",
            receiving_bin_id=bin_id,
            is_transit=True,
        )
    )
    session.flush()  # its bin names it
    session.add(Bin(company_id=ctx.company_id, id=bin_id, warehouse_id=warehouse_id, code=_CODE))
    session.flush()


def _free_code(session: Session, ctx: Context) -> str:
    """A building of that name may be there already."""
    taken = set(
        session.scalars(
            select(Warehouse.code).where(
                Warehouse.company_id == ctx.company_id, Warehouse.code.startswith(_CODE, autoescape=True)
            )
        )
    )
    further = 2
    code = _CODE
    while code in taken:
        code, further = f"{_CODE}-{further}", further + 1
    return code
