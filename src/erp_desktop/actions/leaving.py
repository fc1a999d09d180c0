"""A draft that is given another warehouse leaves the desks of people who are tied to the one before."""

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from erp_desktop.actions.base import Context
from erp_desktop.actions.lines import bury
from erp_desktop.models import replicated_tables
from erp_desktop.models.attachment import Attachment
from erp_desktop.models.purchasing import PurchaseOrder
from erp_desktop.models.sales import SalesOrder


def leave_warehouse(session: Session, ctx: Context, order: PurchaseOrder | SalesOrder) -> None:
    """Called before the warehouse of a draft is changed and its lines are written anew.

    Every desk is told to forget the order with its lines and files. Whoever may still see them is sent them in the same pull:
    all of them get this action's tick (lines.py sees to that of the lines).
    """
    if not ctx.at_centre:
        return
    kind = order.__tablename__
    bury(session, ctx, type(order), [order.id])
    for model in replicated_tables().values():
        if model.part_of is not None and model.part_of[1] == kind:
            of_it = model.__table__.columns[model.part_of[0]] == order.id
            parts = session.scalars(select(model.id).where(model.company_id == ctx.company_id, of_it)).all()
            bury(session, ctx, model, parts)
    of_it = (Attachment.document_kind == kind) & (Attachment.document_id == order.id)
    files = session.scalars(select(Attachment).where(Attachment.company_id == ctx.company_id, of_it)).all()
    bury(session, ctx, Attachment, [file.id for file in files])
    for file in files:
        flag_modified(file, "document_id")
