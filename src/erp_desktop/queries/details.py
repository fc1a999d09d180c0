"""One product, party, count or journal entry with everything that its page shows."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from erp_desktop.models.party import Party
from erp_desktop.models.product import Barcode, ProductUnit
from erp_desktop.models.stock import StockCountLine
from erp_desktop.queries.base import NotHere
from erp_desktop.queries.company import company_currency
from erp_desktop.queries.documents import Address, DocumentAddress, RelatedDocument, RelatedDocuments, documents_with
from erp_desktop.queries.ledger import JournalEntries, JournalEntryRow, JournalLineRow, JournalLines
from erp_desktop.queries.line_goods import PRODUCT, UNIT, goods_joins, goods_names, place_columns, place_joins
from erp_desktop.queries.list_shape import ListColumn, ListShape, difference, plain, table_of
from erp_desktop.queries.listing import EVERY_LINE, ListQuery, row_of
from erp_desktop.queries.masters import Parties, PartyRow, PriceRow, Prices, ProductRow, Products
from erp_desktop.queries.stock import StockCountRow, StockCounts, StockOnHand, StockOnHandRow

_product_unit = table_of(ProductUnit)
_barcode = table_of(Barcode)
_party = table_of(Party)
_count_line = table_of(StockCountLine)


@dataclass(frozen=True)
class ProductUnitRow:
    """A further unit of a product: one of it is numerator/denominator stock units."""

    id: UUID
    unit_id: UUID
    unit_code: str
    unit_name: str
    unit_name_zh: str
    numerator: int
    denominator: int


@dataclass(frozen=True)
class BarcodeRow:
    """A barcode, and the pack that it stands on; without a unit it is one stock unit."""

    id: UUID
    code: str
    unit_id: UUID | None
    unit_code: str | None
    unit_name: str | None
    unit_name_zh: str | None


@dataclass(frozen=True)
class ProductRecord(ProductRow):
    """A product as its page shows it. `stock` is what lies in each bin; weight and volume are of one stock unit."""

    weight_kg: Decimal | None
    volume_m3: Decimal | None
    units: tuple[ProductUnitRow, ...]
    barcodes: tuple[BarcodeRow, ...]
    prices: tuple[PriceRow, ...]
    stock: tuple[StockOnHandRow, ...]


@dataclass(frozen=True)
class ProductDetail:
    """One product. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = (
        Products.tables | Prices.tables | StockOnHand.tables | {"product_unit", "barcode"}
    )

    product_id: UUID

    def run(self, session: Session, company_id: UUID) -> ProductRecord:
        row = row_of(session, company_id, Products(), "product", self.product_id)
        more = select(PRODUCT.c.weight_kg, PRODUCT.c.volume_m3)
        more = more.where(PRODUCT.c.company_id == company_id, PRODUCT.c.id == self.product_id)
        weight_kg, volume_m3 = session.execute(more).one()
        of_product = replace(EVERY_LINE, filters=(("product_id", self.product_id),))
        return ProductRecord(
            **vars(row),
            weight_kg=weight_kg,
            volume_m3=volume_m3,
            units=self._units(session, company_id),
            barcodes=self._barcodes(session, company_id),
            prices=Prices(of_product).run(session, company_id).rows,
            stock=StockOnHand(of_product).run(session, company_id).rows,
        )

    def _units(self, session: Session, company_id: UUID) -> tuple[ProductUnitRow, ...]:
        named_by = (UNIT.c.company_id == _product_unit.c.company_id) & (UNIT.c.id == _product_unit.c.unit_id)
        factors = (_product_unit.c.numerator, _product_unit.c.denominator)
        units = select(_product_unit.c.id, _product_unit.c.unit_id, UNIT.c.code, UNIT.c.name, UNIT.c.name_zh, *factors)
        units = units.select_from(_product_unit.join(UNIT, named_by)).order_by(UNIT.c.code)
        units = units.where(_product_unit.c.company_id == company_id, _product_unit.c.product_id == self.product_id)
        return tuple(ProductUnitRow(*unit) for unit in session.execute(units))

    def _barcodes(self, session: Session, company_id: UUID) -> tuple[BarcodeRow, ...]:
        named_by = (UNIT.c.company_id == _barcode.c.company_id) & (UNIT.c.id == _barcode.c.unit_id)
        unit = (_barcode.c.unit_id, UNIT.c.code, UNIT.c.name, UNIT.c.name_zh)
        barcodes = select(_barcode.c.id, _barcode.c.code, *unit)
        barcodes = barcodes.select_from(_barcode.outerjoin(UNIT, named_by)).order_by(_barcode.c.code)
        barcodes = barcodes.where(_barcode.c.company_id == company_id, _barcode.c.product_id == self.product_id)
        return tuple(BarcodeRow(*barcode) for barcode in session.execute(barcodes))


