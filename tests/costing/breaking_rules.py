"""Every rule of costing broken in turn, to see that the judge would notice: python tests/costing/breaking_rules.py

A break is a change of one line of the engine's source. It is made in a copy of the package, where random histories are counted
and compared with the judge, until one differs.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "src" / "erp_desktop"
HUNT = """
import sys
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
import test_stream_against_the_judge as judged, test_stream_in_pieces as pieces
hunts = [judged.test_a_stream_counts_every_event_as_the_judge_does, pieces.test_a_run_in_pieces_ends_where_one_run_ends]
quick = settings(max_examples=int(sys.argv[2]), phases=[Phase.generate], database=None, deadline=None,
                 suppress_health_check=list(HealthCheck), derandomize=True)
test = quick(given(data=st.data())(hunts[int(sys.argv[3])].hypothesis.inner_test))
try:
    test(method=sys.argv[1])
except BaseException:  # pytest has failures of its own kind
    sys.exit(3)
"""


@dataclass(frozen=True)
class Break:
    """`before` becomes `after` in a module of costing/; `method` is one that feels it. `rule` is its number on the page."""

    rule: int
    what: str
    module: str
    before: str
    after: str
    method: str
    in_pieces: bool = False  # only a run that stops and goes on shows it


BREAKS = (
    Break(
        1,
        "an issue rounds down",
        "layered",
        "cost = (2 * last_value * qty + held) // (2 * held)",
        "cost = last_value * qty // held",
        "fifo",
    ),
    Break(
        1,
        "an average rounds down",
        "averages",
        "cost = (2 * worth * qty + on_hand) // (2 * on_hand)\n                on_hand -= qty\n                worth -= cost\n                cost_is(-cost)\n            elif kind == _RECEIPT and value is not None and value >= 0 and on_hand >= 0:\n                on_hand += qty\n                worth += value\n                cost_is(value)",
        "cost = worth * qty // on_hand\n                on_hand -= qty\n                worth -= cost\n                cost_is(-cost)\n            elif kind == _RECEIPT and value is not None and value >= 0 and on_hand >= 0:\n                on_hand += qty\n                worth += value\n                cost_is(value)",
        "moving_average",
    ),
    Break(
        1,
        "halves are rounded to the even cent",
        "scaled",
        "return (numerator + total) // (2 * total)",
        "return round(numerator / (2 * total))",
        "fifo",
    ),
    Break(
        1,
        "the last unit leaves at the rounded unit cost",
        "averages",
        "return self.value if qty == self.qty else part(self.value, qty, self.qty)",
        "return part(part(self.value, 10**6, self.qty), qty, 10**6)",
        "moving_average",
    ),
    Break(1, "the newest layer leaves first", "layered", "end = 0  #", "end = -1  #", "fifo"),
    Break(1, "the oldest layer leaves first", "layered", "end = -1\n", "end = 0\n", "lifo"),
    Break(
        2,
        "a state forgets the queue's order",
        "layered",
        "return header, [*tables, [layer for layer in self.queue if layer[QTY]]]",
        "return header, [*tables, [layer for layer in reversed(self.queue) if layer[QTY]]]",
        "fifo",
        True,
    ),
    Break(
        2,
        "a state forgets the open period's issues",
        "averages",
        "return {**header, **figures}, [*tables, self.issues.rows()]",
        "return {**header, **figures}, [*tables, []]",
        "periodic_average",
        True,
    ),
    Break(2, "a state forgets the last known cost", "stock", '"last": self.last,', '"last": None,', "fifo", True),
    Break(
        3,
        "a true-up is expensed, but not taken off the stock",
        "stream",
        "self._correct(index, issue, more, to_inventory=-more)",
        "self._correct(index, issue, more)",
        "fifo",
    ),
    Break(
        3,
        "a correction is not linked to its issue",
        "stream",
        "self._result.effects.append(Effect(index, issue, to_inventory, amount))",
        'self._result.effects.append(Effect(index, b"", to_inventory, amount))',
        "fifo",
    ),
    Break(4, "oversold units cost nothing", "stock", "value = self.estimate(missing)", "value = 0", "fifo"),
    Break(
        4, "the newest shortage is covered first", "stock", "short = self.shorts[0]", "short = self.shorts[-1]", "fifo"
    ),
    Break(
        4,
        "a receipt covers shortages at their estimate",
        "stock",
        "cost = worth if filled == left else part(worth, filled, left)",
        "cost = min(worth, estimate)",
        "fifo",
    ),
    Break(
        4,
        "what may not go negative goes negative",
        "stock",
        "if qty > self.qty and not self.allow_negative:",
        "if qty > self.qty + 10**9:",
        "fifo",
    ),
    Break(
        5,
        "a customer return comes in at current cost",
        "stream",
        "return self._take_in(index, pool, event.key, [(event.qty, value)], returned=event.of)",
        "return self._take_in(index, pool, event.key, [(event.qty, None)], returned=event.of)",
        "fifo",
    ),
    Break(
        5,
        "a return forgets the true-ups of its issue",
        "stream",
        "known.settled += amount",
        "known.settled += 0",
        "fifo",
    ),
    Break(
        5,
        "returns forget what came back before",
        "stream",
        "issue.back_value += value",
        "issue.back_value += 0",
        "fifo",
    ),
    Break(
        5,
        "a return goes to the front of the queue",
        "layered",
        "self.queue.append(layer)",
        "self.queue.appendleft(layer)",
        "fifo",
    ),
    Break(
        6,
        "a return to the supplier leaves as the method says",
        "stream",
        "gone = pool.leave_from(key, qty, self._receipt_in(pool, event.of), event.value)",
        "gone = pool.leave(key, qty)",
        "fifo",
    ),
    Break(
        6,
        "an average returns at the average",
        "averages",
        "value = part(receipt.value_in, qty, receipt.qty_in)",
        "value = None",
        "moving_average",
    ),
    Break(
        6,
        "a return that empties the stock leaves value behind",
        "averages",
        "if value is None or qty >= self.qty or value > self.value:",
        "if value is None or qty > self.qty or value > self.value:",
        "moving_average",
    ),
    Break(
        7,
        "late value all stays in stock",
        "stream",
        "pool.add_to(receipt, part(amount, left, receipt.qty_in))",
        "pool.add_to(receipt, amount)",
        "fifo",
    ),
    Break(
        7,
        "late value is never kept",
        "layered",
        "return sum(layer[QTY] for layer in receipt.layers)",
        "return 0",
        "fifo",
    ),
    Break(
        7,
        "the left share counts all that is on hand",
        "averages",
        "return max(0, min(receipt.qty_in, receipt.end - self._left))",
        "return min(receipt.qty_in, max(0, self.qty))",
        "moving_average",
    ),
    Break(
        7,
        "the expensed share goes to the first taker",
        "stream",
        "shares_of(rest, list(taken.values()))",
        "[rest] + [0] * (len(taken) - 1)",
        "fifo",
    ),
    Break(7, "the odd cent goes to the smallest", "scaled", "largest = max(", "largest = min(", "fifo"),
    Break(
        7,
        "a credit takes more than a layer holds",
        "layered",
        "kept = max(share, -layer[VALUE])",
        "kept = share",
        "fifo",
    ),
    Break(
        8,
        "a transfer arrives at the receiver's cost",
        "stream",
        "self._take_in(index, to_pool, key, parts, is_watched=follows)",
        "self._take_in(index, to_pool, key, [(event.qty, None)], is_watched=follows)",
        "fifo",
    ),
    Break(
        8,
        "a transfer arrives as one layer",
        "stream",
        "parts = [(part_gone.qty, part_gone.value) for part_gone in gone]",
        "parts = [(event.qty, cost)]",
        "fifo",
    ),
    Break(
        8,
        "late value stops at a transfer",
        "stream",
        "if arrival is not None and issue not in path:",
        "if arrival is not None and not amount:",
        "fifo",
    ),
    Break(
        9,
        "goods found come in at the last cost",
        "stock",
        "return part(self.value, qty, self.qty) if self.qty > 0 else self.estimate(qty)",
        "return self.estimate(qty)",
        "fifo",
    ),
    Break(
        9,
        "a revaluation is spread by value",
        "layered",
        "layers = [layer for layer in self.queue if layer[QTY]]\n        shares = shares_of(amount, [layer[QTY] for layer in layers])",
        "layers = [layer for layer in self.queue if layer[QTY]]\n        shares = shares_of(amount, [layer[VALUE] + 1 for layer in layers])",
        "fifo",
    ),
    Break(
        9,
        "a revaluation may leave less than nothing",
        "averages",
        "if self.value + amount < 0:",
        "if self.value + amount < -(10**9):",
        "moving_average",
    ),
    Break(
        10,
        "the last known cost has whole currency units",
        "stock",
        "return None if last is None else part(last[0], self.factor, last[1])",
        "return None if last is None else part(last[0], self.factor, last[1]) // 10**6 * 10**6",
        "fifo",
    ),
    Break(
        10,
        "every currency has cents",
        "scaled",
        "return int(10 ** (UNIT_COST_PLACES + QTY_PLACES - currency_places))",
        "return int(10 ** (UNIT_COST_PLACES + QTY_PLACES - 2))",
        "fifo",
    ),
    Break(
        11,
        "a period's issues keep their provisional cost",
        "averages",
        "settled = part(worth, qty, left)",
        "settled = cost",
        "periodic_average",
    ),
    Break(
        11,
        "issues carry the average of the moment",
        "averages",
        "return min(self.value, part(self.average[0], qty, self.average[1]))",
        "return super()._price(qty)",
        "periodic_average",
    ),
    Break(
        11,
        "the rounded average is not rounded",
        "averages",
        "if places is None:",
        "if places is None or places:",
        "periodic_average",
    ),
    Break(
        11,
        "a supplier return does not lessen what the period has to give",
        "averages",
        "self._total_value -= value\n        return super()._give_back",
        "self._total_value -= 0\n        return super()._give_back",
        "periodic_average",
    ),
    Break(
        11,
        "a return within the period is a receipt like any other",
        "averages",
        "if place is not None and self.issues.qtys[place] >= qty:",
        "if place is not None and self.issues.qtys[place] < 0:",
        "periodic_average",
    ),
    Break(
        11,
        "plan cost keeps all variances in stock",
        "standard",
        "base = sum(issues.costs) + max(self.value, 0)",
        "base = 0",
        "standard",
    ),
    Break(
        11,
        "a receipt at standard hides its variance",
        "standard",
        "return at_standard, 0 if value is None else value - at_standard",
        "return at_standard, 0",
        "standard",
    ),
    Break(
        12,
        "a change of method drops a cent",
        "stock",
        "self.qty, self.value, self.shorts = former.qty, former.value, former.shorts",
        "self.qty, self.value, self.shorts = former.qty, former.value - 1, former.shorts",
        "fifo",
    ),
    Break(
        12,
        "a change of method leaves provisional costs",
        "stream",
        "self._end_period(index, pool, key)\n        if isinstance",
        "if isinstance",
        "periodic_average",
    ),
)


def is_caught(broken: Break, examples: int) -> bool:
    """Whether a random history tells the broken engine from the judge."""
    source = (PACKAGE / "costing" / f"{broken.module}.py").read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "erp_desktop"
        copy.mkdir()
        for name in ("__init__.py", "numbers.py"):
            (copy / name).write_bytes((PACKAGE / name).read_bytes())
        copytree(PACKAGE / "costing", copy / "costing")
        (copy / "costing" / f"{broken.module}.py").write_text(source.replace(broken.before, broken.after), "utf-8")
        command = [sys.executable, "-c", HUNT, broken.method, str(examples), str(int(broken.in_pieces))]
        path = os.pathsep.join((folder, str(HERE)))
        ended = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, check=False, capture_output=True, text=True
        )
    if ended.returncode not in (0, 3):
        raise RuntimeError(ended.stderr)
    return ended.returncode == 3


UNBROKEN = Break(0, "nothing", "scaled", "", "", "fifo")


def main() -> int:
    assert not is_caught(UNBROKEN, 500), "the engine differs from the judge as it is"
    with ThreadPoolExecutor(2) as workers:
        caught = list(workers.map(lambda broken: is_caught(broken, 4000), BREAKS))
    for broken, was_caught in zip(BREAKS, caught, strict=True):
        print(f"rule {broken.rule:>2}  {'caught' if was_caught else 'MISSED':<7} {broken.what}")
    print(f"{sum(caught)} of {len(BREAKS)} caught")
    return 0 if all(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
