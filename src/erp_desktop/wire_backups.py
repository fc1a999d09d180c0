"""What a desk and the centre say to each other when an administrator restores a backup (docs/decisions/0111).

The file comes in pieces, as large as proxies let pass; then the centre is told to begin, and asked how it does.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from erp_desktop.wire import LARGEST_INT

PIECE_BYTES = 512 * 1024
PIECE_MESSAGE_BYTES = 4 * PIECE_BYTES // 3 + 4096  # as base64 in a message
LONGEST_PASSWORD = 200


class RestoreRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/restore/begin: who asks says their password anew, and how large the file is."""

    device_id: UUID
    schema_revision: int
    password: Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)]
    size: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_INT)]


class RestoreBegun(msgspec.Struct, kw_only=True, frozen=True):
    id: UUID
    end: bool = True


class RestorePiece(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/restore/piece: bytes from `offset` on; with `forget` it is not wanted any more."""

    device_id: UUID
    schema_revision: int
    id: UUID
    offset: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_INT)] = 0
    data: bytes = b""
    forget: bool = False


class RestoreReceived(msgspec.Struct, kw_only=True, frozen=True):
    """How much of the file is there: the next piece begins here."""

    received: int
    end: bool = True


class RestoreOrder(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/restore/go: the file is whole, so restore it. Said again, it is begun once."""

    device_id: UUID
    schema_revision: int
    id: UUID
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  # of the file


class RestoreLook(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/restore/look: how does it?"""

    device_id: UUID
    schema_revision: int
    id: UUID


class RestoreState(msgspec.Struct, kw_only=True, frozen=True):
    """waiting: for its pieces, or to be told to go. refused: nothing was changed, `problem` (Problem.as_dict) says why."""

    state: Literal["waiting", "restoring", "done", "refused"]
    problem: dict[str, Any] | None = None
    end: bool = True
