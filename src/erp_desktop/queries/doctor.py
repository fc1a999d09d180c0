"""The doctor: every figure that is kept is computed again from what it sums up, and each difference is named.

Here: which checks run. They stand in doctor_stock.py (quantities, documents, numbers), doctor_transfers.py (goods in
transit), doctor_money.py (costs, ledger), doctor_costing.py (costs counted again), doctor_delivery.py (goods under way to
customers), doctor_valuation.py (allowances) and doctor_cost_to_serve.py (what was shared). Nothing is written.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.models.base import hidden_columns, may_hold, replicated_tables
from erp_desktop.models.company import Company
from erp_desktop.queries.doctor_cost_to_serve import SERVING_CHECKS
from erp_desktop.queries.doctor_costing import COSTING_CHECKS
from erp_desktop.queries.doctor_delivery import DELIVERY_CHECKS
from erp_desktop.queries.doctor_money import MONEY_CHECKS
from erp_desktop.queries.doctor_stock import STOCK_CHECKS
from erp_desktop.queries.doctor_transfers import TRANSFER_CHECKS
from erp_desktop.queries.doctor_valuation import VALUATION_CHECKS
from erp_desktop.queries.examining import Difference, Examined
from erp_desktop.queries.window import HeldSince, is_windowed

__all__ = ["Difference", "examine"]


def examine(session: Session, company_id: UUID, permissions: frozenset[str] | None = None) -> tuple[Difference, ...]:
    """Every difference in a company's books, most basic first; none is a clean bill of health.

    At the centre `permissions` is None: everything is there. On a desk they are the user's, and a check runs only if
    the user may see every table that it reads, and all of it, older documents included.
    """
    company = session.get(Company, (company_id, company_id))
    if company is None:
        return ()
    held = {
        name
        for name, model in replicated_tables().items()
        if permissions is None or (may_hold(model, permissions) and not hidden_columns(model, permissions))
    }
    if permissions is not None and HeldSince(permissions).run(session, company_id) is not None:
        held = {name for name in held if not is_windowed(name)}
    examined = Examined(session, company_id, company.currency_places)
    return tuple(
        difference
        for one in (
            *STOCK_CHECKS,
            *TRANSFER_CHECKS,
            *MONEY_CHECKS,
            *COSTING_CHECKS,
            *DELIVERY_CHECKS,
            *VALUATION_CHECKS,
            *SERVING_CHECKS,
        )
        if one.tables <= held
        for difference in one.run(examined)
    )
