"""The published cases: other systems' tests, vendors' documents and textbooks, read where they lie beside the project."""

import json
import os
from pathlib import Path

import pytest

from erp_desktop.costing.__main__ import main
from erp_desktop.costing.cases import other_policy, read_case, run_case

SHARED = Path(os.environ.get("ERP_SHARED", Path(__file__).parents[3] / "shared"))
CASES = sorted((SHARED / "cases" / "costing").glob("*.json"))

THREE_FOR_TEN = {
    "id": "three-for-ten",
    "method": "fifo",
    "agrees_with_defaults": True,
    "moves": [
        {"seq": 1, "date": "2026-01-01", "kind": "receipt", "qty": "3", "total_cost": "10.00"},
        {"seq": 2, "date": "2026-01-02", "kind": "issue", "qty": "1"},
    ],
    "expect": [{"after_seq": 2, "on_hand_qty": "2", "inventory_value": "6.67", "issue_cost": {"2": "3.33"}}],
}


@pytest.mark.skipif(
    not CASES, reason="the published cases are not there: set ERP_SHARED to the folder that holds cases/costing"
)
def test_every_case_of_an_offered_method_gives_the_published_figures():
    outcomes = [run_case(read_case(path)) for path in CASES]
    assert {outcome.case_id: outcome.differences for outcome in outcomes if outcome.differences} == {}
    assert sum(outcome.other_policy is None for outcome in outcomes) >= 53


@pytest.mark.skipif(
    not CASES, reason="the published cases are not there: set ERP_SHARED to the folder that holds cases/costing"
)
def test_no_case_that_agrees_with_the_defaults_is_left_out():
    cases = [case for case in map(read_case, CASES) if case["agrees_with_defaults"]]
    assert [case["id"] for case in cases if other_policy(case)] == []


def write(path: Path, case: dict) -> str:
    path.write_text(json.dumps(case), "utf-8")
    return str(path)


def test_a_case_that_holds_passes_and_one_that_does_not_says_the_first_difference(tmp_path, capsys):
    good = write(tmp_path / "good.json", THREE_FOR_TEN)
    wrong = {**THREE_FOR_TEN, "expect": [{"after_seq": 2, "inventory_value": "6.66"}]}
    assert main([good]) == 0
    assert main([good, write(tmp_path / "wrong.json", wrong)]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert "wrong.json: differs after_seq 2: inventory_value is 6.67, expected 6.66" in printed
    assert printed[-1] == "1 pass, 1 differs, 0 other policy"


def test_a_switch_that_the_product_does_not_offer_is_named(tmp_path, capsys):
    highest = write(tmp_path / "highest.json", {**THREE_FOR_TEN, "method": "hifo"})
    frozen = {**THREE_FOR_TEN, "agrees_with_defaults": False, "policy": {"backdated": "no_recost"}}
    assert main([highest, write(tmp_path / "frozen.json", frozen)]) == 0
    printed = capsys.readouterr().out
    assert "highest.json: other policy: method hifo" in printed
    assert "frozen.json: other policy: backdated no_recost" in printed


def test_json_tells_what_was_computed_for_every_expectation(tmp_path, capsys):
    main([write(tmp_path / "case.json", THREE_FOR_TEN), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "pass"
    assert answer["computed"] == [
        {"after_seq": 2, "on_hand_qty": "2", "inventory_value": "6.67", "issue_cost": {"2": "3.33"}}
    ]


def test_a_file_that_is_no_case_is_told_apart_from_a_difference(tmp_path, capsys):
    (tmp_path / "torn.json").write_text("{", "utf-8")
    assert main([str(tmp_path / "torn.json"), write(tmp_path / "list.json", []), str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err.count("unreadable") == 3


def test_a_periodic_system_counts_what_came_in_before_what_went_out_less_what_customers_returned(tmp_path):
    moves = [
        {"seq": 1, "date": "2026-06-01", "kind": "receipt", "qty": "10", "unit_cost": "1.00"},
        {"seq": 2, "date": "2026-06-02", "kind": "issue", "qty": "8"},
        {"seq": 3, "date": "2026-06-03", "kind": "customer_return", "qty": "2", "of": 2},
        {"seq": 4, "date": "2026-06-30", "kind": "receipt", "qty": "5", "unit_cost": "2.00"},
    ]
    expect = [{"after_seq": 4, "inventory_value": "9.00", "cogs_total": "11.00"}]
    case = {"id": "june", "method": "lifo", "agrees_with_defaults": True, "policy": {"system": "periodic"}}
    assert main([write(tmp_path / "june.json", {**case, "moves": moves, "expect": expect})]) == 0


def test_a_plan_cost_book_shares_its_variances_by_one_rate(tmp_path):
    moves = [
        {"seq": 1, "date": "2026-06-01", "kind": "receipt", "qty": "10", "unit_cost": "12.00"},
        {"seq": 2, "date": "2026-06-02", "kind": "issue", "qty": "4"},
    ]
    expect = [{"after_seq": 2, "variance_rate": "0.20", "inventory_value": "60.00", "actual_value": "72.00"}]
    case = {"id": "plan", "method": "standard", "standard_cost": "10.00", "agrees_with_defaults": False}
    case |= {"policy": {"standard_variance": "rate"}, "moves": moves, "expect": expect}
    assert main([write(tmp_path / "plan.json", case)]) == 0
