"""Finds out what the texts in cells mean: what was pasted together in one question, and one by one only what is left of it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from erp_desktop.i18n import translate
from erp_desktop.queries.base import EachOf, ListPage, Query
from erp_desktop.views.widgets.asking import Failure, announcements, when_done
from erp_desktop.views.widgets.line_model import BadCell, Pending
from erp_desktop.views.widgets.lookup import LookupItem
from erp_desktop.views.widgets.reading import quoted

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

Outcomes = list[tuple[Pending, LookupItem | BadCell]]

_SEARCHED_TOGETHER = 50  # texts that are searched for one by one in one question: others' questions come in between


class LookingUp(QObject):
    """Calls `settle` once with all that one question has found out."""

    def __init__(self, desk: "Desk", settle: Callable[[Outcomes], object], parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._settle = desk, settle
        self._open_questions = 0

    def is_waiting(self) -> bool:
        return self._open_questions > 0

    def look_up(self, pendings: Sequence[Pending]) -> None:
        together: dict[Callable[..., Any], list[Pending]] = {}
        one_by_one: list[Pending] = []
        for pending in pendings:
            if pending.lookup is not None:
                meant = pending.lookup.meant if len(pendings) > 1 else None
                (one_by_one if meant is None else together.setdefault(meant, [])).append(pending)
        for meant, group in together.items():
            keys = tuple(dict.fromkeys(_key(pending) for pending in group))
            self._ask(meant(keys), partial(self._found_together, group))
        if one_by_one:
            self._search(one_by_one, 0, [])

    def _ask(self, query: Query[Any], then: Callable[[Any], object]) -> None:
        self._open_questions += 1

        def answered(answer: Any) -> None:
            self._open_questions -= 1
            then(answer)

        def failed(failure: Failure) -> None:
            self._open_questions -= 1
            announcements().failed.emit(failure)

        when_done(self._desk.ask(query), self, answered, on_failed=failed)

    def _found_together(self, group: list[Pending], rows: Mapping[Any, Any]) -> None:
        found: Outcomes = []
        left: list[Pending] = []
        for pending in group:
            row = rows.get(_key(pending))
            if row is None or pending.lookup is None:
                left.append(pending)
            else:
                found.append((pending, pending.lookup.item(row)))
        if left:
            self._search(left, 0, [])
        if found:
            self._settle(found)

    def _search(self, pendings: list[Pending], place: int, found: Outcomes) -> None:
        """Searches for the texts of `pendings` from `place` on; each text once, however many cells hold it."""
        alike: dict[tuple[int, str], list[Pending]] = {}
        while place < len(pendings) and len(alike) < _SEARCHED_TOGETHER:
            pending = pendings[place]
            alike.setdefault((id(pending.lookup), pending.text), []).append(pending)
            place += 1
        groups = list(alike.values())
        queries = [lookup.query(lookup.request(one.text)) for one, *_ in groups if (lookup := one.lookup) is not None]
        self._ask(EachOf(tuple(queries)), partial(self._searched, groups, pendings, place, found))

    def _searched(
        self,
        groups: list[list[Pending]],
        pendings: list[Pending],
        place: int,
        found: Outcomes,
        pages: tuple[ListPage[Any], ...],
    ) -> None:
        for group, page in zip(groups, pages, strict=True):
            one = group[0]
            item = one.lookup.best(one.text, page.rows) if one.lookup is not None else None
            found += [(pending, _unknown(pending.text) if item is None else item) for pending in group]
        if place < len(pendings):
            self._search(pendings, place, found)
        else:
            self._settle(found)


def _key(pending: Pending) -> Any:
    return pending.lookup.key(pending.text) if pending.lookup is not None else None


def _unknown(text: str) -> BadCell:
    sentence = translate("LineGrid", "{text} is not known here. Choose from the list.")
    return BadCell(text, sentence.format(text=quoted(text)))


__all__ = ["LookingUp", "Outcomes"]
