"""`python -m benchmarks.workload [--short]`: the neutral ERP workload, W1-W8, on SQLite and PostgreSQL.

One document a commit (what a person waits for) and bulk (what an import gets), in segments that end at 200, 500, 1,000 and
2,000 documents, so that growth shows. Access checks, audit log with hash chain and idempotency are in every figure.
"""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from benchmarks import workload_data
from benchmarks.business import METHODS, Business
from benchmarks.databases import DATABASES, Database
from benchmarks.figures import Timing, arguments, best_of, peak_memory_mb, tell, timed
from benchmarks.over_http import HttpBusiness
from erp_desktop.actions.base import Action
from erp_desktop.actions.price_corrections import CorrectReceiptPrice
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.stock import CountedLine, CountStock
from erp_desktop.central.performing import ACTIONS_PER_TRANSACTION, Centre
from erp_desktop.database import reader
from erp_desktop.ids import new_id
from erp_desktop.memory import settle_memory
from erp_desktop.models.costing import CostAdjustment, CostEdge, CostLayer, MoveCost
from erp_desktop.models.ledger import Account, AccountPurpose, JournalEntry, JournalLine
from erp_desktop.models.purchasing import GoodsReceiptLine
from erp_desktop.models.stock import StockMove
from erp_desktop.queries.base import Between, ListRequest
from erp_desktop.queries.ledger_figures import account_ledger, trial_balance
from erp_desktop.queries.stock import StockMoves
from erp_desktop.queries.stock_figures import (
    quantity_by_location,
    quantity_by_product,
    stock_value,
    stock_value_on,
)

PRODUCTS = 500
WARM_UP = 10
SAMPLE = 40  # documents of a segment that are their own commit
GOALS = {"W1": 10.0, "W2": 10.0, "W3": 20.0, "W8": None}
BULK_GOAL = 5.0
COUNTED = {"moves": StockMove, "layers": CostLayer, "edges": CostEdge, "entries": JournalEntry, "lines": JournalLine}

Document = Callable[[int], list[list[Action]]]  # the commits of document d


def main() -> None:
    is_short = "--short" in arguments()
    settle_memory()  # as the central service does
    cuts = workload_data.CUTS[:2] if is_short else workload_data.CUTS
    for kind, open_database in DATABASES.items():
        with open_database() as database:
            business = Business(Centre(database.engine), PRODUCTS)
            documents(database, business, cuts)
            reads(database, business)
            late_costs(database, business, workload_data.W4_SIZES[: 1 if is_short else None])
            tell(f"{kind} peak memory", peak_memory_mb(), "MB")
            tell(f"{kind} database size", database.size_mb(), "MB", documents=cuts[-1])
        with open_database() as database, HttpBusiness.serve(database) as business:
            over_http(database, business, 60)


def documents(database: Database, business: Business, cuts: tuple[int, ...]) -> None:
    """W1, W2, W3 and W8, in segments; stock, numbers and postings are checked at the end."""
    kinds: dict[str, Document] = {
        "W1": lambda d: [business.w1(d)],
        "W2": lambda d: [business.w2(d)],
        "W3": lambda d: [business.w3_order(d), business.w3_ship(d)],
        "W8": lambda d: [business.w8(d)],
    }
    for document in kinds.values():
        for d in range(WARM_UP):
            business.perform(*(action for commit in document(d) for action in commit))
    first = WARM_UP
    single_figures: dict[str, list[float]] = {name: [] for name in kinds}
    for cut in cuts:
        for name, document in kinds.items():
            rows = _row_counts(database, business)
            sample = range(first, first + SAMPLE)
            single = one_by_one(database, business, document, sample)
            written = {
                table: (count - rows[table]) / SAMPLE for table, count in _row_counts(database, business).items()
            }
            single_figures[name].append(single.per(SAMPLE))
            _tell_documents(f"{database.kind} {name} 1 doc/commit to {cut}", single, SAMPLE, GOALS[name], rows=written)
            rest = range(first + SAMPLE, cut)
            bulk = together(database, business, document, rest)
            goal = BULK_GOAL if GOALS[name] else None
            _tell_documents(f"{database.kind} {name} bulk to {cut}", bulk, len(rest), goal)
        first = cut
    for name, figures in single_figures.items():
        tell(f"{database.kind} {name} growth {cuts[0]} to {cuts[-1]}", figures[-1] / figures[0], "ratio", 1.3)
    _check(business, cuts[-1])


def one_by_one(database: Database, business: Any, document: Document, numbers: range) -> Timing:
    """Each document in its own commit or commits."""
    with timed(database.server_cpu) as timing:
        for d in numbers:
            start = time.perf_counter()
            for commit in document(d):
                business.perform(*commit)
            timing.each.append(time.perf_counter() - start)
    return timing


def together(database: Database, business: Business, document: Document, numbers: range) -> Timing:
    """As many documents in a transaction as the centre takes."""
    with timed(database.server_cpu) as timing:
        for batch in _batches(document, numbers):
            business.perform(*batch)
    return timing


