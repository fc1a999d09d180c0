"""A pool's state as bytes: a line of plain figures (JSON), then tables of layers, each number in eight bytes."""

import json
import struct
from collections.abc import Iterable
from typing import Any

Row = list[Any]  # quantity, value, key, part, and one more that is not kept


def pack_state(header: dict[str, Any], tables: Iterable[Iterable[Row]]) -> bytes:
    """The opposite of `unpack_state`. Keys have at most 65535 bytes."""
    counts: list[int] = []
    numbers: list[int] = []
    keys: list[bytes] = []
    for table in tables:
        before = len(keys)
        for row in table:
            numbers += (row[0], row[1], row[3])
            keys.append(row[2])
        counts.append(len(keys) - before)
    figures = json.dumps({**header, "rows": counts}, separators=(",", ":")).encode()
    lengths = struct.pack(f"<{len(keys)}H", *map(len, keys))
    return b"".join((figures, b"\n", struct.pack(f"<{len(numbers)}q", *numbers), lengths, *keys))


def unpack_state(state: bytes) -> tuple[dict[str, Any], list[list[Row]]]:
    """The figures, and the tables of rows; the last column is None."""
    figures, _, packed = state.partition(b"\n")
    header = json.loads(figures)
    counts = header.pop("rows")
    total = sum(counts)
    numbers = iter(struct.unpack_from(f"<{3 * total}q", packed))
    lengths = struct.unpack_from(f"<{total}H", packed, 24 * total)
    at, rows = 26 * total, []
    for length, qty, value, part in zip(lengths, numbers, numbers, numbers, strict=True):
        rows.append([qty, value, packed[at : at + length], part, None])
        at += length
    following = iter(rows)
    return header, [[next(following) for _ in range(count)] for count in counts]
