"""Master data: what can be saved, changed, and what stays as it is once stock has moved."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Context, action_args, read_action
from erp_desktop.actions.masters import (
    SaveBarcode,
    SaveBin,
    SaveCategory,
    SaveEmployee,
    SaveMasters,
    SaveParty,
    SavePrice,
    SavePriceLevel,
    SaveProduct,
    SaveProductUnit,
    SaveUnit,
    SaveWarehouse,
)
from erp_desktop.actions.performing import perform_action
from erp_desktop.actions.permissions import ALL_PERMISSIONS, ROLES
from erp_desktop.actions.refusals import CodeTaken, NotFound, NotPermitted, NumberRefused, Required, TextRefused
from erp_desktop.actions.saving import AlreadyThere, FixedOnceMoved, OutOfRange
from erp_desktop.ids import new_id
from erp_desktop.models import Base
from erp_desktop.models.party import Party
from erp_desktop.models.product import Product
from erp_desktop.models.stock import StockMove

COMPANY = new_id()
PIECE, BOX, GENERAL, CUP = new_id(), new_id(), new_id(), new_id()

Perform = Callable[..., None]


@pytest.fixture
def session():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def perform(session: Session) -> Perform:
    def perform(action: object, permissions: frozenset[str] = ALL_PERMISSIONS) -> None:
        ctx = Context(COMPANY, new_id(), new_id(), datetime.now(UTC), at_centre=True, permissions=permissions)
        with session.begin_nested():
            perform_action(session, ctx, action)  # type: ignore[arg-type]

    perform(
        SaveMasters(
            units=(SaveUnit(PIECE, "PC", "Piece"), SaveUnit(BOX, "BOX", "Box")),
            categories=(SaveCategory(GENERAL, "GENERAL", "General"),),
            products=(SaveProduct(CUP, "CUP", "Cup", GENERAL, PIECE, list_price=Decimal("4.50")),),
        )
    )
    return perform


def test_a_party_is_made_and_then_changed_by_its_id(session, perform):
    party = new_id()
    perform(SaveParty(party, "S1", "Old name", is_supplier=True))
    perform(SaveParty(party, " S1 ", "New name", is_supplier=True, is_carrier=True))
    stored = session.scalars(select(Party)).one()
    assert (stored.code, stored.name, stored.is_carrier) == ("S1", "New name", True)


def test_a_taken_code_is_refused_and_named(perform):
    perform(SaveParty(new_id(), "S1", "First"))
    with pytest.raises(CodeTaken, match="code S1 is taken"):
        perform(SaveParty(new_id(), "S1", "Second"))


def test_a_batch_with_the_same_code_twice_is_refused_whole(session, perform):
    with pytest.raises(CodeTaken):
        perform(SaveMasters(parties=(SaveParty(new_id(), "A", "A"), SaveParty(new_id(), "A", "B"))))
    assert session.scalars(select(Party)).all() == []


def test_a_missing_code_or_name_is_refused(perform):
    with pytest.raises(Required, match="code"):
        perform(SaveParty(new_id(), "  ", "Name"))
    with pytest.raises(Required, match="name"):
        perform(SaveParty(new_id(), "X", "\u3000"))


def test_a_product_of_an_unknown_unit_is_refused(perform):
    with pytest.raises(NotFound, match="unit"):
        perform(SaveProduct(new_id(), "X", "X", GENERAL, new_id()))


def test_a_product_keeps_its_unit_and_category_once_stock_moved(session, perform):
    perform(SaveProduct(CUP, "CUP", "Cup", GENERAL, BOX))  # nothing moved yet
    session.add(
        StockMove(
            company_id=COMPANY,
            id=new_id(),
            product_id=CUP,
            kind="opening",
            moved_on=date(2026, 1, 1),
            qty=Decimal(1),
            document_kind="stock_count",
            document_id=new_id(),
            line_id=new_id(),
            line_no=1,
        )
    )
    session.flush()
    with pytest.raises(FixedOnceMoved, match="unit of CUP"):
        perform(SaveProduct(CUP, "CUP", "Cup", GENERAL, PIECE))
    with pytest.raises(FixedOnceMoved, match="cost method of GENERAL"):
        perform(SaveCategory(GENERAL, "GENERAL", "General", cost_method="fifo"))
    perform(SaveProduct(CUP, "CUP", "Cup, blue", GENERAL, BOX))
    assert session.get_one(Product, (COMPANY, CUP)).name == "Cup, blue"


@pytest.mark.parametrize(
    "nonsense",
    [
        SaveProduct(CUP, "CUP", "Cup", GENERAL, PIECE, list_price=Decimal(-1)),
        SaveProduct(CUP, "CUP", "Cup", GENERAL, PIECE, weight_kg=Decimal("NaN")),
        SaveProduct(CUP, "CUP", "Cup", GENERAL, PIECE, minimum_qty=Decimal(5), maximum_qty=Decimal(4)),
        SaveProductUnit(new_id(), CUP, BOX, 0),
        SaveProductUnit(new_id(), CUP, BOX, 12, -1),
        SaveProductUnit(new_id(), CUP, PIECE, 12),
        SaveParty(new_id(), "P", "P", commission_rate=Decimal("1.01")),
        SaveParty(new_id(), "P", "P", payment_days=2**40),
        SaveCategory(GENERAL, "GENERAL", "General", parent_id=GENERAL),
        SaveCategory(GENERAL, "GENERAL", "General", cost_method="magic"),
    ],
)
def test_values_that_make_no_sense_are_refused(perform, nonsense):
    with pytest.raises(OutOfRange):
        perform(nonsense)


def test_too_many_places_and_unstorable_text_are_refused_as_such(perform):
    with pytest.raises(NumberRefused):
        perform(SaveProduct(CUP, "CUP", "Cup", GENERAL, PIECE, list_price=Decimal("0.0000001")))
    with pytest.raises(TextRefused):
        perform(SaveParty(new_id(), "P", "nul \x00 inside"))
    with pytest.raises(TextRefused):
        perform(SaveParty(new_id(), "P" * 41, "long code"))


def test_one_price_for_one_product_level_quantity_and_day(perform):
    level = new_id()
    perform(SavePriceLevel(level, "GOLD", "Gold"))
    perform(SavePrice(new_id(), level, CUP, Decimal(1), date(2026, 1, 1), Decimal("4.00")))
    with pytest.raises(AlreadyThere):
        perform(SavePrice(new_id(), level, CUP, Decimal("1.0"), date(2026, 1, 1), Decimal("3.00")))
    perform(SavePrice(new_id(), level, CUP, Decimal(10), date(2026, 1, 1), Decimal("3.00")))


def test_bins_share_codes_across_warehouses_but_not_inside_one(perform):
    east, west = new_id(), new_id()
    perform(SaveMasters(warehouses=(SaveWarehouse(east, "E", "East"), SaveWarehouse(west, "W", "West"))))
    perform(SaveMasters(bins=(SaveBin(new_id(), east, "A-01"), SaveBin(new_id(), west, "A-01"))))
    with pytest.raises(CodeTaken):
        perform(SaveBin(new_id(), west, "A-01"))
    elsewhere = new_id()
    perform(SaveBin(elsewhere, east, "B-01"))
    with pytest.raises(NotFound, match="bin"):
        perform(SaveWarehouse(west, "W", "West", receiving_bin_id=elsewhere))


def test_a_barcode_stands_on_one_product_only(perform):
    perform(SaveBarcode(new_id(), "690123", CUP))
    with pytest.raises(CodeTaken, match="690123"):
        perform(SaveBarcode(new_id(), "690123", CUP))


def test_employees_are_for_those_who_may_write_people(perform):
    employee = SaveEmployee(new_id(), "E1", "Li Wei")
    with pytest.raises(NotPermitted, match=r"people\.write"):
        perform(employee, ROLES["sales"][1])
    perform(employee, ROLES["hr"][1])


def test_a_batch_travels_as_json_and_comes_back_equal():
    batch = SaveMasters(
        units=(SaveUnit(UUID(int=1), "PC", "件"),),
        products=(SaveProduct(UUID(int=2), "CUP", "杯", UUID(int=3), UUID(int=1), list_price=Decimal("4.50")),),
    )
    assert read_action("SaveMasters", 1, json.loads(action_args(batch))) == batch
