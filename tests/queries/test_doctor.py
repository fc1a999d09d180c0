"""The doctor finds nothing in sound books, and names every single figure that is not what it should be."""

import shutil
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from erp_desktop.actions.permissions import ROLES
from erp_desktop.database import open_engine
from erp_desktop.models.costing import CostEdge, CostLayer, CostPool, MoveCost
from erp_desktop.models.ledger import JournalEntry, JournalLine, LedgerBalance
from erp_desktop.models.purchasing import GoodsReceipt, PurchaseOrder, PurchaseOrderLine
from erp_desktop.models.sales import Allocation, SalesInvoice, SalesOrder, SalesOrderLine, ShipmentLine
from erp_desktop.models.stock import StockBalance, StockMove
from erp_desktop.queries.doctor import examine


def do_trade(books):
    """Bottles bought twice, sold across both layers, and some promised."""
    bottle = books.bottle = books.product("BTL-500", "Bottle 500 ml")
    books.receive(books.purchase_order((bottle, 20, "2.50"), (books.product("CAP"), 10, "1")))
    books.receive(books.purchase_order((bottle, 20, "3.00")))
    books.ship(books.sales_order((bottle, 25, "9.90")))
    books.allocate(books.sales_order((bottle, 5, "9.90"), freight=Decimal(0)))
    books.purchase_order((bottle, 7, "2.60"))
    books.session.flush()
    return books


@pytest.fixture
def trade(books):
    return do_trade(books)


@pytest.fixture(scope="module")
def sound(make_books, sqlite_template, tmp_path_factory):
    """The same trade, made once; each test takes its damage back."""
    path = tmp_path_factory.mktemp("doctor") / "erp.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    with Session(engine) as session:
        yield do_trade(make_books(session))
    engine.dispose()


def differences(books, permissions=None):
    books.session.expire_all()
    return examine(books.session, books.company_id, permissions)


def test_sound_books_have_no_difference(trade):
    assert differences(trade) == ()


def test_a_company_that_is_not_here_has_nothing_to_examine(trade):
    assert examine(trade.session, trade.unit.id) == ()


def add(column, amount):
    return {column.key: column + Decimal(amount)}


CORRUPTIONS = [
    (
        StockBalance,
        add(StockBalance.on_hand, 1),
        "Quantity on hand against stock moves",
        "BTL-500 @ MAIN/STOCK",
        "15",
        "16",
    ),
    (
        StockBalance,
        add(StockBalance.allocated, 1),
        "Allocated quantity against open allocations",
        "BTL-500 @ MAIN/STOCK",
        "5",
        "6",
    ),
    (
        Allocation,
        add(Allocation.qty, -1),
        "Allocated quantity of a sales order line against its allocations",
        "SO-2026-00002 #1",
        "4",
        "5",
    ),
    (
        PurchaseOrderLine,
        add(PurchaseOrderLine.received_qty, -1),
        "Received quantity of a purchase order line against goods receipts",
        "PO-2026-00001 #1",
        "20",
        "19",
    ),
    (
        PurchaseOrderLine,
        add(PurchaseOrderLine.received_qty, -1),
        "Status of a purchase order against what was received",
        "PO-2026-00001",
        "part_received",
        "received",
    ),
    (
        PurchaseOrderLine,
        add(PurchaseOrderLine.amount, 1),
        "Amount of a purchase order line against quantity and price",
        "PO-2026-00001 #1",
        "50",
        "51",
    ),
    (
        PurchaseOrder,
        add(PurchaseOrder.total, 1),
        "Total of a purchase order against its lines",
        "PO-2026-00001",
        "60",
        "61",
    ),
    (
        SalesOrder,
        add(SalesOrder.freight, 3),
        "Total of a sales order against its lines and freight",
        "SO-2026-00001",
        "250.5",
        "247.5",
    ),
    (
        SalesOrderLine,
        add(SalesOrderLine.shipped_qty, -1),
        "Shipped quantity of a sales order line against shipments",
        "SO-2026-00001 #1",
        "25",
        "24",
    ),
    (
        SalesOrderLine,
        add(SalesOrderLine.invoiced_qty, -1),
        "Invoiced quantity of a sales order line against sales invoices",
        "SO-2026-00001 #1",
        "25",
        "24",
    ),
    (
        SalesInvoice,
        add(SalesInvoice.total, 1),
        "Total of a sales invoice against its lines",
        "SI-2026-00001",
        "247.5",
        "248.5",
    ),
    (
        ShipmentLine,
        add(ShipmentLine.returned_qty, 1),
        "Returned quantity of a shipment line against customer returns",
        "SH-2026-00001 #1",
        "0",
        "1",
    ),
    (
        GoodsReceipt,
        {"number": "GR-2026-00009"},
        "Document numbers, each given once and none left out",
        "GR-2026-0001",
        "1",
        "0",
    ),
    (
        GoodsReceipt,
        {"number": "scribble"},
        "Document numbers, each given once and none left out",
        "scribble",
        "XX-YYYY-NNNN",
        "scribble",
    ),
    (
        CostPool,
        add(CostPool.on_hand, 1),
        "Quantity of a cost pool against its costed moves",
        "BTL-500 [main]",
        "15",
        "16",
    ),
    (
        CostPool,
        add(CostPool.value, 1),
        "Value of a cost pool against its moves and adjustments",
        "BTL-500 [main]",
        "45",
        "46",
    ),
    (CostPool, add(CostPool.value, 1), "Value of a cost pool against its layers", "BTL-500 [main]", "45", "46"),
    (
        CostLayer,
        add(CostLayer.qty_in, 1),
        "Quantity that layers took in against the moves that brought it",
        "BTL-500 [main]",
        "40",
        "41",
    ),
    (
        CostLayer,
        add(CostLayer.value_in, 1),
        "Value left of a cost layer against what was taken and added",
        "BTL-500 [main] 2026-01-15",
        "1",
        "0",
    ),
    (
        CostEdge,
        add(CostEdge.value, 1),
        "Cost of an issue against the value that it took of layers",
        "BTL-500 [main] shipment 2026-01-15",
        "66",
        "65",
    ),
    (
        CostEdge,
        add(CostEdge.qty, 1),
        "Quantity left of a cost layer against what was taken",
        "BTL-500 [main] 2026-01-15",
        "-1",
        "0",
    ),
    (
        MoveCost,
        add(MoveCost.cost, 1),
        "Balance of the inventory accounts against stock moves at cost",
        "1405",
        "56",
        "55",
    ),
    (MoveCost, add(MoveCost.qty, 1), "Quantity of a stock move against its costing", "BTL-500 [main]", "20", "21"),
    (StockMove, add(StockMove.qty, 1), "Quantity of a stock move against its costing", "BTL-500 [main]", "21", "20"),
    (JournalLine, {"debit": Decimal(51)}, "Credits of a journal entry against its debits", "2026-01/1", "51", "50"),
    (
        JournalLine,
        {"debit": Decimal(51)},
        "Debit balance of an account against its journal lines",
        "1405 2026-01",
        "121",
        "120",
    ),
    (
        JournalLine,
        {"dated_on": date(2026, 1, 16)},
        "Date of a journal line against its entry",
        "2026-01/1",
        "2026-01-15",
        "2026-01-16",
    ),
    (
        JournalEntry,
        {"dated_on": date(2026, 2, 1)},
        "Date of a journal entry against its period",
        "2026-01/1",
        "2026-01",
        "2026-02-01",
    ),
    (
        JournalEntry,
        {"number": 77},
        "Voucher numbers of a period, missing ones in brackets",
        "2026-01 (1, 6, 7, 8, 9, 10, 11, 12, 13, 14)",
        "77",
        "5",
    ),
    (
        LedgerBalance,
        add(LedgerBalance.credit, 1),
        "Credit balance of an account against its journal lines",
        "1405 2026-01",
        "65",
        "66",
    ),
    (
        LedgerBalance,
        add(LedgerBalance.debit, 1),
        "Balance of the inventory accounts against the cost pools",
        "1405",
        "55",
        "56",
    ),
]


