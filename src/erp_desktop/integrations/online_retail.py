"""The order lines of "Online Retail II": half a million lines become channel orders and announced returns, in batches.

Each line is taken in or comes back in the bad-rows file with its reason (docs/decisions/0052):
invoices of digits are orders; C... are returns; A... (bad debts), lines without a quantity, stock corrections (negative on
an invoice that is no cancellation) and negative prices are not orders and come back. An invoice is taken in whole or not at
all. Stock codes that differ only in case are one product; codes that name no goods (postage, samples, fees) become products
that are not stocked. The file is read twice, never held: once for its products, customers and where each invoice ends.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from erp_desktop.actions.base import Action
from erp_desktop.actions.channel_orders import ChannelLine, ChannelOrder, ChannelReturn, TakeInChannelOrders
from erp_desktop.actions.masters import SaveChannel, SaveMasters, SaveParty, SaveProduct
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.saving import Save
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.ids import derived_id
from erp_desktop.integrations.fields import ImportField, ImportTarget
from erp_desktop.integrations.importing import Cancelled, ImportResult, Perform, Progress, data_rows
from erp_desktop.integrations.lookups import Ask, CompanyFacts, IdsByCode, KnownChannelDocuments
from erp_desktop.integrations.mapping import REASON, Matching, match_columns, refuse_missing_columns
from erp_desktop.integrations.tables import Cell, Table, TableRow
from erp_desktop.integrations.tables.bad_rows import BadRowsFile
from erp_desktop.integrations.tables.cells import BadCell, as_text, parse_code, parse_day, parse_number
from erp_desktop.numbers import QTY_PLACES, UNIT_PRICE_PLACES, ZERO, round_money

CHANNEL_CODE = "ONLINE-RETAIL"
DOCUMENTS_PER_ACTION = 300
LINES_PER_ACTION = 4000  # about 250 KiB on the wire, half of what a push may hold
MASTERS_PER_ACTION = 500
LONGEST_CODE = 60

NO_GOODS = re.compile(
    r"POST|DOT|M|D|S|B|C2|C3|CRUK|ADJUST\d?|BANK CHARGES|AMAZONFEE|TEST\d+|GIFT|GIFT_\d+_\d+", re.IGNORECASE
)

TARGET = ImportTarget(
    "online-retail",
    QT_TRANSLATE_NOOP("Import", "Online Retail order lines"),
    (
        ImportField("invoice", QT_TRANSLATE_NOOP("Import", "Invoice"), ("InvoiceNo",), "code", required=True),
        ImportField("stock_code", QT_TRANSLATE_NOOP("Import", "Stock code"), ("StockCode",), "code", required=True),
        ImportField("description", QT_TRANSLATE_NOOP("Import", "Description")),
        ImportField("qty", QT_TRANSLATE_NOOP("Import", "Quantity"), (), "qty", required=True),
        ImportField("day", QT_TRANSLATE_NOOP("Import", "Invoice date"), ("InvoiceDate",), "day", required=True),
        ImportField("price", QT_TRANSLATE_NOOP("Import", "Price"), ("UnitPrice",), "price", required=True),
        ImportField("customer", QT_TRANSLATE_NOOP("Import", "Customer ID"), ("CustomerID",), "code"),
        ImportField("country", QT_TRANSLATE_NOOP("Import", "Country")),
    ),
    key=("invoice", "stock_code", "qty", "day", "price", "customer", "country", "description"),
    permission="sales.write",
)

BAD_DEBT = QT_TRANSLATE_NOOP("Import", "A bad-debt adjustment is no order; post it in the ledger")
CORRECTION = QT_TRANSLATE_NOOP(
    "Import", "A negative quantity that is no cancellation corrects stock; count the stock instead"
)
NO_QUANTITY = QT_TRANSLATE_NOOP("Import", "The quantity is zero")
RETURN_OF_LESS = QT_TRANSLATE_NOOP("Import", "A cancellation needs a negative quantity")
NEGATIVE_PRICE = QT_TRANSLATE_NOOP("Import", "The price is below zero")
ANOTHER_LINE = QT_TRANSLATE_NOOP("Import", "Row {row} of this invoice needs mending; an invoice is taken in whole")
OTHER_TOTAL = QT_TRANSLATE_NOOP("Import", "The invoice is here already with a total of {stored}, not {total}")
UNKNOWN_PRODUCT = QT_TRANSLATE_NOOP("Import", "There is no product with the code {code}")
UNKNOWN_CUSTOMER = QT_TRANSLATE_NOOP("Import", "There is no customer with the code {code}")

read_number = lru_cache(maxsize=65536)(parse_number)
read_day = lru_cache(maxsize=65536)(parse_day)


@dataclass(frozen=True)
class _Columns:
    invoice: int
    stock_code: int
    description: int
    qty: int
    day: int
    price: int
    customer: int
    country: int


@dataclass
class _Survey:
    """What the first reading found."""

    lines: int = 0
    last_line: dict[str, int] = field(default_factory=dict)  # of each invoice, counted from 0
    names: dict[str, str] = field(default_factory=dict)  # of products: the first description of a sale
    countries: dict[str, str] = field(default_factory=dict)  # of customers


@dataclass
class _Invoice:
    """An invoice's lines so far, and why some of them cannot be taken in."""

    number: str
    rows: list[TableRow] = field(default_factory=list)
    lines: list[ChannelLine] = field(default_factory=list)
    day: date | None = None
    customer: str = ""
    country: str = ""
    reasons: dict[int, str] = field(default_factory=dict)  # by the row's number
    refusal: str = ""  # of the invoice as a whole

    @property
    def is_bad(self) -> bool:
        return bool(self.reasons or self.refusal)

    @property
    def is_return(self) -> bool:
        return self.number[:1] in ("C", "c")


