"""The judge notices every rule that is broken. All of them with COSTING_BREAKS=all; a few otherwise."""

import os

import pytest
from breaking_rules import BREAKS, PACKAGE, UNBROKEN, is_caught

tried = BREAKS if os.environ.get("COSTING_BREAKS") == "all" else BREAKS[::12]


def test_every_rule_of_the_engine_has_a_break_and_every_break_a_place():
    assert {broken.rule for broken in BREAKS} == set(range(1, 13))
    for broken in BREAKS:
        source = (PACKAGE / "costing" / f"{broken.module}.py").read_text("utf-8")
        assert source.count(broken.before) == 1, broken.what


@pytest.mark.parametrize("broken", tried, ids=lambda broken: broken.what)
def test_a_broken_rule_is_caught(broken):
    assert is_caught(broken, 4000)


def test_an_unbroken_engine_is_not():
    assert not is_caught(UNBROKEN, 100)
