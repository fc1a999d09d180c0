"""Identifiers: UUIDv7, so that rows made together lie together, and ids that derive from what they stand for."""

import os
import time
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM_A = 0xFFF << 64
_RANDOM_B = (1 << 62) - 1


def _uuid7(milliseconds: int, random: int) -> UUID:
    number = (milliseconds << 80) | _VERSION_7 | (random & _RANDOM_A) | _VARIANT | (random & _RANDOM_B)
    return UUID(int=number)


def new_id() -> UUID:
    """A fresh UUIDv7 of this moment. For where rows and actions are made; inside an action use `ctx.new_id()`."""
    return _uuid7(time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big"))


def lowest_id(at: datetime) -> UUID:
    """No id that was made from `at` on is less."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def child_id(parent: UUID, counter: int) -> UUID:
    """The counter-th id made under `parent`: the same wherever it is asked for, with the parent's time in front."""
    digest = blake2b(parent.bytes + counter.to_bytes(8, "big"), digest_size=10).digest()
    return _uuid7(parent.int >> 80, int.from_bytes(digest, "big"))


def next_id(action_id: UUID) -> UUID:
    """The id under which a refused action is sent again, wherever that is done. (Ids made within an action count from 1.)"""
    return child_id(action_id, 0)


def child_keys(parent: UUID, first: int, count: int) -> list[bytes]:
    """The ids, as 16 bytes each, that `child_id` gives for `count` counters from `first` on; for thousands of rows."""
    known = blake2b(parent.bytes, digest_size=10)
    when = parent.bytes[:6]
    keys = []
    for counter in range(first, first + count):
        digest = known.copy()
        digest.update(counter.to_bytes(8, "big"))
        random = digest.digest()
        keys.append(when + bytes((0x70 | random[0] & 0xF, random[1], 0x80 | random[2] & 0x3F)) + random[3:])
    return keys


def derived_id(kind: str, *parts: UUID | str | None) -> UUID:
    """The id of a row that is named by its parts (a balance by product and bin), the same on desk and centre."""
    digest = blake2b(kind.encode(), digest_size=16)
    for part in parts:
        encoded = part.bytes if isinstance(part, UUID) else (part or "").encode()
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    number = int.from_bytes(digest.digest(), "big")
    return UUID(int=(number & ~(0xF << 76) & ~(0x3 << 62)) | (0x8 << 76) | _VARIANT)  # version 8: our own derivation
