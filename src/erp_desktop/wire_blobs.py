"""What desks and centre say about the bytes of attachments (wire.py says the rest).

Bytes travel as they are, a piece at a time, with their Content-Digest both ways; who asks, and from where on, stands in the
address. An empty piece says that the desk has no more, where the centre still asks. A desk sends no piece before the row that
names the content is at the centre.
"""

import re
from typing import Annotated
from uuid import UUID

import msgspec

from erp_desktop.models.attachment import HASH_DIGITS, LARGEST_ATTACHMENT

PIECE_BYTES = 256 * 1024  # some seconds on a slow line: so much is sent again when it breaks
MOST_HASHES = 200  # of one question

IS_HASH = re.compile(rf"^[0-9a-f]{{{HASH_DIGITS}}}$")
Hash = Annotated[str, msgspec.Meta(pattern=IS_HASH.pattern)]


class BlobPlace(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """PUT and GET /v1/blobs/{sha256}?...: who asks, and from which byte on."""

    device_id: UUID
    schema_revision: int
    offset: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_ATTACHMENT)] = 0


class BlobStatesRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/blobs/states: how much of these contents does the centre have?"""

    device_id: UUID
    schema_revision: int
    hashes: Annotated[list[Hash], msgspec.Meta(max_length=MOST_HASHES)]


class BlobState(msgspec.Struct, kw_only=True, frozen=True):
    """`is_wanted`: an attachment that this user may read names it; nothing is told of any other."""

    sha256: str
    is_wanted: bool
    is_whole: bool = False
    received: int = 0  # bytes that this computer has sent of it


class BlobStates(msgspec.Struct, kw_only=True, frozen=True):
    states: list[BlobState]
    end: bool = True


class BlobReceived(msgspec.Struct, kw_only=True, frozen=True):
    """Answer to a piece: where the next one begins, also where this one was not the next."""

    received: int
    is_whole: bool
    end: bool = True
