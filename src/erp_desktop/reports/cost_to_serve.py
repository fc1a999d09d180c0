"""What it cost to serve products, orders, channels and customers beyond the goods, and that it is all of the ledger's."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Warehouse
from erp_desktop.numbers import ZERO
from erp_desktop.queries.served_costs import (
    Narrowed,
    ServedCost,
    ServedPeriod,
    cost_to_serve_by_kind_and,
    served_periods,
)
from erp_desktop.reports.figures import document_numbers, holds_the_ledger
from erp_desktop.reports.making import (
    CHANNEL,
    CUSTOMER,
    FROM,
    PRODUCT,
    TO,
    WAREHOUSE,
    by_text,
    choice,
    chosen,
    dates,
    heading_of,
    names_of,
    record_named,
    report_for,
    sum_of,
    with_default,
)
from erp_desktop.reports.report import (
    Bilingual,
    Check,
    Column,
    ColumnKind,
    Link,
    Report,
    ReportDefinition,
    Row,
    Section,
    Term,
    define,
)

KINDS = {
    "storage": QT_TRANSLATE_NOOP("Report", "Storage"),
    "handling": QT_TRANSLATE_NOOP("Report", "Handling labour"),
    "packaging": QT_TRANSLATE_NOOP("Report", "Packaging"),
    "channel_fees": QT_TRANSLATE_NOOP("Report", "Channel fees"),
    "payment_fees": QT_TRANSLATE_NOOP("Report", "Payment fees"),
    "delivery": QT_TRANSLATE_NOOP("Report", "Delivery"),
}
DRIVERS = {
    "volume_days": QT_TRANSLATE_NOOP("Report", "Volume-days in stock"),
    "picks": QT_TRANSLATE_NOOP("Report", "Lines shipped"),
    "parcels": QT_TRANSLATE_NOOP("Report", "Parcels shipped"),
    "revenue": QT_TRANSLATE_NOOP("Report", "Invoiced revenue"),
    "qty": QT_TRANSLATE_NOOP("Report", "Quantity shipped"),
    "weight": QT_TRANSLATE_NOOP("Report", "Weight shipped"),
}
RULE_COLUMNS = (
    Column("kind", QT_TRANSLATE_NOOP("Report", "Kind of cost")),
    Column("accounts", QT_TRANSLATE_NOOP("Report", "Accounts")),
    Column("cost_centre", QT_TRANSLATE_NOOP("Report", "Cost centre")),
    Column("driver", QT_TRANSLATE_NOOP("Report", "Shared by")),
    Column("ledger", QT_TRANSLATE_NOOP("Report", "In the ledger"), ColumnKind.MONEY, is_total=True),
    Column("allocated", QT_TRANSLATE_NOOP("Report", "Allocated"), ColumnKind.MONEY, is_total=True),
    Column("not_allocated", QT_TRANSLATE_NOOP("Report", "Not allocated"), ColumnKind.MONEY, is_total=True),
    Column("difference", QT_TRANSLATE_NOOP("Report", "Not shared yet"), ColumnKind.MONEY, is_total=True),
    Column("standard", QT_TRANSLATE_NOOP("Report", "At standard"), ColumnKind.MONEY, is_total=True),
    Column("above_standard", QT_TRANSLATE_NOOP("Report", "Above standard"), ColumnKind.MONEY, is_total=True),
)
FIGURES = (
    *(Column(kind, heading, ColumnKind.MONEY, is_total=True) for kind, heading in KINDS.items()),
    Column("total", QT_TRANSLATE_NOOP("Report", "Cost to serve"), ColumnKind.MONEY, is_total=True),
)
BY = choice(
    "by",
    QT_TRANSLATE_NOOP("Report", "Grouped by"),
    ("product", QT_TRANSLATE_NOOP("Report", "Product")),
    ("order", QT_TRANSLATE_NOOP("Report", "Order")),
    ("channel", QT_TRANSLATE_NOOP("Report", "Channel")),
    ("customer", QT_TRANSLATE_NOOP("Report", "Customer")),
    ("warehouse", QT_TRANSLATE_NOOP("Report", "Warehouse")),
)
TABLES: dict[str, Any] = {"product": Product, "channel": Channel, "customer": Party, "warehouse": Warehouse}
NO_ONE = {
    "product": QT_TRANSLATE_NOOP("Report", "Of no product"),
    "order": QT_TRANSLATE_NOOP("Report", "Of no order"),
    "channel": QT_TRANSLATE_NOOP("Report", "Of no channel"),
    "customer": QT_TRANSLATE_NOOP("Report", "Of no customer"),
    "warehouse": QT_TRANSLATE_NOOP("Report", "Of no warehouse"),
}
AGREES_WITH_LEDGER = QT_TRANSLATE_NOOP("Report", "What was shared equals the ledger's costs of these periods")
AGREES_WITH_RUNS = QT_TRANSLATE_NOOP("Report", "What was shared equals the costs when they were shared")
NOT_POSTED = QT_TRANSLATE_NOOP(
    "Report",
    "For analysis: nothing of it is posted, and nothing of it is in the value of stock. Whole periods within the dates count.",
)
NO_LEDGER = QT_TRANSLATE_NOOP("Report", "The ledger is not held here, so the costs are those when they were shared.")


def cost_to_serve(
    session: Session, company_id: UUID, first: date, last: date, by: str = "product", only: Narrowed | None = None
) -> Report:
    """The whole periods from `first` to `last`: costs against the ledger by rule, then what fell on whom by kind.

    What `only` narrows is the second section; then it is no longer all of the ledger's, and not compared with it.
    """
    only = only or Narrowed()
    periods = served_periods(session, company_id, first, last)
    sections = [_whom(session, company_id, first, last, by, only)]
    checks, notes = [], [NOT_POSTED]
    if only.is_all:
        sections.insert(0, _against_the_ledger(periods, first, last))
        run = [cost for period in periods if period.run_at for cost in period.costs]
        found = sections[1].total("total")
        if holds_the_ledger(session, company_id):
            checks.append(Check(AGREES_WITH_LEDGER, sum_of(cost.ledger or ZERO for cost in run), found))
        else:
            notes.append(NO_LEDGER)
            checks.append(Check(AGREES_WITH_RUNS, sum_of(cost.allocated + cost.not_allocated for cost in run), found))
    parameters: list[tuple[str, str | Bilingual | Term]] = [dates(first, last), chosen(BY, by)]
    for parameter, id in (
        (PRODUCT, only.product_id),
        (CHANNEL, only.channel_id),
        (CUSTOMER, only.customer_id),
        (WAREHOUSE, only.warehouse_id),
    ):
        if id is not None:
            parameters.append(heading_of(parameter, record_named(session, company_id, TABLES[parameter.name], id)))
    if open_ones := [f"{period.starts_on:%Y-%m}" for period in periods if period.run_at is None]:
        parameters.append((QT_TRANSLATE_NOOP("Report", "Not shared yet"), ", ".join(open_ones)))
    return report_for(session, company_id, DEFINITION, parameters, sections, checks, notes)


def _against_the_ledger(periods: Sequence[ServedPeriod], first: date, last: date) -> Section:
    sums: dict[UUID, list[ServedCost]] = {}
    for period in periods:
        for cost in period.costs:
            sums.setdefault(cost.id, []).append(cost)
    rows = []
    for costs in sorted(sums.values(), key=lambda costs: (tuple(KINDS).index(costs[0].kind), costs[0].account_codes)):
        one = costs[-1]
        codes = ",".join(sorted({code for cost in costs for code in cost.account_codes.split(", ")}))
        behind = {"account": codes, "from": first, "to": last}
        amounts = {
            name: _added(getattr(cost, name) for cost in costs)
            for name in ("ledger", "allocated", "not_allocated", "difference", "standard", "above_standard")
        }
        words = {"kind": Term(KINDS[one.kind]), "driver": Term(DRIVERS[one.driver])}
        cells = {**words, "accounts": one.account_codes, "cost_centre": one.cost_centre_code, **amounts}
        rows.append(Row(cells, link=Link("report", report="general_ledger", parameters=behind) if codes else None))
    totals = tuple(column.name for column in RULE_COLUMNS if column.is_total)
    return Section(RULE_COLUMNS, tuple(rows), title=QT_TRANSLATE_NOOP("Report", "Costs and the ledger"), totals=totals)


def _added(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum_of(known) if known else None


def _whom(session: Session, company_id: UUID, first: date, last: date, by: str, only: Narrowed) -> Section:
    found = cost_to_serve_by_kind_and(session, company_id, first, last, by, only)  # type: ignore[arg-type]  # a choice
    names: Mapping[UUID, Bilingual]
    if by == "order":
        orders = {("sales_order", id) for id in found if id is not None}
        names = {id: Bilingual(number) for id, number in document_numbers(session, company_id, orders).items()}
    else:
        names = names_of(session, company_id, TABLES[by], found)
    rows = []
    for id, amounts in sorted(found.items(), key=lambda item: (item[0] is None, by_text(names, item[0]), str(item[0]))):
        if not any(amounts.values()):
            continue
        name = Term(NO_ONE[by]) if id is None else names.get(id, Bilingual(str(id)))
        cells = {"name": name, **amounts, "total": sum_of(amounts.values())}
        rows.append(Row(cells, link=_behind(by, id, first, last, only)))
    totals = tuple(column.name for column in FIGURES)
    columns = (Column("name", dict(BY.choices)[by]), *FIGURES)
    return Section(columns, tuple(rows), title=QT_TRANSLATE_NOOP("Report", "What it was spent on"), totals=totals)


def _behind(by: str, id: UUID | None, first: date, last: date, only: Narrowed) -> Link | None:
    """An order opens; of everything else its orders are listed, and of a product's storage its warehouses."""
    if id is None:
        return None
    if by == "order":
        return Link("sales_order", id=id)
    kept = {name.removesuffix("_id"): value for name, value in vars(only).items() if value is not None}
    narrowed = {"from": first, "to": last, **kept, by: id, "by": "product" if by == "warehouse" else "order"}
    return Link("report", report="cost_to_serve", parameters=narrowed)


def _build(
    session: Session,
    company_id: UUID,
    from_: date,
    to: date,
    by: str = "product",
    product: UUID | None = None,
    channel: UUID | None = None,
    customer: UUID | None = None,
    warehouse: UUID | None = None,
) -> Report:
    return cost_to_serve(session, company_id, from_, to, by, Narrowed(product, channel, customer, warehouse))


def _last_month(today: date) -> date:
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _end_of_month(today: date) -> date:
    return today.replace(day=monthrange(today.year, today.month)[1])


DEFINITION = define(
    ReportDefinition(
        "cost_to_serve",
        QT_TRANSLATE_NOOP("Report", "Cost to serve"),
        "cost.read",
        (
            with_default(FROM, default=_last_month),
            with_default(TO, default=_end_of_month),
            BY,
            PRODUCT,
            CHANNEL,
            CUSTOMER,
            WAREHOUSE,
        ),
        _build,
        area="costing",
    )
)
