"""Python's collector of unused objects, kept from stopping people: it walks everything that is there, while all else waits."""

import gc

OBJECTS_BETWEEN_COLLECTIONS = 20_000


def settle_memory() -> None:
    """Call when a program has started: what is there now stays as long as the program does, so it is not walked any more.

    Without it a walk held the window up for 80 to 160 ms, and took up to a quarter of the time of a goods receipt at the centre.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