def _batches(document: Document, numbers: range) -> Iterator[list[Action]]:
    batch: list[Action] = []
    for d in numbers:
        actions = [action for commit in document(d) for action in commit]
        if len(batch) + len(actions) > ACTIONS_PER_TRANSACTION:
            yield batch
            batch = []
        batch += actions
    yield batch


def _tell_documents(label: str, timing: Timing, count: int, goal: float | None, **more: Any) -> None:
    single = {"p50": round(timing.percentile(0.5), 2), "p95": round(timing.percentile(0.95), 2)} if timing.each else {}
    tell(
        label,
        timing.per(count),
        "ms/doc",
        goal,
        cpu_ms=round(timing.cpu * 1000 / count, 2),
        docs_per_s=round(count / timing.wall, 1),
        other=round(timing.other, 2),
        **single,
        **more,
    )


def _row_counts(database: Database, business: Business) -> dict[str, int]:
    with Session(database.engine) as session:
        return {
            name: session.scalar(select(func.count()).select_from(table).where(table.company_id == business.company_id))
            or 0
            for name, table in COUNTED.items()
        }


def _check(business: Business, documents_done: int) -> None:
    """What must be so after the documents: every unit accounted for, debits equal credits."""
    expected: dict[str, int] = {}
    for d in range(documents_done):
        for product, qty, _ in workload_data.purchase_order(d, PRODUCTS)[1]:
            expected[f"P{product:05d}"] = expected.get(f"P{product:05d}", 0) + qty
        for product, qty, _ in workload_data.sales_order(d, PRODUCTS)[1]:
            expected[f"P{product:05d}"] -= qty
    with Session(business.centre.engine) as session:
        found = {row.product_code: row.on_hand for row in quantity_by_product(session, business.company_id)}
        lines = trial_balance(session, business.company_id)
    assert all(found.get(code, 0) == qty for code, qty in expected.items()), "stock differs from the documents"
    assert sum(line.debit for line in lines) == sum(line.credit for line in lines), "debits differ from credits"


def reads(database: Database, business: Business) -> None:
    """W5 stock figures, W6 ledger figures, W7 a list of 100,000 rows."""
    database.analyse()
    company_id = business.company_id

    def cold(read: Callable[[Session], Any]) -> Callable[[], Any]:
        def request() -> Any:
            with Session(reader(database.engine)) as session:
                return read(session)

        return request

    yesterday = business.today - timedelta(days=1)
    for label, read, goal in (
        ("W5a quantity by location", lambda s: quantity_by_location(s, company_id), 50.0),
        ("W5b quantity by product", lambda s: quantity_by_product(s, company_id), 50.0),
        ("W5c quantity and value", lambda s: stock_value(s, company_id), 50.0),
        ("W5d value as of today", lambda s: stock_value_on(s, company_id, business.today), 50.0),
        ("W5d value as of yesterday", lambda s: stock_value_on(s, company_id, yesterday), 50.0),
        ("W6 trial balance", lambda s: trial_balance(s, company_id), 5.0),
    ):
        first, _, best = best_of(3, cold(read))
        tell(f"{database.kind} {label}", best, "ms", goal, first=round(first, 2))
    with Session(database.engine) as session:
        inventory = session.scalars(
            select(Account.id)
            .join(AccountPurpose, AccountPurpose.account_id == Account.id)
            .where(Account.company_id == company_id, AccountPurpose.purpose == "inventory")
        ).one()
    first, _, best = best_of(3, cold(lambda s: account_ledger(s, company_id, inventory, limit=200)))
    tell(f"{database.kind} W6 first 200 lines of the stock account", best, "ms", 10.0, first=round(first, 2))
    first, _, best = best_of(3, cold(lambda s: account_ledger(s, company_id, inventory, limit=10**9)))
    tell(f"{database.kind} W6 all lines of the stock account", best, "ms", first=round(first, 2))
    _list_pages(database, business, cold)


def _list_pages(database: Database, business: Business, cold: Callable[..., Callable[[], Any]]) -> None:
    """W7: the moves topped up to 100,000 rows straight into the table (not timed)."""
    with Session(database.engine) as session, session.begin():
        have = session.scalar(select(func.count()).select_from(StockMove)) or 0
        like = session.execute(select(StockMove.__table__).limit(1)).mappings().one()
        session.execute(
            insert(StockMove.__table__),
            [
                {
                    **like,
                    "id": new_id(),
                    "product_id": business.id("product", n % PRODUCTS),
                    "moved_on": business.today - timedelta(days=n % 700),
                    "kind": ("receipt", "shipment")[n % 2],
                }
                for n in range(workload_data.W7_ROWS - have)
            ],
        )
    database.analyse()
    newest: dict[str, Any] = {"rows_only": True, "sort": "moved_on", "descending": True, "limit": workload_data.W7_PAGE}
    known = {"known_count": workload_data.W7_ROWS}
    recent = (("kind", "receipt"), ("moved_on", Between(business.today - timedelta(days=30), business.today)))
    requests = {
        "first page": ListRequest(**newest),
        "page at row 50,000": ListRequest(**newest, **known, offset=50_000),
        "last page": ListRequest(**newest, **known, offset=workload_data.W7_ROWS - workload_data.W7_PAGE),
        "first page, state and date": ListRequest(**newest, filters=recent),
        "first page, text search": ListRequest(**newest, search="Product 00123"),
    }
    for label, request in requests.items():
        query = StockMoves(request)
        _, median, _ = best_of(5, cold(lambda s, query=query: query.run(s, business.company_id)))
        tell(f"{database.kind} W7 {label}", median, "ms", 10.0)
    query = StockMoves(ListRequest(count_only=True))
    _, median, _ = best_of(5, cold(lambda s: query.run(s, business.company_id)))
    tell(f"{database.kind} W7 row count", median, "ms", 10.0)


