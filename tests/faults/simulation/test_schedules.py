"""Whatever people do while whatever goes wrong: nothing is lost, nothing is done twice, and in the end all hold the same.

SYNC_SCHEDULES sets how many schedules (thousands in a long run, and longer ones), SYNC_SEED from where they are drawn.
Hypothesis prints the shortest schedule that fails, step by step; the same seed finds it again.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import simulated_trade as trade
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from simulated_centre import Time
from simulated_desk import Fault, SimulatedDesk
from simulated_office import PEOPLE, SimulatedOffice
from simulated_trade import Doing
from sqlalchemy import Engine

from erp_desktop import failpoints
from erp_desktop.database import open_engine

SCHEDULES = int(os.environ.get("SYNC_SCHEDULES", "5"))
STEPS = 30 if "SYNC_SCHEDULES" in os.environ else 15
SEED = int(os.environ.get("SYNC_SEED", "1"))

logins = st.sampled_from(list(PEOPLE))
picks = st.sampled_from(range(9973))
things = st.sampled_from(trade.OFTEN_AND_SELDOM)
doings = st.lists(st.tuples(things, picks), min_size=1, max_size=4)
what_goes_wrong = st.lists(st.sampled_from(Fault), max_size=3)


class Schedule(RuleBasedStateMachine):
    """Each rule is something that people, the network or the machines do. Between any two of them everything is sound."""

    template: ClassVar[Path]
    company_id: ClassVar[UUID]
    new_engine: ClassVar[Callable[[Path], Engine]]

    def __init__(self) -> None:
        super().__init__()
        self.ends = ExitStack()
        self.directory = Path(self.ends.enter_context(tempfile.TemporaryDirectory(dir=self.template.parent)))

    @initialize(drawn=st.integers(0, 2**32))
    def opens(self, drawn: int) -> None:
        shutil.copytree(self.template, self.directory, dirs_exist_ok=True)
        time = Time(drawn)
        self.ends.enter_context(time.rules())
        engine = open_engine(f"sqlite:///{self.directory / 'centre.db'}")
        self.office = SimulatedOffice(engine, self.company_id, self.directory, time, PEOPLE)
        self.ends.callback(self.office.close)

    @rule(login=logins, done=doings)
    def somebody_acts(self, login: str, done: list[tuple[Doing, int]]) -> None:
        for what, pick in done:
            self.office.do(login, what, pick)

    @rule(one=doings, other=doings, logins=st.tuples(logins, logins))
    def two_people_act_and_sync(
        self, one: list[tuple[Doing, int]], other: list[tuple[Doing, int]], logins: tuple[str, str]
    ) -> None:
        for login, done in zip(logins, (one, other), strict=True):
            self.somebody_acts(login, done)
        for login in logins:
            self.office.desks[login].sync()

    @rule(login=logins, what=things, pick=picks, point=st.sampled_from(failpoints.OF_THE_DESK), nth=st.integers(1, 3))
    def somebody_acts_and_the_program_is_killed(self, login: str, what: Doing, pick: int, point: str, nth: int) -> None:
        with self.office.desks[login].killed_at(point, nth):
            self.office.do(login, what, pick)

    @rule(login=logins)
    def a_desk_syncs(self, login: str) -> None:
        self.office.desks[login].sync()

    @rule(login=logins, done=doings, faults=what_goes_wrong, other=logins, what=things, pick=picks)
    def a_desk_syncs_on_a_bad_network(
        self, login: str, done: list[tuple[Doing, int]], faults: list[Fault], other: str, what: Doing, pick: int
    ) -> None:
        self.somebody_acts(login, done)
        desk = self.office.desks[login]
        desk.network.faults.extend(faults)
        desk.network.meanwhile = lambda: self._meanwhile(desk, other, what, pick)
        desk.sync()

    @rule(
        login=logins,
        done=doings,
        point=st.sampled_from(failpoints.OF_THE_DESK),
        nth=st.integers(1, 4),
        faults=what_goes_wrong,
    )
    def a_desk_syncs_and_is_killed(
        self, login: str, done: list[tuple[Doing, int]], point: str, nth: int, faults: list[Fault]
    ) -> None:
        self.somebody_acts(login, done)
        desk = self.office.desks[login]
        desk.network.faults.extend(faults)
        desk.network.meanwhile = lambda: None
        with desk.killed_at(point, nth):
            desk.sync()

    @rule(login=logins, faults=what_goes_wrong)
    def a_desk_only_sends(self, login: str, faults: list[Fault]) -> None:
        desk = self.office.desks[login]
        desk.network.faults.extend(faults)
        desk.push()

    @rule(login=logins, pick=picks)
    def somebody_looks_at_what_needs_attention(self, login: str, pick: int) -> None:
        self.office.settle(login, pick)

    @rule(login=logins, hours=st.sampled_from([-100_000, -9, 9, 100_000]))
    def a_clock_goes_wrong(self, login: str, hours: int) -> None:
        self.office.desks[login].clock_is_wrong_by = timedelta(hours=hours)

    @rule(hours=st.sampled_from([0.01, 8, 400]))
    def time_passes(self, hours: float) -> None:
        self.office.time.pass_by(hours * 3600)

    @rule(login=logins)
    def a_program_is_started_again(self, login: str) -> None:
        self.office.desks[login].restart()

    @rule()
    def the_centre_is_backed_up(self) -> None:
        self.office.back_up()

    @rule()
    def the_centre_is_put_back(self) -> None:
        self.office.put_back()

    @invariant()
    def everything_is_sound(self) -> None:
        if hasattr(self, "office"):
            self.office.is_sound()

    def teardown(self) -> None:
        with self.ends:
            if hasattr(self, "office") and sys.exc_info()[0] is None:
                self.office.comes_to_rest()
                self.office.agrees_with_the_oracle(type(self).new_engine(self.directory))

    def _meanwhile(self, desk: SimulatedDesk, other: str, what: Doing, pick: int) -> None:
        """While an answer is under way somebody acts here, others sync, or the second thread's pull overtakes it."""
        if pick % 3 == 0:
            self.office.do(desk.login, what, pick)
        elif pick % 3 == 1 and self.office.desks[other] is not desk:
            self.office.do(other, what, pick)
            self.office.desks[other].sync()
        else:
            desk.pull_beside()


def test_every_schedule_comes_to_rest_with_the_same_rows_everywhere(
    prepared: tuple[Path, UUID], new_engine: Callable[[Path], Engine]
) -> None:
    Schedule.template, Schedule.company_id = prepared
    Schedule.new_engine = staticmethod(new_engine)  # type: ignore[assignment]
    run_state_machine_as_test(
        seed(SEED)(Schedule),
        settings=settings(
            max_examples=SCHEDULES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
