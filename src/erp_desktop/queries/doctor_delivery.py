"""What the doctor checks of goods under way to customers, in a company that posts revenue at delivery.

The goods dispatched accounts hold what the shipments cost that are not delivered yet, with all that changed it since, less what
came back of them; in the book that posts.
"""

from sqlalchemy import and_, func, select

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.costing import CostAdjustment, CostBook, CostPool, MoveCost
from erp_desktop.models.ledger import Account, AccountPurpose, LedgerBalance
from erp_desktop.models.sales import Shipment
from erp_desktop.models.stock import StockMove
from erp_desktop.numbers import ZERO
from erp_desktop.queries.cost_of_sales import moves_of_shipments, posts_at_delivery
from erp_desktop.queries.examining import Check, Difference, Examined, check, shown


@check(AccountPurpose, LedgerBalance, Shipment, StockMove, CostPool, CostBook, MoveCost, CostAdjustment)
def goods_dispatched_are_the_shipments_under_way(examined: Examined) -> list[Difference]:
    session, company_id = examined.session, examined.company_id
    if not posts_at_delivery(session, company_id):
        return []
    accounts = select(AccountPurpose.account_id).where(
        AccountPurpose.company_id == company_id, AccountPurpose.purpose == "goods_dispatched"
    )
    debit, credit = session.execute(
        select(func.sum(LedgerBalance.debit), func.sum(LedgerBalance.credit)).where(
            LedgerBalance.company_id == company_id, LedgerBalance.account_id.in_(accounts)
        )
    ).one()
    balance = (debit or ZERO) - (credit or ZERO)
    under_way = select(Shipment.id).where(Shipment.company_id == company_id, Shipment.under_way_until.is_(None))
    left, moves = moves_of_shipments(company_id, under_way), ZERO
    for table, amount in ((MoveCost, -MoveCost.cost), (CostAdjustment, CostAdjustment.to_cost_of_sales)):
        of_book = (
            select(func.sum(amount))
            .join(CostPool, and_(CostPool.company_id == table.company_id, CostPool.id == table.pool_id))
            .join(CostBook, and_(CostBook.company_id == CostPool.company_id, CostBook.id == CostPool.book_id))
            .where(table.company_id == company_id, table.move_id.in_(left), CostBook.posts_to_ledger)
        )
        moves += session.scalar(of_book) or ZERO
    if balance == moves:
        return []
    codes = select(Account.code).where(Account.company_id == company_id, Account.id.in_(accounts))
    where = ", ".join(sorted(session.scalars(codes)))
    what = QT_TRANSLATE_NOOP("Doctor", "Balance of the goods dispatched accounts against the shipments under way")
    return [Difference(what, where, shown(moves), shown(balance))]


DELIVERY_CHECKS: tuple[Check, ...] = (goods_dispatched_are_the_shipments_under_way,)