class OnlineRetailImport:
    """One import of the file into one company."""

    def __init__(self, table: Table, ask: Ask, perform: Perform) -> None:
        """Raises ImportRefused where a column is missing."""
        self._table = table
        self._matching: Matching = match_columns(TARGET, table)
        refuse_missing_columns(TARGET, table, self._matching)
        self._columns = _Columns(**self._matching.columns)
        self._ask = ask
        self._perform = perform
        self._places: int = ask(CompanyFacts()).currency_places
        self._channel_id: UUID
        self._warehouse_id: UUID = ask(IdsByCode("warehouse", ("MAIN",)))["MAIN"]
        self._products: dict[str, UUID] = {}
        self._customers: dict[str, UUID] = {}
        self._counts: Counter[str] = Counter()

    def run(
        self, progress: Progress | None = None, cancelled: Cancelled | None = None, bad_file: Path | None = None
    ) -> ImportResult:
        """Take in what is not here yet. Counts in the result are lines; stopping leaves whole batches."""
        survey = self._survey()
        self._save_channel()
        self._save_products(survey)
        self._save_customers(survey)
        headings = [text for place, text in enumerate(self._matching.headings) if place != self._matching.reason_column]
        done = 0
        with BadRowsFile(self._table, headings, translate("Import", REASON), bad_file) as bad:
            for batch in self._batches(survey):
                if cancelled is not None and cancelled():
                    break
                for invoice in self._take_in(batch):
                    self._hand_back(bad, invoice)
                done += sum(len(invoice.rows) for invoice in batch)
                if progress is not None:
                    progress(done, survey.lines)
        return ImportResult(
            new=self._counts["new"],
            changed=0,
            same=self._counts["same"],
            bad=self._counts["bad"],
            not_reached=survey.lines - done,
            bad_file=bad.path if bad.count else None,
        )

    # --- first reading: what products, customers and invoices there are

    def _survey(self) -> _Survey:
        found, at = _Survey(), self._columns
        for row in data_rows(self._table, self._matching):
            cells = _padded(row.cells, self._matching)
            found.last_line[_invoice_number(cells[at.invoice])] = found.lines
            found.lines += 1
            code = as_text(cells[at.stock_code]).strip().upper()
            if not found.names.get(code):
                found.names[code] = as_text(cells[at.description]).strip()
            customer = as_text(cells[at.customer]).strip()
            if customer:
                found.countries.setdefault(customer, as_text(cells[at.country]).strip())
        return found

    def _save_channel(self) -> None:
        known = self._ask(IdsByCode("channel", (CHANNEL_CODE,)))
        if CHANNEL_CODE not in known:
            known[CHANNEL_CODE] = derived_id("import channel", CHANNEL_CODE)
            self._perform(SaveChannel(known[CHANNEL_CODE], CHANNEL_CODE, "Online Retail", "网上零售"))
        self._channel_id = known[CHANNEL_CODE]

    def _save_products(self, survey: _Survey) -> None:
        category = self._ask(IdsByCode("category", ("GENERAL",)))["GENERAL"]
        unit = self._ask(IdsByCode("unit", ("PC",)))["PC"]
        products: dict[str, Save] = {}
        for code, name in survey.names.items():
            product_id = derived_id("import product", code)
            is_stocked = NO_GOODS.fullmatch(code) is None
            products[code] = SaveProduct(product_id, code, name[:200] or code, category, unit, is_stocked=is_stocked)
        self._products = self._save_missing("product", "products", products)

    def _save_customers(self, survey: _Survey) -> None:
        customers: dict[str, Save] = {
            code: SaveParty(
                derived_id("import party", code), code, f"Customer {code}", country=country[:60], is_consumer=True
            )
            for code, country in survey.countries.items()
        }
        self._customers = self._save_missing("party", "parties", customers)

    def _save_missing(self, table: str, kind: str, rows: dict[str, Save]) -> dict[str, UUID]:
        """The ids by code. Those that are not here are made, some hundred at once; what is refused is left out."""
        known: dict[str, UUID] = self._ask(IdsByCode(table, tuple(rows)))
        missing = [code for code in rows if code not in known]
        for start in range(0, len(missing), MASTERS_PER_ACTION):
            part = missing[start : start + MASTERS_PER_ACTION]
            together: dict[str, Any] = {kind: tuple(rows[code] for code in part)}
            if not self._performs(SaveMasters(**together)):
                part = [code for code in part if self._performs(rows[code])]
            known.update((code, derived_id(f"import {table}", code)) for code in part)
        return known

    def _performs(self, action: Action) -> bool:
        try:
            self._perform(action)
        except Refused:
            return False
        return True

    # --- second reading: invoice by invoice

    def _batches(self, survey: _Survey) -> Iterator[list[_Invoice]]:
        """Whole invoices in the order in which they end, as many as one action takes."""
        open_invoices: dict[str, _Invoice] = {}
        batch: list[_Invoice] = []
        lines = 0
        for place, row in enumerate(data_rows(self._table, self._matching)):
            number = _invoice_number(_padded(row.cells, self._matching)[self._columns.invoice])
            invoice = open_invoices.get(number)
            if invoice is None:
                invoice = open_invoices[number] = _Invoice(number)
            self._add_line(invoice, row)
            if place < survey.last_line[number]:
                continue
            del open_invoices[number]
            if batch and (len(batch) >= DOCUMENTS_PER_ACTION or lines + len(invoice.rows) > LINES_PER_ACTION):
                yield batch
                batch, lines = [], 0
            batch.append(invoice)
            lines += len(invoice.rows)
        if batch:
            yield batch

    def _add_line(self, invoice: _Invoice, row: TableRow) -> None:
        invoice.rows.append(row)
        cells, at = _padded(row.cells, self._matching), self._columns
        reason = ""
        try:
            if len(invoice.rows) == 1:
                parse_code(cells[at.invoice], LONGEST_CODE)
                invoice.day = read_day(cells[at.day])
                invoice.customer = as_text(cells[at.customer]).strip()
                invoice.country = as_text(cells[at.country]).strip()
            qty = read_number(cells[at.qty], QTY_PLACES)
            price = read_number(cells[at.price], UNIT_PRICE_PLACES)
            code = as_text(cells[at.stock_code]).strip().upper()
            reason = self._reason(invoice, qty, price, code)
            if not reason:
                invoice.lines.append(ChannelLine(self._products[code], -qty if invoice.is_return else qty, price))
        except BadCell as error:
            reason = str(error)
        if reason:
            invoice.reasons[row.number] = reason

    def _reason(self, invoice: _Invoice, qty: Decimal, price: Decimal, code: str) -> str:
        if invoice.number[:1] in ("A", "a"):
            return translate("Import", BAD_DEBT)
        if qty == 0:
            return translate("Import", NO_QUANTITY)
        if invoice.is_return and qty > 0:
            return translate("Import", RETURN_OF_LESS)
        if not invoice.is_return and qty < 0:
            return translate("Import", CORRECTION)
        if price < 0:
            return translate("Import", NEGATIVE_PRICE)
        if code not in self._products:
            return translate("Import", UNKNOWN_PRODUCT).format(code=code)
        if invoice.customer and invoice.customer not in self._customers:
            return translate("Import", UNKNOWN_CUSTOMER).format(code=invoice.customer)
        return ""

    # --- taking in

    def _take_in(self, batch: Sequence[_Invoice]) -> Iterator[_Invoice]:
        """Performs what is good and new of `batch`; gives the invoices that are to be mended, with their reason."""
        good = [invoice for invoice in batch if not invoice.is_bad]
        yield from (invoice for invoice in batch if invoice.is_bad)
        new: list[_Invoice] = []
        for returns in (False, True):
            some = [invoice for invoice in good if invoice.is_return is returns]
            known = self._ask(
                KnownChannelDocuments(self._channel_id, tuple(invoice.number for invoice in some), returns)
            )
            for invoice in some:
                if invoice.number not in known:
                    new.append(invoice)
                    continue
                total = sum((round_money(line.qty * line.unit_price, self._places) for line in invoice.lines), ZERO)
                if total == known[invoice.number]:
                    self._counts["same"] += len(invoice.rows)
                else:
                    text = translate("Import", OTHER_TOTAL)
                    invoice.refusal = text.format(stored=f"{known[invoice.number]:f}", total=f"{total:f}")
                    yield invoice
        yield from self._perform_or_split(new)

    def _perform_or_split(self, invoices: Sequence[_Invoice]) -> Iterator[_Invoice]:
        if not invoices:
            return
        try:
            self._perform(self._action(invoices))
        except Refused as refusal:
            if len(invoices) > 1:
                middle = len(invoices) // 2
                yield from self._perform_or_split(invoices[:middle])
                yield from self._perform_or_split(invoices[middle:])
            else:
                invoices[0].refusal = refusal.problem.sentence
                yield invoices[0]
        else:
            self._counts["new"] += sum(len(invoice.rows) for invoice in invoices)

    def _action(self, invoices: Sequence[_Invoice]) -> TakeInChannelOrders:
        orders, returns = [], []
        for invoice in invoices:
            day = invoice.day
            assert day is not None  # an invoice without a day has a reason
            customer_id = self._customers.get(invoice.customer)
            lines = tuple(invoice.lines)
            if invoice.is_return:
                returns.append(ChannelReturn(invoice.number, day, lines, customer_id))
            else:
                orders.append(ChannelOrder(invoice.number, day, lines, customer_id, invoice.country))
        return TakeInChannelOrders(self._channel_id, self._warehouse_id, tuple(orders), tuple(returns))

    def _hand_back(self, bad: BadRowsFile, invoice: _Invoice) -> None:
        skip = self._matching.reason_column
        for row in invoice.rows:
            reason = invoice.reasons.get(row.number) or invoice.refusal
            if not reason:
                reason = translate("Import", ANOTHER_LINE).format(row=next(iter(invoice.reasons)))
            bad.write([cell for place, cell in enumerate(row.cells) if place != skip], reason)
        self._counts["bad"] += len(invoice.rows)


def _invoice_number(cell: Cell) -> str:
    return as_text(cell).strip()


def _padded(cells: tuple[Cell, ...], matching: Matching) -> tuple[Cell, ...]:
    missing = len(matching.headings) - len(cells)
    return cells if missing <= 0 else (*cells, *[None] * missing)