def late_costs(database: Database, business: Business, sizes: tuple[int, ...]) -> None:
    """W4: the price of a receipt a tenth into a product's history changes; what follows is put right and written."""
    for size in sizes:
        for method in METHODS:
            product = business.add_product(f"W4 {method} {size}", method)
            receipt = history_of(business, product, size)
            with Session(database.engine) as session:
                line_id = session.scalars(
                    select(GoodsReceiptLine.id).where(GoodsReceiptLine.receipt_id == receipt)
                ).one()
            price = Decimal(workload_data.history_change(size)[1]) / 100
            with timed(database.server_cpu) as timing:
                business.perform(CorrectReceiptPrice(new_id(), line_id, price, business.today))
            with Session(database.engine) as session:
                written = session.scalar(
                    select(func.count()).select_from(CostAdjustment).where(CostAdjustment.product_id == product)
                )
            tell(
                f"{database.kind} W4 {method}, price changed under {size:,} moves",
                timing.wall * 1000,
                "ms",
                250.0,
                moves_per_s=round((size - size // 10) / timing.wall),
                adjustments=written,
                other=round(timing.other, 2),
            )
            if method == "fifo":
                _check_fifo(database, business, product, size)


def history_of(business: Business, product: UUID, size: int, days: int = workload_data.W4_DAYS) -> UUID:
    """The product's `size` moves over two years: receipts in, counts out. Gives the receipt whose price will change."""
    place, _ = workload_data.history_change(size)
    changed: UUID | None = None
    batch: list[Action] = []
    on_hand = 0
    for number, (kind, day, qty, cents) in enumerate(workload_data.history(size, days, business.today)):
        order, line, receipt = (business.id(part, product, number) for part in ("order", "line", "receipt"))
        if kind == "in":
            on_hand += qty
            bought = PurchaseLine(line, product, Decimal(qty), Decimal(cents or 0) / 100)
            batch += [
                SavePurchaseOrder(order, business.id("supplier", 0), business.warehouse, day, day, (bought,)),
                ConfirmPurchaseOrder(order),
                ReceiveGoods(receipt, order, day, (ReceivedLine(line, Decimal(qty)),)),
            ]
            changed = receipt if number == place else changed
        else:
            on_hand -= qty
            counted = CountedLine(product, business.bin, Decimal(on_hand))
            batch.append(CountStock(receipt, business.warehouse, day, (counted,)))
        if len(batch) > ACTIONS_PER_TRANSACTION - 3:
            business.perform(*batch)
            batch = []
    business.perform(*batch)
    assert changed is not None
    return changed


def _check_fifo(database: Database, business: Business, product: UUID, size: int) -> None:
    """Cost of the issues, corrections included, against the workload's exact FIFO; each issue may round by a cent."""
    place, cents = workload_data.history_change(size)
    moves = workload_data.history(size, today=business.today)
    moves[place] = (*moves[place][:3], cents)
    issued, _, _ = workload_data.fifo_reference(moves)
    with Session(database.engine) as session:
        out = session.scalar(select(func.sum(MoveCost.cost)).where(MoveCost.product_id == product, MoveCost.qty < 0))
        corrected = session.scalar(
            select(func.sum(CostAdjustment.to_cost_of_sales)).where(CostAdjustment.product_id == product)
        )
    difference = abs((corrected or 0) - (out or 0) - Decimal(issued) / 100)
    assert difference <= Decimal("0.01") * size, f"the cost of issues differs by {difference}"


def over_http(database: Database, business: HttpBusiness, count: int) -> None:
    """W1 to W3 as a desk sends them: one push a commit, over loopback HTTP, at a real central service."""
    kinds: dict[str, Document] = {
        "W1": lambda d: [business.documents.w1(d)],
        "W2": lambda d: [business.documents.w2(d)],
        "W3": lambda d: [business.documents.w3_order(d), business.documents.w3_ship(d)],
    }
    for name, document in kinds.items():
        for d in range(WARM_UP):
            for commit in document(d):
                business.perform(*commit)
        timing = one_by_one(database, business, document, range(WARM_UP, WARM_UP + count))
        _tell_documents(f"{database.kind} {name} 1 doc/commit over HTTP", timing, count, None)


if __name__ == "__main__":
    sys.exit(main())
