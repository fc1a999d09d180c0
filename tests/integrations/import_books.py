"""A company to import into: a real central database, and `ask` and `perform` as an import gets them from the program."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from erp_desktop.actions.base import Action
from erp_desktop.actions.opening import OpenCompany
from erp_desktop.actions.refusals import Problem
from erp_desktop.central.performing import Centre
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.integrations.importing import ImportPlan, ImportResult, make_plan, take_in
from erp_desktop.integrations.mapping import ColumnMap, match_columns
from erp_desktop.integrations.tables import open_table
from erp_desktop.integrations.targets import TARGETS


class Books:
    """One company at a centre."""

    def __init__(self, centre: Centre, company_id: UUID, owner_id: UUID) -> None:
        self.centre = centre
        self.company_id = company_id
        self.owner_id = owner_id
        self.performed: list[Action] = []

    def perform(self, action: Action) -> None:
        (result,) = self.centre.perform_local(self.company_id, self.owner_id, [action])
        if result.outcome != "applied":
            raise Problem.from_dict(result.problem or {}).as_refusal()
        self.performed.append(action)

    def perform_all(self, actions: Sequence[Action]) -> list[Problem | None]:
        results = self.centre.perform_local(self.company_id, self.owner_id, actions)
        problems = [
            None if result.outcome == "applied" else Problem.from_dict(result.problem or {}) for result in results
        ]
        self.performed += [action for action, problem in zip(actions, problems, strict=True) if problem is None]
        return problems

    def ask(self, query: Any) -> Any:
        with Session(self.centre.engine) as session:
            return query.run(session, self.company_id)

    def session(self) -> Session:
        return Session(self.centre.engine)

    def count(self, model: Any) -> int:
        with self.session() as session:
            return (
                session.scalar(select(func.count()).select_from(model).where(model.company_id == self.company_id)) or 0
            )

    def plan(self, target: str, path: Path, given: ColumnMap | None = None) -> ImportPlan:
        table = open_table(path)
        matching = match_columns(TARGETS[target], table, given)
        return make_plan(TARGETS[target], table, matching, self.ask, today=date(2026, 3, 16))

    def take_in(self, target: str, path: Path, given: ColumnMap | None = None) -> ImportResult:
        return take_in(self.plan(target, path, given), self.perform)


@contextmanager
def open_books(database_url: str, first_year: date = date(2026, 1, 1), **company: Any) -> Iterator[Books]:
    """A company without anything but what every company begins with."""
    engine = open_engine(database_url)
    centre = Centre(engine)
    owner_id = new_id()
    settings = {
        "code": "IMP",
        "name": "Import Trading",
        "currency": "CNY",
        "time_zone": "Asia/Shanghai",
        "chart": "cn-small-enterprise",
        "first_period_on": first_year,
        "owner_id": owner_id,
        "owner_login": "owner",
        "owner_name": "Owner",
    } | company
    company_id = centre.open_company(OpenCompany(**settings), "correct horse battery")
    try:
        yield Books(centre, company_id, owner_id)
    finally:
        engine.dispose()
