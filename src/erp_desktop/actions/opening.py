"""Opening a company: its first tick. After it, people can sign in, buy, sell and post."""

from calendar import monthrange
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context, action
from erp_desktop.actions.drafts import laid_onto
from erp_desktop.actions.finding import find
from erp_desktop.actions.lines import bury
from erp_desktop.actions.permissions import ROLES
from erp_desktop.actions.refusals import CodeTaken, NotFound, Refused, Required
from erp_desktop.actions.transit import refuse_transit
from erp_desktop.costing.events import METHODS
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.ids import derived_id
from erp_desktop.ledger.charts import chart_names, load_chart
from erp_desktop.models.base import Replicated
from erp_desktop.models.company import Company, Role, User, UserRole, UserWarehouse
from erp_desktop.models.costing import CostBook
from erp_desktop.models.ledger import Account, AccountPurpose, CostCentre, Period
from erp_desktop.models.product import Category, PriceLevel, Unit
from erp_desktop.models.sales import Channel
from erp_desktop.models.stock import Bin, Warehouse
from erp_desktop.models.sync import RefreshToken

COST_METHODS = METHODS
REVENUE_AT = ("shipment", "delivery", "invoice")
FIRST_UNITS = (
    ("PC", "piece", "件"),
    ("BOX", "box", "箱"),
    ("KG", "kilogram", "千克"),
    ("L", "litre", "升"),
    ("M", "metre", "米"),
)


class BadSetting(Refused):
    code = "bad_setting"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{value} cannot be used as {field}. Choose one of the values offered; nothing was changed."
    )


class UnknownRole(Refused):
    code = "unknown_role"
    sentence = QT_TRANSLATE_NOOP("Refusal", "There is no role {role}. Choose one of: {roles}. Nothing was changed.")


class LastAdministrator(Refused):
    code = "last_administrator"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{name} is the last administrator. Give another person the role first; nothing was changed."
    )


@action("admin")
@dataclass(frozen=True)
class OpenCompany(Action):
    """The first action of a company: settings, roles, owner, chart of accounts, the first year's periods, and what every
    company needs to begin (units, a category, a channel, a warehouse with a bin)."""

    code: str
    name: str
    currency: str
    time_zone: str
    chart: str
    first_period_on: date
    owner_id: UUID
    owner_login: str
    owner_name: str
    name_zh: str = ""
    currency_places: int = 2
    cost_method: str = "moving_average"
    revenue_at: str = "shipment"
    address: str = ""
    tax_number: str = ""

    def run(self, session: Session, ctx: Context) -> None:
        self._refuse_bad_settings()
        session.add(
            Company(
                company_id=ctx.company_id,
                id=ctx.company_id,
                code=self.code,
                name=self.name,
                name_zh=self.name_zh,
                currency=self.currency,
                currency_places=self.currency_places,
                time_zone=self.time_zone,
                chart=self.chart,
                address=self.address,
                tax_number=self.tax_number,
                revenue_at=self.revenue_at,
            )
        )
        self._open_roles(session, ctx)
        self._open_accounts(session, ctx)
        open_year(session, ctx, self.first_period_on.year)
        session.add(
            _new(
                ctx,
                CostBook,
                code="MAIN",
                name="Main book",
                name_zh="主账簿",
                method=self.cost_method,
                posts_to_ledger=True,
            )
        )
        session.add_all(_new(ctx, Unit, code=code, name=name, name_zh=name_zh) for code, name, name_zh in FIRST_UNITS)
        session.add(_new(ctx, Category, code="GENERAL", name="General", name_zh="通用", cost_pool="company"))
        session.add(_new(ctx, Channel, code="DIRECT", name="Direct sales", name_zh="直接销售"))
        session.add(_new(ctx, PriceLevel, code="RETAIL", name="Retail", name_zh="零售价"))
        session.add(_new(ctx, CostCentre, code="GENERAL", name="General", name_zh="综合"))
        warehouse = _new(ctx, Warehouse, code="MAIN", name="Main warehouse", name_zh="主仓库")
        warehouse.receiving_bin_id = derived_id("bin", ctx.company_id, "STOCK")
        session.add(warehouse)
        session.add(_new(ctx, Bin, code="STOCK", warehouse_id=warehouse.id, zone=""))

    def _refuse_bad_settings(self) -> None:
        for field, value in (("code", self.code), ("name", self.name), ("owner", self.owner_login)):
            if not value.strip():
                raise Required(field=field)
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise BadSetting(field="currency", value=self.currency)
        if not 0 <= self.currency_places <= 4:
            raise BadSetting(field="currency places", value=self.currency_places)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadSetting(field="time zone", value=self.time_zone) from None
        for field, value, choices in (
            ("chart of accounts", self.chart, chart_names()),
            ("costing method", self.cost_method, COST_METHODS),
            ("revenue posting", self.revenue_at, REVENUE_AT),
        ):
            if value not in choices:
                raise BadSetting(field=field, value=value)

    def _open_roles(self, session: Session, ctx: Context) -> None:
        for code, (name, permissions) in ROLES.items():
            session.add(_new(ctx, Role, code=code, name=name, permissions=sorted(permissions)))
        session.add(
            User(
                company_id=ctx.company_id,
                id=self.owner_id,
                login=self.owner_login,
                name=self.owner_name or self.owner_login,
            )
        )
        session.add(_user_role(ctx, self.owner_id, "administrator"))

    def _open_accounts(self, session: Session, ctx: Context) -> None:
        chart = load_chart(self.chart)
        session.add_all(
            _new(ctx, Account, code=account.code, name=account.name, name_zh=account.name_zh, type=account.type)
            for account in chart.accounts
        )
        session.add_all(
            AccountPurpose(
                company_id=ctx.company_id,
                id=derived_id("account_purpose", ctx.company_id, purpose.value),
                purpose=purpose.value,
                category_id=None,
                account_id=derived_id("account", ctx.company_id, code),
            )
            for purpose, code in chart.purposes.items()
        )


