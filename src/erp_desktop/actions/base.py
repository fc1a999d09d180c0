"""What an action is: a frozen dataclass with a `run`, the Context that it runs in, and its way to JSON and back.

An action reads no clock, no random number and no environment: who, when and every new id come from its Context, so that
desk, centre and replay write the same rows.

An action whose arguments have changed is another version. The shape of the old one stays, with what makes the new one of
it (`lifted_from`), for as long as any desk may hold it in its outbox; a centre's log holds it for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from erp_desktop.ids import child_id, child_keys

_FIRST_CENTRE_ID = 2**32


@dataclass
class Context:
    """Who performs an action, when, and on which side."""

    company_id: UUID
    action_id: UUID
    actor_id: UUID
    issued_at: datetime  # UTC; the moment the person pressed the button
    at_centre: bool  # True: give numbers, value stock, post to the ledger
    permissions: frozenset[str] = frozenset()
    warehouses: frozenset[UUID] = frozenset()  # in which this person works (tied.py); none: in all of them
    _ids_given: int = field(default=0, repr=False)
    _centre_ids_given: int = field(default=_FIRST_CENTRE_ID, repr=False)

    def new_id(self) -> UUID:
        """The next id of this action: derived from the action's id and a counter, never random."""
        self._ids_given += 1
        return child_id(self.action_id, self._ids_given)

    def new_centre_id(self) -> UUID:
        """The next id for a row that only the centre writes. Counted apart, so that the desk's ids stay the centre's."""
        self._centre_ids_given += 1
        return child_id(self.action_id, self._centre_ids_given)

    def new_centre_keys(self, count: int) -> list[bytes]:
        """The next `count` of them, as 16 bytes each."""
        first, self._centre_ids_given = self._centre_ids_given + 1, self._centre_ids_given + count
        return child_keys(self.action_id, first, count)


class Action:
    """Everything that changes data. Its name on the wire is `ClassName@version`."""

    permission: ClassVar[str]
    version: ClassVar[int]

    def run(self, session: Session, ctx: Context) -> None:
        """Do it, or raise Refused. Whoever calls it owns the transaction and undoes all of it on any error."""
        raise TypeError(f"{type(self).__name__} is no action that can be run")

    def looks_for(self) -> tuple[type[Any], UUID] | None:
        """The document that it begins unless it is there already: a batch looks for all of them with one question."""
        return None


ActionClass = TypeVar("ActionClass", bound=type[Action])

OldShape = TypeVar("OldShape")

_actions: dict[tuple[str, int], type[Action]] = {}
_lifts: dict[tuple[str, int], tuple[type[Any], Callable[[Any], Any]]] = {}


def action(permission: str, version: int = 1) -> Callable[[ActionClass], ActionClass]:
    """Class decorator, above @dataclass(frozen=True): makes it an action that can be sent, with the permission it needs."""

    def register(cls: ActionClass) -> ActionClass:
        cls.permission = permission
        cls.version = version
        _actions[cls.__name__, version] = cls
        return cls

    return register


def lifted_from(
    shape: type[OldShape], name: str, version: int
) -> Callable[[Callable[[OldShape], Any]], Callable[[OldShape], Any]]:
    """Function decorator: what is given for `name`@`version`, whose arguments are those of the dataclass `shape`, becomes
    what the function makes of it: an object of the next version, an old shape itself or the action of today.
    """

    def register(lift: Callable[[OldShape], Any]) -> Callable[[OldShape], Any]:
        _lifts[name, version] = (shape, lift)
        return lift

    return register


class MalformedAction(ValueError):
    """What was sent is no action of ours, or its arguments have another shape."""


class UnknownAction(MalformedAction):
    """No action of this name, or no version of it that this program knows."""


def action_names() -> dict[str, list[int]]:
    """Every known action with its versions, old ones that are lifted included, as `hello` tells them."""
    names: dict[str, list[int]] = {}
    for name, version in sorted(_actions.keys() | _lifts.keys()):
        names.setdefault(name, []).append(version)
    return names


def action_classes() -> dict[str, type[Action]]:
    """Today's class of every action, by name."""
    return {name: cls for (name, _), cls in sorted(_actions.items(), key=lambda entry: entry[0])}


def action_args(performed: Action) -> str:
    """The action's arguments as canonical JSON: keys in order, decimals as strings."""
    return msgspec.json.encode(performed, order="deterministic").decode()


def read_action(name: str, version: int, args: str | bytes | dict[str, Any]) -> Action:
    """The action that `action_args` wrote, an old version as the action of today that it stands for.

    Raises UnknownAction, and MalformedAction for anything else that is not right, unknown keys included.
    """
    cls = _actions.get((name, version))
    if cls is None and (name, version) not in _lifts:
        raise UnknownAction(f"no action {name}@{version}")
    shape = cls or _lifts[name, version][0]
    try:
        given = msgspec.json.decode(args) if isinstance(args, str | bytes) else args
        found = msgspec.convert(given, shape, strict=True)
        surplus = _unknown_keys(given, msgspec.to_builtins(found))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedAction(f"{name}@{version}: {error}") from None
    if surplus:
        raise MalformedAction(f"{name}@{version}: unknown argument {surplus}")
    return _lifted(found, name, version)


def _lifted(found: Any, name: str, version: int) -> Action:
    while not isinstance(found, Action):
        found = _lifts[name, version][1](found)
        version += 1
    return found


def _unknown_keys(given: Any, understood: Any) -> str:
    if isinstance(given, dict) and isinstance(understood, dict):
        for key, value in given.items():
            if key not in understood:
                return str(key)
            inner = _unknown_keys(value, understood[key])
            if inner:
                return f"{key}.{inner}"
    elif isinstance(given, list) and isinstance(understood, list | tuple):
        for value, counterpart in zip(given, understood, strict=False):
            inner = _unknown_keys(value, counterpart)
            if inner:
                return inner
    return ""


__all__ = [
    "Action",
    "Context",
    "MalformedAction",
    "UnknownAction",
    "action",
    "action_args",
    "action_classes",
    "action_names",
    "date",
    "lifted_from",
    "read_action",
]
