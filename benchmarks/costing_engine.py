"""How fast the costing engine counts moves: every method against a bare loop, memory, many products on one and two cores.

The bare loop does the arithmetic of a moving average over the same tuples and nothing else: no layers, no events of other
kinds, no refusals. It and the methods take turns in one process; the best of each counts, in seconds of the core.
Run by `benchmarks.costing`.
"""

import random
import resource
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from multiprocessing import Pool

from benchmarks.figures import tell
from erp_desktop.costing.events import METHODS, Event, Kind
from erp_desktop.costing.stream import Stream

ROUNDS = 5
STANDARD = 7_000_000
MOST_TIMES_THE_BARE_LOOP = 3.0
MOVES_PER_SECOND = 1_000_000


def plain_moves(count: int, seed: int = 1) -> Iterator[Event]:
    """Receipts and issues of one pool, never short: about one receipt to two issues."""
    chance = random.Random(seed)
    draw, below = chance.random, chance.randrange
    on_hand = 0
    for number in range(count):
        key = number.to_bytes(16)
        if on_hand < 50_000_000 or draw() < 0.333:
            qty = below(1, 40) * 1_000_000
            on_hand += qty
            yield Event(key, Kind.RECEIPT, 0, qty, qty * 7 // 10_000 + below(100))
        else:
            qty = below(1, 20) * 1_000_000
            on_hand -= qty
            yield Event(key, Kind.ISSUE, 0, qty)


def one_pool(method: str) -> Stream:
    stream = Stream(2)
    stream.open_pool(0, method, standard=STANDARD)
    return stream


def bare_loop(events: Sequence[Event]) -> int:
    """The value on hand after `events`, by a moving average."""
    on_hand = worth = 0
    costs: list[int] = []
    for _, kind, _, qty, value, _, _ in events:
        if kind == 1:
            assert value is not None
            on_hand += qty
            worth += value
            costs.append(value)
        else:
            cost = (2 * worth * qty + on_hand) // (2 * on_hand)
            on_hand -= qty
            worth -= cost
            costs.append(-cost)
    return worth


def _seconds_of(method: str, events: Sequence[Event], *, with_takes: bool = False) -> float:
    stream = one_pool(method)
    begin = time.process_time()
    costs = stream.run(events, with_takes=with_takes).costs
    seconds = time.process_time() - begin
    assert sum(costs) == stream.pools[0].value, "value in is value out and on hand"
    return seconds


def methods_against_the_bare_loop(moves: int = 1_000_000, rounds: int = ROUNDS) -> None:
    """Moves a second in every method, and how many times the bare loop's time that takes."""
    events = list(plain_moves(moves))
    bare: list[float] = []
    taken: dict[str, list[float]] = {method: [] for method in METHODS}
    with_edges: list[float] = []
    for _ in range(rounds):
        for method in METHODS:
            begin = time.process_time()
            bare_loop(events)
            bare.append(time.process_time() - begin)
            taken[method].append(_seconds_of(method, events))
        with_edges.append(_seconds_of("fifo", events, with_takes=True))
    tell("costing: bare loop over the same moves", moves / min(bare), "moves/s")
    for method, seconds in taken.items():
        best = min(seconds)
        tell(
            f"costing: {method}, one pool, one core", moves / best, "moves/s", MOVES_PER_SECOND, seconds=round(best, 3)
        )
        tell(f"costing: {method}, times the bare loop", best / min(bare), "times", MOST_TIMES_THE_BARE_LOOP)
    tell("costing: fifo with its consumption edges, one core", moves / min(with_edges), "moves/s")


def memory_of_a_long_history(moves: int = 1_000_000, at_once: int = 10_000) -> None:
    """How much the process grows while moves come from a generator: what is open, not what has passed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stream, events = one_pool("fifo"), plain_moves(moves)
    while piece := list(islice(events, at_once)):
        stream.run(piece, with_takes=False)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    layers = len(stream.pools[0].layers())
    tell("costing: memory for a million moves, read in pieces", grown, "MB", 32, open_layers=layers)


def _count_products(work: tuple[range, int]) -> int:
    products, moves_each = work
    counted = 0
    for product in products:
        stream = one_pool(METHODS[product % len(METHODS)])
        counted += len(stream.run(list(plain_moves(moves_each, product)), with_takes=False).costs)
    return counted


def many_products(products: int = 10_000, moves_each: int = 1_000) -> None:
    """All moves of many products, the methods in turn, on one core and on two; making the moves up is part of the time."""
    moves = products * moves_each
    batches = [(range(begin, min(begin + 100, products)), moves_each) for begin in range(0, products, 100)]
    alone = 0.0
    for processes in (1, 2):
        begin = time.perf_counter()
        with Pool(processes) as workers:
            assert sum(workers.imap_unordered(_count_products, batches)) == moves
        seconds = time.perf_counter() - begin
        alone = alone or seconds
        tell(
            f"costing: {moves:,} moves of {products:,} products, {processes} process{'es' * (processes > 1)}",
            seconds,
            "s",
            moves_per_second=round(moves / seconds),
            times_one_process=round(seconds / alone, 2),
        )


def engine() -> None:
    """Every figure of the engine alone, without a database."""
    memory_of_a_long_history()  # first: the most memory that the process ever held is what can be asked for
    methods_against_the_bare_loop()
    many_products()