@dataclass(frozen=True)
class PartyRecord(PartyRow):
    """A party as its page shows it. `commission_rate` 0.05 is 5 % of net sales; `related` its latest documents."""

    address: str
    postal_code: str
    tax_number: str
    commission_rate: Decimal | None
    currency: str  # in which a supplier sells; empty: the company's
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class PartyDetail:
    """One party. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = Parties.tables | RelatedDocuments.tables

    party_id: UUID

    def run(self, session: Session, company_id: UUID) -> PartyRecord:
        row = row_of(session, company_id, Parties(), "party", self.party_id)
        more = select(_party.c.address, _party.c.postal_code, _party.c.tax_number, _party.c.commission_rate)
        more = more.add_columns(_party.c.currency)
        more = more.where(_party.c.company_id == company_id, _party.c.id == self.party_id)
        address, postal_code, tax_number, commission_rate, currency = session.execute(more).one()
        return PartyRecord(
            **vars(row),
            address=address,
            postal_code=postal_code,
            tax_number=tax_number,
            commission_rate=commission_rate,
            currency=currency,
            related=documents_with(session, company_id, self.party_id),
        )


@dataclass(frozen=True)
class StockCountLineRow:
    """What was expected in a bin and what was found, in stock units; `difference` is found less expected."""

    id: UUID
    count_id: UUID
    line_no: int
    product_id: UUID
    product_code: str
    product_name: str
    product_name_zh: str
    unit_code: str
    unit_code_zh: str
    bin_id: UUID
    bin_code: str
    lot_id: UUID | None
    lot_code: str | None
    expected_qty: Decimal
    counted_qty: Decimal
    difference: Decimal
    unit_cost: Decimal | None


@dataclass(frozen=True)
class StockCountLines(ListQuery[StockCountLineRow]):
    """Lines of stock counts, of one count or of all."""

    shape = ListShape(
        StockCountLineRow,
        _count_line,
        [
            *plain(_count_line, "id", "count_id", "line_no", "product_id"),
            *goods_names(),
            *place_columns(_count_line),
            *plain(_count_line, "expected_qty", "counted_qty"),
            ListColumn("difference", difference(_count_line.c.counted_qty, _count_line.c.expected_qty)),
            *plain(_count_line, "unit_cost"),
        ],
        [
            *goods_joins(_count_line),
            *place_joins(_count_line),
        ],
        [("count_id", False), ("line_no", False)],
    )

    count_id: UUID | None = None

    def criteria(self) -> tuple[ColumnElement[bool], ...]:
        return (_count_line.c.count_id == self.count_id,) if self.count_id else ()


@dataclass(frozen=True)
class StockCountRecord(StockCountRow):
    lines: tuple[StockCountLineRow, ...]
    related: tuple[RelatedDocument, ...]


@dataclass(frozen=True)
class StockCountDetail:
    """One stock count. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = StockCounts.tables | StockCountLines.tables | RelatedDocuments.tables

    count_id: UUID

    def run(self, session: Session, company_id: UUID) -> StockCountRecord:
        row = row_of(session, company_id, StockCounts(), "stock_count", self.count_id)
        return StockCountRecord(
            **vars(row),
            lines=StockCountLines(EVERY_LINE, count_id=self.count_id).run(session, company_id).rows,
            related=RelatedDocuments("stock_count", self.count_id).run(session, company_id),
        )


@dataclass(frozen=True)
class JournalEntryRecord(JournalEntryRow):
    """A journal entry with its lines. `source` is the document that caused it, where it is here and has a page."""

    currency: str  # the company's
    lines: tuple[JournalLineRow, ...]
    source: Address | None


@dataclass(frozen=True)
class JournalEntryDetail:
    """One journal entry. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = JournalEntries.tables | JournalLines.tables | DocumentAddress.tables

    entry_id: UUID

    def run(self, session: Session, company_id: UUID) -> JournalEntryRecord:
        row = row_of(session, company_id, JournalEntries(), "journal_entry", self.entry_id)
        of_entry = replace(EVERY_LINE, filters=(("entry_id", self.entry_id),), sort="line_no")
        source = None
        if row.document_id != row.id:
            try:
                source = DocumentAddress(row.document_kind, row.document_id).run(session, company_id)
            except NotHere:
                source = None  # a manual entry, or a document that this desk may not see
        return JournalEntryRecord(
            **vars(row),
            currency=company_currency(session, company_id),
            lines=JournalLines(of_entry).run(session, company_id).rows,
            source=source,
        )