@action("admin")
@dataclass(frozen=True)
class SaveUser(Action):
    """A person is given access, or theirs is changed. The password is set apart, at the centre.

    `warehouse_ids` are those in which they work and whose documents and stock they see: none is all of them, None leaves it
    as it is.
    """

    user_id: UUID
    login: str
    name: str
    role_codes: tuple[str, ...]
    language: str = "en"
    is_active: bool = True
    warehouse_ids: tuple[UUID, ...] | None = None
    before: dict[str, Any] | None = dataclass_field(
        default=None, hash=False
    )  # what was changed, as it was seen (drafts.py)

    def run(self, session: Session, ctx: Context) -> None:
        if self.before is not None:
            laid_onto(session, ctx, self, self._stored(session, ctx), self.login).run(session, ctx)
            return
        if not self.login.strip():
            raise Required(field="login")
        for code in self.role_codes:
            if code not in ROLES:
                raise UnknownRole(role=code, roles=", ".join(ROLES))
        taken = session.scalars(
            select(User.id).where(User.company_id == ctx.company_id, User.login == self.login, User.id != self.user_id)
        ).first()
        if taken is not None:
            raise CodeTaken(code=self.login)
        if not (self.is_active and "administrator" in self.role_codes):
            self._refuse_last_administrator(session, ctx)

        user = session.get(User, (ctx.company_id, self.user_id))
        if user is None:
            user = User(company_id=ctx.company_id, id=self.user_id)
            session.add(user)
        user.login = self.login
        user.name = self.name or self.login
        user.language = self.language
        user.is_active = self.is_active
        if ctx.at_centre and not self.is_active:  # let in again later, this person signs in again
            session.execute(
                delete(RefreshToken).where(
                    RefreshToken.company_id == ctx.company_id, RefreshToken.user_id == self.user_id
                )
            )
        before = session.scalars(
            select(UserRole).where(UserRole.company_id == ctx.company_id, UserRole.user_id == self.user_id)
        ).all()
        wanted = {_user_role(ctx, self.user_id, code).id: code for code in self.role_codes}
        gone = [row.id for row in before if row.id not in wanted]
        if gone:
            session.execute(delete(UserRole).where(UserRole.company_id == ctx.company_id, UserRole.id.in_(gone)))
            if ctx.at_centre:
                bury(session, ctx, UserRole, gone)
        known = {row.id for row in before}
        session.add_all(_user_role(ctx, self.user_id, code) for role_id, code in wanted.items() if role_id not in known)
        if self.warehouse_ids is not None:
            self._tie(session, ctx, self.warehouse_ids)

    def _stored(self, session: Session, ctx: Context) -> "SaveUser | None":
        """What would save the user as they are now; None for one who is not here."""
        user = session.get(User, (ctx.company_id, self.user_id))
        if user is None:
            return None
        played = session.scalars(
            select(Role.code)
            .join(UserRole, (UserRole.company_id == Role.company_id) & (UserRole.role_id == Role.id))
            .where(UserRole.company_id == ctx.company_id, UserRole.user_id == self.user_id)
        )
        tied = session.scalars(
            select(UserWarehouse.warehouse_id).where(
                UserWarehouse.company_id == ctx.company_id, UserWarehouse.user_id == self.user_id
            )
        )
        return SaveUser(
            user.id, user.login, user.name, tuple(played), user.language, user.is_active, warehouse_ids=tuple(tied)
        )

    def _tie(self, session: Session, ctx: Context, warehouse_ids: tuple[UUID, ...]) -> None:
        for warehouse_id in warehouse_ids:
            refuse_transit(ctx, warehouse_id)
            find(session, ctx, Warehouse, warehouse_id)
        before = session.scalars(
            select(UserWarehouse).where(
                UserWarehouse.company_id == ctx.company_id, UserWarehouse.user_id == self.user_id
            )
        ).all()
        gone = [row.id for row in before if row.warehouse_id not in warehouse_ids]
        if gone:
            session.execute(
                delete(UserWarehouse).where(UserWarehouse.company_id == ctx.company_id, UserWarehouse.id.in_(gone))
            )
            if ctx.at_centre:
                bury(session, ctx, UserWarehouse, gone)
        known = {row.warehouse_id for row in before}
        session.add_all(
            UserWarehouse(
                company_id=ctx.company_id,
                id=derived_id("user_warehouse", self.user_id, warehouse_id),
                user_id=self.user_id,
                warehouse_id=warehouse_id,
            )
            for warehouse_id in dict.fromkeys(warehouse_ids)
            if warehouse_id not in known
        )

    def _refuse_last_administrator(self, session: Session, ctx: Context) -> None:
        administrators = session.scalars(
            select(User)
            .join(UserRole, (UserRole.company_id == User.company_id) & (UserRole.user_id == User.id))
            .where(
                User.company_id == ctx.company_id,
                User.is_active.is_(True),
                UserRole.role_id == derived_id("role", ctx.company_id, "administrator"),
            )
        ).all()
        if [user.id for user in administrators] == [self.user_id]:
            raise LastAdministrator(name=administrators[0].name)


