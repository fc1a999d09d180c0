"""What the doctor checks of allowances: each against the write-downs that made it, all of them against their account."""

from sqlalchemy import and_, func, select, type_coerce

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.ledger import Account, AccountPurpose, LedgerBalance
from erp_desktop.models.product import Product
from erp_desktop.models.types import MoneyType
from erp_desktop.models.valuation import StockAllowance, WriteDownLine
from erp_desktop.numbers import ZERO
from erp_desktop.queries.examining import Check, Difference, Examined, check, differing, shown


@check(StockAllowance, WriteDownLine)
def allowances_are_their_write_downs(examined: Examined) -> list[Difference]:
    line = WriteDownLine
    changes = select(line.product_id, type_coerce(line.written_down - line.released, MoneyType()))
    changes = changes.where(line.company_id == examined.company_id, line.written_down.is_not(None))
    kept = select(StockAllowance.product_id, StockAllowance.amount)
    return differing(
        examined,
        QT_TRANSLATE_NOOP("Doctor", "Allowance of a product against its write-downs"),
        changes,
        kept.where(StockAllowance.company_id == examined.company_id),
        lambda examined, key: examined.name(Product, key[0]),
    )


@check(AccountPurpose, Account, LedgerBalance, StockAllowance)
def allowance_accounts_hold_the_allowances(examined: Examined) -> list[Difference]:
    scalar = examined.session.scalar
    accounts = select(AccountPurpose.account_id).where(
        AccountPurpose.company_id == examined.company_id, AccountPurpose.purpose == "inventory_allowance"
    )
    of_accounts = and_(LedgerBalance.company_id == examined.company_id, LedgerBalance.account_id.in_(accounts))
    credit = scalar(select(func.sum(LedgerBalance.credit)).where(of_accounts)) or ZERO
    debit = scalar(select(func.sum(LedgerBalance.debit)).where(of_accounts)) or ZERO
    kept = select(func.sum(StockAllowance.amount)).where(StockAllowance.company_id == examined.company_id)
    allowances = scalar(kept) or ZERO
    if credit - debit == allowances:
        return []
    codes = select(Account.code).where(Account.company_id == examined.company_id, Account.id.in_(accounts))
    where = ", ".join(sorted(examined.session.scalars(codes)))
    what = QT_TRANSLATE_NOOP("Doctor", "Balance of the allowance accounts against the allowances of products")
    return [Difference(what, where, shown(allowances), shown(credit - debit))]


VALUATION_CHECKS: tuple[Check, ...] = (allowances_are_their_write_downs, allowance_accounts_hold_the_allowances)
