"""Cost books: opening a further one at any time, renaming and closing it, and changing how a book or a category is costed.

Exactly one book posts to the ledger: the one that the company was opened with. Here: what may be chosen and from when. Not
here: what anything costs (cost_counting.py), which the centre computes for the whole history of a new book.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from erp_desktop.actions import value_changes
from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.cost_counting import open_book_history
from erp_desktop.actions.finding import WrongState, find, open_period
from erp_desktop.actions.refusals import CodeTaken, Refused, Required
from erp_desktop.actions.saving import OutOfRange
from erp_desktop.costing.stream import METHODS
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.costing import CostBook, CostEvent, CostPool, MoveCost
from erp_desktop.models.ledger import Period
from erp_desktop.models.product import Category, Product
from erp_desktop.numbers import UNIT_COST_PLACES


class LifoInTheLedger(Refused):
    code = "lifo_in_the_ledger"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Last in first out is not allowed in statutory books (IAS 2.25 and the Chinese standards), and this book posts to the "
        "ledger. Confirm that you want it all the same, or choose another method; nothing was changed.",
    )


class NotAPeriodStart(Refused):
    code = "not_a_period_start"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "A method changes on the first day of a period, and {day} is in the middle of one. The next day possible is "
        "{possible}; nothing was changed.",
    )


class SameMethod(Refused):
    code = "same_method"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{name} is costed so already. Choose another method; nothing was changed.")


class ChangedLaterAlready(Refused):
    code = "changed_later_already"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The method of {product} changes on {day} already. Choose that day or a later one; nothing was changed.",
    )


class LotsKeptApart(Refused):
    code = "lots_kept_apart"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Specific cost keeps every lot apart, and stock of {category} is not kept so. Choose another method, or open a "
        "book with specific cost; nothing was changed.",
    )


class CategoryOfAnotherBook(Refused):
    code = "category_of_another_book"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "A category has a method of its own only in the book that posts to the ledger. Change the whole of {book} instead; "
        "nothing was changed.",
    )


class PostingBookStays(Refused):
    code = "posting_book_stays"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{book} posts to the ledger, so it cannot be closed. Nothing was changed.")


@action("cost.write")
@dataclass(frozen=True)
class OpenCostBook(Action):
    """A further book over the same moves, with another method. Its whole history is computed at once; it posts nothing."""

    book_id: UUID
    code: str
    name: str
    method: str
    name_zh: str = ""
    unit_cost_places: int | None = None  # month-end average: the unit cost is rounded to so many places
    shares_variance: bool = False  # standard: variances go by a rate to stock and issues (plan cost)

    def run(self, session: Session, ctx: Context) -> None:
        _refuse_bad_name(session, ctx, self.book_id, self.code, self.name)
        if self.method not in METHODS:
            raise OutOfRange(field="cost_method", value=self.method)
        if self.unit_cost_places is not None and not 0 <= self.unit_cost_places <= UNIT_COST_PLACES:
            raise OutOfRange(field="unit_cost_places", value=self.unit_cost_places)
        if session.get(CostBook, (ctx.company_id, self.book_id)) is not None:
            raise CodeTaken(code=self.code)
        book = CostBook(
            company_id=ctx.company_id,
            id=self.book_id,
            code=self.code.strip(),
            name=self.name.strip(),
            name_zh=self.name_zh.strip(),
            method=self.method,
            posts_to_ledger=False,
            unit_cost_places=self.unit_cost_places if self.method == "periodic_average" else None,
            shares_variance=self.shares_variance and self.method == "standard",
        )
        session.add(book)
        if ctx.at_centre:
            open_book_history(session, ctx, book)
        _forget_books(session, ctx)


@action("cost.write")
@dataclass(frozen=True)
class RenameCostBook(Action):
    """Another code or name for a book; nothing else of it changes."""

    book_id: UUID
    code: str
    name: str
    name_zh: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        book = find(session, ctx, CostBook, self.book_id)
        _refuse_bad_name(session, ctx, self.book_id, self.code, self.name)
        book.code, book.name, book.name_zh = self.code.strip(), self.name.strip(), self.name_zh.strip()


@action("cost.write")
@dataclass(frozen=True)
class CloseCostBook(Action):
    """A further book is not kept any more: what moves from now on is not costed in it. What it says of the past stays."""

    book_id: UUID

    def run(self, session: Session, ctx: Context) -> None:
        book = find(session, ctx, CostBook, self.book_id)
        if book.posts_to_ledger:
            raise PostingBookStays(book=book.name)
        if book.is_closed:
            raise WrongState(document=book.code, status="closed")
        book.is_closed = True
        _forget_books(session, ctx)


@action("cost.write")
@dataclass(frozen=True)
class ChangeCostMethod(Action):
    """From the first day of a period on, a book (or a category in the book that posts) is costed by another method.

    The value of stock stays the same to the cent (costing.md, rule 12). `method` None gives a category the book's again.
    """

    book_id: UUID
    method: str | None
    from_on: date
    category_id: UUID | None = None
    is_lifo_confirmed: bool = False

    def run(self, session: Session, ctx: Context) -> None:
        book = find(session, ctx, CostBook, self.book_id)
        category = find(session, ctx, Category, self.category_id) if self.category_id is not None else None
        method = self._refuse_bad_choice(book, category)
        self._refuse_mid_period(session, ctx)
        product_ids = products_of(session, ctx.company_id, book, category)
        self._refuse_change_of_lots(session, ctx, book, category, method)
        self._refuse_before_later_change(session, ctx, book, product_ids)
        if category is None:
            book.method = method
        else:
            category.cost_method = self.method
        if ctx.at_centre:
            value_changes.change_method(session, ctx, book, product_ids, method, self.from_on, ("cost_book", book.id))

    def _refuse_bad_choice(self, book: CostBook, category: Category | None) -> str:
        """Gives the method that the products are costed by from then on."""
        if book.is_closed:
            raise WrongState(document=book.code, status="closed")
        if category is not None and not book.posts_to_ledger:
            raise CategoryOfAnotherBook(book=book.name)
        if self.method is None and category is None:
            raise Required(field="cost_method")
        method = self.method or book.method
        if method not in METHODS:
            raise OutOfRange(field="cost_method", value=method)
        if self.method == (book.method if category is None else category.cost_method):
            raise SameMethod(name=book.name if category is None else category.name)
        if method == "lifo" and book.posts_to_ledger and not self.is_lifo_confirmed:
            raise LifoInTheLedger()
        return method

    def _refuse_mid_period(self, session: Session, ctx: Context) -> None:
        period = open_period(session, ctx, self.from_on)
        if period.starts_on != self.from_on:
            raise NotAPeriodStart(
                day=self.from_on, possible=next_period_start(session, ctx.company_id, self.from_on) or ""
            )

    def _refuse_change_of_lots(
        self, session: Session, ctx: Context, book: CostBook, category: Category | None, method: str
    ) -> None:
        """Specific cost has a pool for each lot; other pools are as wide as the category says, and stay so."""
        for one in categories_of(session, ctx.company_id, book, category):
            before = (one.cost_method if book.posts_to_ledger else None) or book.method
            if one.cost_pool != "lot" and (method == "specific") != (before == "specific"):
                raise LotsKeptApart(category=one.name)

    def _refuse_before_later_change(
        self, session: Session, ctx: Context, book: CostBook, product_ids: Sequence[UUID]
    ) -> None:
        later = session.execute(
            select(MoveCost.product_id, MoveCost.dated_on)
            .join(CostPool, (CostPool.company_id == MoveCost.company_id) & (CostPool.id == MoveCost.pool_id))
            .where(
                MoveCost.company_id == ctx.company_id,
                MoveCost.dated_on > self.from_on,
                MoveCost.kind == CostEvent.METHOD,
                CostPool.book_id == book.id,
            )
            .order_by(MoveCost.dated_on.desc(), MoveCost.product_id)
        )
        concerned = set(product_ids)
        for product_id, day in later:
            if product_id in concerned:
                raise ChangedLaterAlready(product=find(session, ctx, Product, product_id).code, day=day)


def categories_of(
    session: Session, company_id: UUID, book: CostBook, category: Category | None = None
) -> list[Category]:
    """The categories that `book`'s own method holds for, by code; or just `category`."""
    if category is not None:
        return [category]
    found = session.scalars(select(Category).where(Category.company_id == company_id).order_by(Category.code)).all()
    return [one for one in found if not book.posts_to_ledger or one.cost_method is None]