@action("period.close")
@dataclass(frozen=True)
class OpenPeriods(Action):
    """Opens the twelve monthly periods of a calendar year, those that are not there yet."""

    year: int

    def run(self, session: Session, ctx: Context) -> None:
        if not 1900 <= self.year <= 2200:
            raise BadSetting(field="year", value=self.year)
        open_year(session, ctx, self.year)


def open_year(session: Session, ctx: Context, year: int) -> None:
    """Adds the missing monthly periods of `year`."""
    known = set(
        session.scalars(
            select(Period.starts_on).where(
                Period.company_id == ctx.company_id,
                Period.starts_on >= date(year, 1, 1),
                Period.starts_on <= date(year, 12, 31),
            )
        )
    )
    for month in range(1, 13):
        starts_on = date(year, month, 1)
        if starts_on not in known:
            session.add(
                Period(
                    company_id=ctx.company_id,
                    id=derived_id("period", ctx.company_id, starts_on.isoformat()),
                    starts_on=starts_on,
                    ends_on=date(year, month, monthrange(year, month)[1]),
                )
            )


def find_user(session: Session, company_id: UUID, login: str) -> User:
    """The user who signs in as `login`. Raises NotFound."""
    user = session.scalars(select(User).where(User.company_id == company_id, User.login == login)).first()
    if user is None:
        raise NotFound(kind="user")
    return user


Row = TypeVar("Row", bound=Replicated)


def _new(ctx: Context, table: type[Row], code: str, **columns: object) -> Row:
    return table(
        company_id=ctx.company_id, id=derived_id(table.__tablename__, ctx.company_id, code), code=code, **columns
    )


def _user_role(ctx: Context, user_id: UUID, role_code: str) -> UserRole:
    return UserRole(
        company_id=ctx.company_id,
        id=derived_id("user_role", user_id, role_code),
        user_id=user_id,
        role_id=derived_id("role", ctx.company_id, role_code),
    )
