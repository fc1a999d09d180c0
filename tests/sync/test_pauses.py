"""How long a desk waits before it tries again."""

import pytest

from erp_desktop.sync.engine import LONGEST_PAUSE, LONGEST_TOLD, SHORTEST_PAUSE, seconds_to_pause


@pytest.mark.parametrize("told", [1.0, 7.0, 61.0, 600.0, LONGEST_TOLD])
def test_a_centre_that_says_when_to_come_again_is_not_asked_before(told: float) -> None:
    waits = [seconds_to_pause(SHORTEST_PAUSE, told) for _ in range(50)]
    assert all(told <= seconds <= 1.2 * told for seconds in waits)
    assert len(set(waits)) > 1, "not all desks at once"


@pytest.mark.parametrize("told", [1e9, float("inf")])
def test_nobody_is_sent_away_for_ever(told: float) -> None:
    assert seconds_to_pause(SHORTEST_PAUSE, told) <= 1.2 * LONGEST_TOLD


@pytest.mark.parametrize("told", [None, 0.0, -5.0])
def test_without_a_word_the_pause_grows_by_itself_to_a_minute(told: float | None) -> None:
    assert SHORTEST_PAUSE / 2 <= seconds_to_pause(SHORTEST_PAUSE, told) <= SHORTEST_PAUSE
    assert LONGEST_PAUSE / 2 <= seconds_to_pause(10 * LONGEST_PAUSE, told) <= LONGEST_PAUSE
