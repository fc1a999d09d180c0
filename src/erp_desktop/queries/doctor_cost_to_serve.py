"""What the doctor checks of costs to serve: the shares of a period are all of its costs, and these are the ledger's."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.cost_to_serve import CostToServeRun, CostToServeShare, CostToServeTotal
from erp_desktop.models.ledger import Account, JournalLine, Period
from erp_desktop.queries.examining import Check, Difference, Examined, check, differing


def _kind_in_period(examined: Examined, key: Sequence[Any]) -> str:
    return f"{examined.name(Period, key[0])} {key[1]}"


@check(CostToServeTotal, CostToServeShare, CostToServeRun)
def shares_add_up_to_the_costs(examined: Examined) -> list[Difference]:
    company = examined.company_id
    total, share, run = CostToServeTotal, CostToServeShare, CostToServeRun
    shared_periods = select(run.period_id).where(run.company_id == company)
    of_runs = and_(share.company_id == company, share.period_id.in_(shared_periods))
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Costs to serve of a period against what was shared of them"),
        select(total.period_id, total.kind, total.rule_id, total.amount).where(total.company_id == company),
        select(share.period_id, share.kind, share.rule_id, share.amount).where(of_runs),
        _kind_in_period,
    )


@check(CostToServeTotal, JournalLine, Period)
def costs_of_closed_periods_are_the_ledgers(examined: Examined) -> list[Difference]:
    """An open period's ledger may have moved on since it was shared; a closed one's may not."""
    company = examined.company_id
    total, line, period = CostToServeTotal, JournalLine, Period
    closed = and_(period.company_id == total.company_id, period.id == total.period_id, period.is_closed.is_(True))
    posted = and_(
        line.company_id == total.company_id,
        line.account_id == total.account_id,
        line.dated_on.between(period.starts_on, period.ends_on),
        or_(total.cost_centre_id.is_(None), line.cost_centre_id == total.cost_centre_id),
    )
    key = (total.period_id, total.account_id, total.rule_id)

    def where(examined: Examined, key: Sequence[Any]) -> str:
        return f"{examined.name(Period, key[0])} {examined.name(Account, key[1])}"

    ledger = select(*key, line.debit - line.credit).join(period, closed).join(line, posted)
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Costs to serve of a closed period against the ledger"),
        ledger.where(total.company_id == company),
        select(*key, total.amount).join(period, closed).where(total.company_id == company),
        where,
    )


SERVING_CHECKS: tuple[Check, ...] = (shares_add_up_to_the_costs, costs_of_closed_periods_are_the_ledgers)