def products_of(session: Session, company_id: UUID, book: CostBook, category: Category | None = None) -> list[UUID]:
    """The products with pools in `book` whose method a change concerns, in the order of their ids."""
    category_ids = [one.id for one in categories_of(session, company_id, book, category)]
    return list(
        session.scalars(
            select(Product.id)
            .where(
                Product.company_id == company_id,
                Product.category_id.in_(category_ids),
                Product.id.in_(
                    select(CostPool.product_id).where(CostPool.company_id == company_id, CostPool.book_id == book.id)
                ),
            )
            .order_by(Product.id)
        )
    )


def next_period_start(session: Session, company_id: UUID, day: date) -> date | None:
    """The first day after `day` that an open period begins on; None where no year that late is open yet."""
    return session.scalars(
        select(Period.starts_on)
        .where(Period.company_id == company_id, Period.starts_on > day, Period.is_closed.is_(False))
        .order_by(Period.starts_on)
    ).first()


def _refuse_bad_name(session: Session, ctx: Context, book_id: UUID, code: str, name: str) -> None:
    for field, text in (("code", code), ("name", name)):
        if not text.strip():
            raise Required(field=field)
    taken = session.scalars(
        select(CostBook.id).where(
            CostBook.company_id == ctx.company_id, CostBook.code == code.strip(), CostBook.id != book_id
        )
    ).first()
    if taken is not None:
        raise CodeTaken(code=code.strip())


def _forget_books(session: Session, ctx: Context) -> None:
    """The books that an action of this session values in are read anew."""
    session.info.pop(("cost_books", ctx.company_id), None)
