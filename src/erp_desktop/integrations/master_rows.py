"""Importing master data: a row is known by its key, and becomes new, changed, or stays the same."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from erp_desktop.actions.masters import SaveMasters
from erp_desktop.actions.saving import columns_of
from erp_desktop.ids import derived_id, new_id
from erp_desktop.integrations.fields import ImportTarget
from erp_desktop.integrations.judging import TWICE, UNKNOWN_CODE, Batch, PlannedRow, RowReader, Verdict, heading_of
from erp_desktop.integrations.lookups import Ask, StoredRows
from erp_desktop.integrations.mapping import Matching
from erp_desktop.integrations.units import rows_in_units

ROWS_PER_ACTION = 200


class MasterRows:
    """Judges and saves rows of one table of master data."""

    def __init__(self, target: ImportTarget, matching: Matching, ask: Ask) -> None:
        if target.save is None:
            raise ValueError(target.name)
        self._save: type[Any] = target.save
        self._table = str(target.save.model.__tablename__)
        self._id_field = columns_of(target.save)[0].name
        self._target = target
        self._ask = ask
        self._reader = RowReader(target, matching, ask, target.save.model)

    def judge(self, rows: list[PlannedRow]) -> None:
        for row in rows:
            self._reader.read(row)
        good = [row for row in rows if not row.is_bad]
        self._reader.find_codes(good, except_table=self._table)
        self._count_in_stock_units(good)
        for row in good:
            for name in self._target.key:
                if name not in row.values:
                    self._reader.refuse_incomplete(row)
        good = [row for row in good if not row.is_bad]
        good = self._refuse_twice(good)

        stored = self._ask(
            StoredRows(self._table, self._target.key, tuple({row.values[self._target.key[0]] for row in good}))
        )
        self._reader.fill_usual([row for row in good if self._key(row) not in stored])
        ids = self._ids(good, stored)
        self._find_own_kind(good, ids)
        for row in good:
            if not row.is_bad:
                self._decide(row, stored.get(self._key(row)), ids[self._key(row)])

    def batches(self, rows: list[PlannedRow]) -> Iterator[Batch]:
        ordered = self._parents_first(rows)
        if not self._target.bulk:
            for row in ordered:
                yield Batch(row.step, [row])
            return
        for start in range(0, len(ordered), ROWS_PER_ACTION):
            part = ordered[start : start + ROWS_PER_ACTION]
            steps = tuple(row.step for row in part)
            yield Batch(SaveMasters(**{self._target.bulk: steps}), part, lambda part=part: _one_by_one(part))  # type: ignore[misc]

    def _count_in_stock_units(self, rows: list[PlannedRow]) -> None:
        """A price list may be by the box; prices are kept for one stock unit."""
        if not any(known.kind == "unit" for known in self._target.fields):
            return
        for one in rows_in_units(self._target, self._ask, rows):
            for name, counted in (("from_qty", one.stock_qty), ("unit_price", one.stock_price)):
                if name in one.row.values:
                    one.row.values[name] = counted(name)

    def _key(self, row: PlannedRow) -> tuple[Any, ...]:
        return tuple(row.values[name] for name in self._target.key)

    def _refuse_twice(self, rows: list[PlannedRow]) -> list[PlannedRow]:
        first: dict[tuple[Any, ...], int] = {}
        for row in rows:
            number = first.setdefault(self._key(row), row.number)
            if number != row.number:
                row.refuse(TWICE, row=number)
        return [row for row in rows if not row.is_bad]

    def _ids(
        self, rows: list[PlannedRow], stored: dict[tuple[Any, ...], dict[str, Any]]
    ) -> dict[tuple[Any, ...], UUID]:
        """Stored rows keep theirs. A new one's derives from its key, so that two desks that import the same file agree."""
        ids = {key: values["id"] for key, values in stored.items()}
        derived = {
            self._key(row): derived_id(f"import {self._table}", *map(_as_part, self._key(row)))
            for row in rows
            if self._key(row) not in ids
        }
        taken = self._ask(StoredRows(self._table, ("id",), tuple(derived.values())))  # its code was changed since
        ids.update((key, new_id() if (row_id,) in taken else row_id) for key, row_id in derived.items())
        return ids

    def _find_own_kind(self, rows: list[PlannedRow], ids: dict[tuple[Any, ...], UUID]) -> None:
        """A parent or manager may be in the file as well as in the books."""
        for known in self._target.fields:
            if known.kind != "ref" or known.table != self._table:
                continue
            elsewhere = []
            for row in rows:
                code = row.values.get(known.name)
                if code is not None and (code,) in ids:
                    row.values[known.name] = ids[code,]
                elif code is not None:
                    elsewhere.append(row)
            codes = tuple({row.values[known.name] for row in elsewhere})
            stored = self._ask(StoredRows(self._table, ("code",), codes))
            for row in elsewhere:
                code = row.values[known.name]
                if (code,) in stored:
                    row.values[known.name] = stored[code,]["id"]
                else:
                    row.refuse(UNKNOWN_CODE, field=heading_of(known), code=code)

    def _decide(self, row: PlannedRow, stored: dict[str, Any] | None, row_id: UUID) -> None:
        given = row.values | dict(self._target.fixed)
        if stored is None:
            self._reader.refuse_incomplete(row)
            if row.is_bad:
                return
            row.verdict = Verdict.NEW
            row.step = self._save(**{self._id_field: row_id}, **given)
        else:
            is_same = all(stored[name] == value for name, value in given.items())
            row.verdict = Verdict.SAME if is_same else Verdict.CHANGED
            kept = {name: value for name, value in stored.items() if name not in ("company_id", "id", "tick")}
            row.step = self._save(**{self._id_field: row_id}, **(kept | given))

    def _parents_first(self, rows: Sequence[PlannedRow]) -> list[PlannedRow]:
        parents = [name for name, model in self._save.references.items() if model is self._save.model]
        if not parents:
            return list(rows)
        by_id = {getattr(row.step, self._id_field): row for row in rows}
        ordered: dict[int, PlannedRow] = {}
        for row in rows:
            chain: list[PlannedRow] = []
            above: PlannedRow | None = row
            while above is not None and id(above) not in ordered and above not in chain:
                chain.append(above)
                above = by_id.get(getattr(above.step, parents[0]))
            for link in reversed(chain):
                ordered[id(link)] = link
        return list(ordered.values())


def _one_by_one(rows: Sequence[PlannedRow]) -> Iterator[Batch]:
    return (Batch(row.step, [row]) for row in rows)


def _as_part(value: Any) -> UUID | str:
    if isinstance(value, UUID):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)
