"""Whatever people do while whatever goes wrong: nothing is lost, nothing is done twice, and in the end all hold the same.

SYNC_SCHEDULES sets how many schedules (thousands in a long run, and longer ones), SYNC_SEED from where they are drawn,
SYNC_CENTRE=postgres what the centre keeps its data in. Hypothesis prints the schedule that fails, step by step, and finds it again
by the same seed; with SYNC_SHORTEN=yes it looks for the shortest first, which takes minutes.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
import simulated_trade as trade
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from simulated_centre import Time
from simulated_company import GUESTS, PEOPLE
from simulated_desk import Fault, SimulatedDesk
from simulated_office import Prepared
from simulated_trade import Doing
from sqlalchemy import Engine

from erp_desktop import failpoints

SEED = int(os.environ.get("SYNC_SEED", "1"))
if "SYNC_SCHEDULES" in os.environ:
    STEPS = 30
    RUNS = {os.environ.get("SYNC_CENTRE", "sqlite"): int(os.environ["SYNC_SCHEDULES"])}
else:
    STEPS = 15
    RUNS = {"sqlite": 5, "postgres": 2}

SHORTENING = [Phase.shrink] if "SYNC_SHORTEN" in os.environ else []
TOLD_EVERY = 20  # schedules, for who looks at a long run (pytest -s)

logins = st.sampled_from(list(PEOPLE))
picks = st.sampled_from(range(9973))
things = st.sampled_from(trade.OFTEN_AND_SELDOM)
doings = st.lists(st.tuples(things, picks), min_size=1, max_size=4)
points = st.sampled_from([*failpoints.OF_THE_DESK, failpoints.FILE_KEPT, failpoints.PIECE_SENT])
what_goes_wrong = st.lists(st.sampled_from(Fault), max_size=3)


class Schedule(RuleBasedStateMachine):
    """Each rule is something that people, the network or the machines do. Between any two of them everything is sound."""

    came_to_rest: ClassVar[int] = 0
    prepared: ClassVar[Prepared]
    new_engine: ClassVar[Callable[[Path], Engine]]

    def __init__(self) -> None:
        super().__init__()
        self.ends = ExitStack()
        self.directory = Path(self.ends.enter_context(tempfile.TemporaryDirectory(dir=self.prepared.caches.parent)))

    @initialize(drawn=st.integers(1, 2**32))  # from 0 come the ids of what every schedule begins with
    def opens(self, drawn: int) -> None:
        time = Time(drawn)
        self.ends.enter_context(time.rules())
        self.office = self.prepared.opened(self.directory, time)
        self.ends.callback(self.office.abandon)

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
            self.office.at(login).sync()

    @rule(login=logins, what=things, pick=picks, point=points, nth=st.integers(1, 3))
    def somebody_acts_and_the_program_is_killed(self, login: str, what: Doing, pick: int, point: str, nth: int) -> None:
        with self.office.at(login).killed_at(point, nth):
            self.office.do(login, what, pick)

    @rule(login=logins)
    def a_desk_syncs(self, login: str) -> None:
        self.office.at(login).sync()

    @rule(login=logins, done=doings, faults=what_goes_wrong, other=logins, what=things, pick=picks)
    def a_desk_syncs_on_a_bad_network(
        self, login: str, done: list[tuple[Doing, int]], faults: list[Fault], other: str, what: Doing, pick: int
    ) -> None:
        self.somebody_acts(login, done)
        desk = self.office.at(login)
        desk.network.faults.extend(faults)
        desk.network.meanwhile = lambda: self._meanwhile(desk, other, what, pick)
        desk.sync()

    @rule(login=logins, done=doings, point=points, nth=st.integers(1, 4), faults=what_goes_wrong)
    def a_desk_syncs_and_is_killed(
        self, login: str, done: list[tuple[Doing, int]], point: str, nth: int, faults: list[Fault]
    ) -> None:
        self.somebody_acts(login, done)
        desk = self.office.at(login)
        desk.network.faults.extend(faults)
        desk.network.meanwhile = lambda: None
        with desk.killed_at(point, nth):
            desk.sync()

    @rule(login=logins, faults=what_goes_wrong)
    def a_desk_only_sends(self, login: str, faults: list[Fault]) -> None:
        desk = self.office.at(login)
        desk.network.faults.extend(faults)
        desk.push()

    @rule(login=logins, pick=picks)
    def somebody_looks_at_what_needs_attention(self, login: str, pick: int) -> None:
        self.office.settle(login, pick)

    @rule(login=st.sampled_from(list(GUESTS)), done=doings, is_sent=st.booleans())
    def somebody_else_signs_in_at_a_computer(self, login: str, done: list[tuple[Doing, int]], is_sent: bool) -> None:
        guest = self.office.change_places(login)
        self.somebody_acts(guest.name, done)
        if is_sent:
            guest.sync()
        guest.sign_out()

    @rule(login=logins, hours=st.sampled_from([-100_000, -9, 9, 100_000]))
    def a_clock_goes_wrong(self, login: str, hours: int) -> None:
        self.office.at(login).clock_is_wrong_by = timedelta(hours=hours)

    @rule(hours=st.sampled_from([0.01, 8, 400]))
    def time_passes(self, hours: float) -> None:
        self.office.time.pass_by(hours * 3600)

    @rule(login=logins)
    def a_program_is_started_again(self, login: str) -> None:
        self.office.at(login).restart()

    @rule()
    def the_centre_is_backed_up(self) -> None:
        self.office.back_up()

    @rule()
    def the_centre_is_put_back(self) -> None:
        self.office.put_back()

    @rule(is_killed=st.booleans())
    def a_backup_is_restored_while_all_goes_on(self, is_killed: bool) -> None:
        self.office.restore(is_killed=is_killed)

    @invariant()
    def everything_is_sound(self) -> None:
        if hasattr(self, "office"):
            self.office.is_sound()

    def teardown(self) -> None:
        with self.ends:
            if hasattr(self, "office") and sys.exc_info()[0] is None:
                self.office.comes_to_rest()
                self.office.agrees_with_the_oracle(type(self).new_engine(self.directory))
                Schedule.came_to_rest += 1
                if Schedule.came_to_rest % TOLD_EVERY == 0:
                    print(f"{Schedule.came_to_rest} schedules came to rest", flush=True)

    def _meanwhile(self, desk: SimulatedDesk, other: str, what: Doing, pick: int) -> None:
        """While an answer is under way somebody acts here, others sync, a backup is restored, or the second thread's pull
        overtakes it."""
        if pick % 11 == 10:
            self.office.restore()
        elif pick % 3 == 0:
            self.office.do(desk.login, what, pick)
        elif pick % 3 == 1 and self.office.desks[other] is not desk:
            self.office.do(other, what, pick)
            self.office.at(other).sync()
        else:
            desk.pull_beside()


@pytest.mark.parametrize("centre", list(RUNS))
def test_every_schedule_comes_to_rest_with_the_same_rows_everywhere(
    centre: str, request: pytest.FixtureRequest, new_engine: Callable[[Path], Engine]
) -> None:
    Schedule.prepared = request.getfixturevalue({"sqlite": "prepared", "postgres": "prepared_on_postgres"}[centre])
    Schedule.new_engine = staticmethod(new_engine)  # type: ignore[assignment]
    run_state_machine_as_test(
        seed(SEED)(Schedule),
        settings=settings(
            max_examples=RUNS[centre],
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, *SHORTENING),
        ),
    )