def named_after(trade, model, change, what, where):
    """What the doctor says of `what` at `where` once the first row of `model` is changed; the change is taken back."""
    rows = trade.session.query(model.id).filter_by(company_id=trade.company_id).order_by(model.id)
    if model is StockBalance:  # these ids derive from what they stand for, so they come in any order
        rows = rows.filter_by(product_id=trade.bottle.id)
    elif model is CostLayer:
        rows = rows.filter_by(pool_id=trade.pools[trade.bottle.id].id).order_by(None).order_by(CostLayer.seq)
    elif model is LedgerBalance:
        rows = rows.filter_by(account_id=trade.accounts["inventory"].id)
    here = (model.company_id == trade.company_id, model.id == rows.first().id)
    changed = update(model).where(*here).values({**change, "tick": 2})
    with trade.session.begin_nested() as damage:
        trade.session.execute(changed.execution_options(synchronize_session=False))
        found = [one for one in differences(trade) if one.what == what and one.where.startswith(where)]
        damage.rollback()
    return found


@pytest.mark.parametrize(("model", "change", "what", "where", "expected", "found"), CORRUPTIONS)
def test_one_wrong_figure_is_named(sound, model, change, what, where, expected, found):
    (named,) = named_after(sound, model, change, what, where)
    assert (named.expected, named.found) == (expected, found)
    assert expected in named.sentence
    assert where in named.sentence


def test_one_wrong_figure_is_named_on_postgresql_too(make_books, postgres_url):
    engine = open_engine(postgres_url)
    with Session(engine) as session:
        trade = do_trade(make_books(session))
        for model, change, what, where, expected, found in CORRUPTIONS:
            named = [(one.expected, one.found) for one in named_after(trade, model, change, what, where)]
            assert named == [(expected, found)], what
        assert differences(trade) == ()
    engine.dispose()


def test_a_move_that_was_lost_is_missed_by_its_balance_and_its_cost(trade):
    lost = trade.session.query(StockMove).filter_by(kind="shipment").one()
    trade.session.execute(delete(StockMove).where(StockMove.id == lost.id))
    found = {difference.what for difference in differences(trade)}
    assert {"Quantity on hand against stock moves", "Quantity of a stock move against its costing"} <= found


def test_a_desk_is_examined_in_what_its_user_may_see(trade):
    """A warehouse desk holds no cost rows at all; that is no difference."""
    _, warehouse = ROLES["warehouse"]
    trade.session.execute(delete(MoveCost))
    trade.session.execute(delete(CostPool))
    assert differences(trade, warehouse) == ()
    assert differences(trade) != ()


def test_a_price_that_is_missing_at_the_centre_is_found_and_on_a_desk_without_prices_it_is_none(trade):
    line = trade.session.query(PurchaseOrderLine).first()
    line.unit_price = line.amount = None
    trade.session.flush()
    found = {difference.what for difference in differences(trade)}
    assert "Amount of a purchase order line against quantity and price" in found
    assert differences(trade, ROLES["warehouse"][1]) == ()


def test_pending_moves_of_a_desk_wait_for_their_cost(trade):
    move = trade.session.query(StockMove).filter_by(kind="receipt").first()
    line = type("line", (), {"product_id": move.product_id, "id": move.line_id, "line_no": 1})()
    trade.move(line, "goods_receipt", move.document_id, "receipt", Decimal(3), move.moved_on).tick = 0
    trade.session.flush()
    assert differences(trade) == ()
