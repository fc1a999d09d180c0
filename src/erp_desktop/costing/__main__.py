"""Run published costing cases: python -m erp_desktop.costing CASE.json ... [--json].

Per file pass, the first difference, or the policy that the product does not offer; then a count of each. Exit code 1 if a
figure differs, 2 if a file cannot be read as a case.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from erp_desktop.costing.cases import Outcome, read_case, run_case


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m erp_desktop.costing", description=__doc__)
    parser.add_argument("cases", nargs="+", type=Path, metavar="CASE.json")
    parser.add_argument("--json", action="store_true", help="print what was computed for every expectation")
    asked = parser.parse_args(arguments)

    counts: Counter[str] = Counter({"pass": 0, "differs": 0, "other policy": 0})
    for path in asked.cases:
        try:
            outcome = run_case(read_case(path))
        except (OSError, ValueError, KeyError, TypeError, ArithmeticError, AttributeError) as fault:
            counts["unreadable"] += 1
            print(f"{path.name}: unreadable: {type(fault).__name__}: {fault}", file=sys.stderr)
            continue
        counts[_verdict(outcome)] += 1
        print(_as_json(path, outcome) if asked.json else f"{path.name}: {_sentence(outcome)}")
    if not asked.json:
        print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 2 if counts["unreadable"] else 1 if counts["differs"] else 0


def _verdict(outcome: Outcome) -> str:
    if outcome.other_policy is not None:
        return "other policy"
    return "differs" if outcome.differences else "pass"


def _sentence(outcome: Outcome) -> str:
    if outcome.other_policy is not None:
        return f"other policy: {outcome.other_policy}"
    if not outcome.differences:
        return "pass"
    first = outcome.differences[0]
    return f"differs {first.at}: {first.figure} is {first.computed}, expected {first.expected}"


def _as_json(path: Path, outcome: Outcome) -> str:
    """One object a line: the verdict, and per expectation the figures as they were computed."""
    answer = {"file": path.name, "id": outcome.case_id, "verdict": _verdict(outcome)}
    if outcome.other_policy is not None:
        answer["other_policy"] = outcome.other_policy
    return json.dumps({**answer, "computed": outcome.computed}, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
