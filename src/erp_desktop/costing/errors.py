"""What a costing engine cannot count: more than is on hand, value for nothing, references to moves it was not told of."""

from erp_desktop.costing.scaled import qty_of


class CostingFault(Exception):
    """An event that cannot be counted. `pool` and `key` name it; the stream that raised it is of no further use."""

    def __init__(self, sentence: str, pool: int, key: bytes) -> None:
        super().__init__(sentence)
        self.pool = pool
        self.key = key


class NotEnoughStock(CostingFault):
    """More is asked for than the pool holds, and it may not go negative (rule 4). Quantities in 10**-6."""

    def __init__(self, pool: int, key: bytes, on_hand: int, asked: int) -> None:
        super().__init__(f"{qty_of(asked)} asked, {qty_of(on_hand)} on hand", pool, key)
        self.on_hand = on_hand
        self.asked = asked


class NothingToRevalue(CostingFault):
    """Value is to be added to a pool that has no stock: it has to be expensed instead."""


class ValueBelowZero(CostingFault):
    """A revaluation would leave stock with a negative value."""


class UnknownMove(CostingFault):
    """An event names a receipt or an issue that is neither in the run nor made known before it."""


class ReturnsTooMuch(CostingFault):
    """More comes back than is still out of the issue. Quantities in 10**-6."""

    def __init__(self, pool: int, key: bytes, still_out: int, asked: int) -> None:
        super().__init__(f"{qty_of(asked)} come back of {qty_of(still_out)} that are still out", pool, key)
        self.still_out = still_out
        self.asked = asked


class BadEvent(CostingFault, ValueError):
    """A quantity that is not positive, a receipt worth less than nothing, a change of value that states none."""


class UnknownMethod(ValueError):
    """No such costing method."""
