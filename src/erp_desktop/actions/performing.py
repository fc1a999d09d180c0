"""How an action is run, the same way on desk and centre: may this person do it, do it, and say no in business words."""

from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action, Context
from erp_desktop.actions.refusals import CodeTaken, NotPermitted, NumberRefused, Refused, TextRefused
from erp_desktop.actions.tied import in_their_warehouses
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.models.types import TextNotStorable
from erp_desktop.numbers import LARGEST_STORED, UNIT_PRICE_PLACES, NumberNotExact

_LARGEST_EXPONENT = 18  # 10**18 is the largest power of ten that 64 bits hold


class AgainstTheRules(Refused):
    """A constraint of the database said no where no rule did: kept as the last guard, and its name told."""

    code = "against_the_rules"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This would break a rule of the books ({rule}), so nothing was changed. Refresh and try again; "
        "if it stays so, tell support the name of the rule.",
    )


def perform_action(session: Session, ctx: Context, performed: Action) -> None:
    """Run `performed` and flush what it wrote. Raises Refused; whoever calls owns the transaction and takes it back.

    Numbers and texts that cannot be stored, and rows that a constraint forbids, come back as refusals too.
    """
    if performed.permission not in ctx.permissions:
        raise NotPermitted(permission=performed.permission)
    try:
        with in_their_warehouses(session, ctx):
            with (
                session.no_autoflush
            ):  # half-filled rows are written when the action is done, not when it asks something
                performed.run(session, ctx)
            session.flush()
    except NumberNotExact as error:
        raise NumberRefused(value=error.value, places=error.places) from error
    except TextNotStorable as error:
        raise TextRefused(limit=error.limit) from error
    except (ArithmeticError, TypeError, ValueError) as error:
        # It was counted with or looked up before anything was written: NaN, infinity, 1E+400, a thousand digits.
        number = _number_that_is_none(performed)
        if number is None:
            raise
        raise NumberRefused(value=number, places=UNIT_PRICE_PLACES) from error
    except IntegrityError as error:
        raise _refusal_of(error) from error
    except StatementError as error:
        if isinstance(error.orig, NumberNotExact):
            raise NumberRefused(value=error.orig.value, places=error.orig.places) from error
        if isinstance(error.orig, TextNotStorable):
            raise TextRefused(limit=error.orig.limit) from error
        if isinstance(error, DataError):  # PostgreSQL's integers are narrower than SQLite's
            raise AgainstTheRules(rule=str(error.orig).partition("\n")[0]) from error
        raise


def _number_that_is_none(part: Any) -> Decimal | int | None:
    """The first number in an action that is not finite, or so large that no column could keep it."""
    if isinstance(part, Decimal):
        return part if not part.is_finite() or part.adjusted() > _LARGEST_EXPONENT else None
    if isinstance(part, int):
        return part if abs(part) > LARGEST_STORED else None
    parts = [getattr(part, one.name) for one in fields(part)] if is_dataclass(part) else part
    if not isinstance(parts, list | tuple):
        return None
    return next((found for one in parts if (found := _number_that_is_none(one)) is not None), None)


def check_references_now(session: Session) -> None:
    """Hold what was written so far to its foreign keys. They wait for the commit otherwise, so that rows may come in any
    order; then nobody can tell which of several actions broke one."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def rule_of(error: IntegrityError) -> str:
    """The name of the constraint that said no, or table.column for one that must not be empty: never what the row held."""
    said = getattr(error.orig, "diag", None)  # PostgreSQL names it apart
    if said is None:
        return str(error.orig).rpartition(": ")[2]
    return said.constraint_name or f"{said.table_name}.{said.column_name}"


def _refusal_of(error: IntegrityError) -> Refused:
    rule = rule_of(error)
    if rule.endswith("_code") or rule.endswith(".code"):
        return CodeTaken(code="")
    return AgainstTheRules(rule=rule)
