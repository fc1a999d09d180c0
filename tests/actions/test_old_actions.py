"""An action whose arguments have changed: what older programs wrote is performed as what it stands for today."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from company_fixtures import SmallCompany
from erp_desktop.actions import base
from erp_desktop.actions.base import (
    Action,
    Context,
    MalformedAction,
    UnknownAction,
    action,
    action_names,
    lifted_from,
    read_action,
)
from erp_desktop.actions.refusals import Problem
from erp_desktop.central.performing import Centre
from erp_desktop.central.replaying import differing_tables, replay
from erp_desktop.database import open_engine
from erp_desktop.ids import new_id
from erp_desktop.migrations import upgrade
from erp_desktop.models.product import Unit
from erp_desktop.models.sync import ActionLog
from erp_desktop.wire import PushedAction


@pytest.fixture
def three_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """NameUnit as three releases knew it: a name; then names in two languages; then a unit of any code."""
    monkeypatch.setattr(base, "_actions", dict(base._actions))
    monkeypatch.setattr(base, "_lifts", dict(base._lifts))

    @dataclass(frozen=True)
    class OnlyEnglish:
        unit_id: UUID
        name: str

    @dataclass(frozen=True)
    class TwoLanguages:
        unit_id: UUID
        name: str
        name_zh: str

    @action("master.write", version=3)
    @dataclass(frozen=True)
    class NameUnit(Action):
        unit_id: UUID
        name: str
        name_zh: str
        code: str

        def run(self, session: Session, ctx: Context) -> None:
            session.add(
                Unit(company_id=ctx.company_id, id=self.unit_id, code=self.code, name=self.name, name_zh=self.name_zh)
            )

    @lifted_from(OnlyEnglish, "NameUnit", 1)
    def speak_two(old: OnlyEnglish) -> TwoLanguages:
        return TwoLanguages(old.unit_id, old.name, "")

    @lifted_from(TwoLanguages, "NameUnit", 2)
    def add_a_code(old: TwoLanguages) -> NameUnit:
        return NameUnit(old.unit_id, old.name, old.name_zh, code=old.name.upper()[:10])


@pytest.fixture
def pushed(company: SmallCompany) -> Callable[..., PushedAction]:
    def make(version: int, **args: str) -> PushedAction:
        return PushedAction(
            id=new_id(),
            seq=1,
            name="NameUnit",
            version=version,
            args={"unit_id": str(new_id()), **args},
            depends_on=[],
            actor_id=company.owner_id,
            issued_at=datetime(2026, 3, 16, 8, 0, tzinfo=UTC),
            base_tick=1,
        )

    return make


@pytest.mark.usefixtures("three_versions")
def test_an_old_action_is_read_as_the_action_of_today() -> None:
    unit = new_id()
    oldest = read_action("NameUnit", 1, {"unit_id": str(unit), "name": "dozen"})
    older = read_action("NameUnit", 2, json.dumps({"unit_id": str(unit), "name": "dozen", "name_zh": "打"}))
    assert (oldest.unit_id, oldest.code, oldest.name_zh) == (unit, "DOZEN", "")  # type: ignore[attr-defined]
    assert (older.code, older.name_zh) == ("DOZEN", "打")  # type: ignore[attr-defined]
    assert type(oldest) is type(older)
    assert type(oldest).version == 3


@pytest.mark.usefixtures("three_versions")
def test_an_old_action_is_held_to_its_old_shape() -> None:
    with pytest.raises(MalformedAction, match=r"NameUnit@1.*name_zh"):
        read_action("NameUnit", 1, {"unit_id": str(new_id()), "name": "dozen", "name_zh": "打"})
    with pytest.raises(MalformedAction, match="NameUnit@2"):
        read_action("NameUnit", 2, {"unit_id": str(new_id()), "name": 12, "name_zh": "打"})
    with pytest.raises(UnknownAction, match="NameUnit@4"):
        read_action("NameUnit", 4, {"unit_id": str(new_id()), "name": "dozen"})


@pytest.mark.usefixtures("three_versions")
def test_all_versions_that_are_taken_are_told() -> None:
    assert action_names()["NameUnit"] == [1, 2, 3]


@pytest.mark.usefixtures("three_versions")
def test_desks_of_three_releases_work_at_one_centre_and_the_log_replays(
    company: SmallCompany, pushed: Callable[..., PushedAction], tmp_path: Path
) -> None:
    actions = [
        pushed(1, name="dozen"),
        pushed(2, name="crate", name_zh="箱"),
        pushed(3, name="pallet", name_zh="托盘", code="PAL"),
    ]
    results = company.centre.perform(company.company_id, None, actions)
    assert [result.outcome for result in results] == ["applied"] * 3
    with company.session() as session:
        codes = set(session.scalars(select(Unit.code)))
        logged = session.execute(select(ActionLog.version, ActionLog.args).where(ActionLog.name == "NameUnit")).all()
    assert {"DOZEN", "CRATE", "PAL"} <= codes
    assert [version for version, _ in logged] == [1, 2, 3]
    assert "code" not in json.loads(logged[0].args), "the log keeps what was pushed"

    again = open_engine(f"sqlite:///{tmp_path / 'again.db'}")
    upgrade(again)
    replay(company.centre.engine, company.company_id, again)
    assert differing_tables(company.centre.engine, again, company.company_id) == {}
    again.dispose()


@pytest.mark.usefixtures("three_versions")
def test_a_version_that_the_centre_does_not_know_is_refused_with_what_to_do_and_the_queue_goes_on(
    company: SmallCompany, pushed: Callable[..., PushedAction]
) -> None:
    newer, known = pushed(4, name="tun"), pushed(1, name="gross")
    first, second = company.centre.perform(company.company_id, None, [newer, known])
    assert (first.outcome, second.outcome) == ("refused", "applied")
    assert first.tick is not None, "a pull brings it, so that it comes to Needs attention"
    assert "NameUnit@4" in Problem.from_dict(first.problem or {}).sentence
    assert Centre(company.centre.engine).perform(company.company_id, None, [newer])[0] == first
