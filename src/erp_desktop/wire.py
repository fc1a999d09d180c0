"""What desks and centre say to each other (sync.md, Wire): the messages, and how rows travel.

Here: shapes and their way to JSON. Not here: HTTP, databases, who may see what. Every success body ends with `"end": true`,
so that a body cut short is never taken for a whole one; `end` is the last field of each reply for that reason.

Rows travel as they are stored: scaled numbers as those integers, ids as 32 hex digits, dates as 2024-03-01, instants as
2024-03-01T08:00:00.000000Z (always six decimals), yes and no as true and false, JSON columns as JSON.

Every body carries `Content-Digest: sha-256=:BASE64:` over the bytes as they travel, that is, after zstd or gzip (RFC 9530).
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

PROTOCOL = (1, 1)  # oldest and newest protocol that this program speaks
SCHEMA_REVISION = 1  # of the replicated tables; changes between releases add only
MAX_ACTIONS_PER_PUSH = 100
MAX_PUSH_BYTES = 512 * 1024
MAX_ROWS_PER_PULL = 5_000
MAX_OLDER_HELD = 300  # documents that a desk names as fetched already: more than anybody looks through
MAX_BUCKETS = 64  # of one request to verify
DEVICE_FORKED = "device_forked"  # code of a 409: two caches call themselves one device
CURSOR_GONE = "cursor_gone"  # code of a 410: the centre was restored to before what the device has seen, or it may see other rows now
LONGEST_WAIT_SECONDS = 25
LEASE_SECONDS = 30 * 24 * 60 * 60  # where a centre says nothing else
MOST_ROWS_OF_AN_EFFECT = 200  # of each kind; how many there are in all is told beside them
LARGEST_SMALL_INT = 2**31 - 1
LARGEST_INT = 2**63 - 1


class Hello(msgspec.Struct, kw_only=True, frozen=True):
    """GET /v1/sync/hello: who the centre is and what it understands. Also tells a captive portal from the centre."""

    product: str = "erp-central"
    server_id: UUID
    time: datetime
    protocol: tuple[int, int] = PROTOCOL
    schema_revision: int = SCHEMA_REVISION
    actions: dict[str, list[int]]
    limits: dict[str, int]
    companies: list[dict[str, str]]  # code and name of each company that can be signed in to
    end: bool = True


class LoginRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    company: str  # its code
    login: str
    password: str
    device_id: UUID
    device_name: str
    program: str = ""  # its version
    forked_from: UUID | None = None  # the device whose cache this one's was first copied from


class RefreshRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    company_id: UUID
    device_id: UUID
    refresh_token: str
    program: str = ""  # its version


class PasswordRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/auth/password: somebody chooses their own, also in the place of one that was given to them."""

    company: str  # its code
    login: str
    password: str  # the one until now
    new_password: str
    device_id: UUID  # stays signed in; other computers of this person do not


class Done(msgspec.Struct, kw_only=True, frozen=True):
    """It was done, and there is nothing to say about it."""

    end: bool = True


class Session(msgspec.Struct, kw_only=True, frozen=True):
    """Answer to login and refresh: a short access token, and the refresh token that replaces the last one."""

    company_id: UUID
    user_id: UUID
    user_name: str
    permissions: list[str]
    access_token: str
    expires_in: int  # seconds
    refresh_token: str
    lease_seconds: int | None = LEASE_SECONDS  # how long the desk may work without the centre; None: for ever
    end: bool = True


ActionName = Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[A-Za-z]+$")]
ActionVersion = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_SMALL_INT)]


class PushedAction(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    id: UUID
    seq: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_INT)]  # the desk's own order
    name: ActionName
    version: ActionVersion
    args: dict[str, Any]  # as erp_desktop.actions.base.action_args writes them
    depends_on: Annotated[list[UUID], msgspec.Meta(max_length=1000)]  # ids of pending actions whose rows this one needs
    actor_id: UUID
    issued_at: Annotated[datetime, msgspec.Meta(tz=True)]
    base_tick: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_INT)]  # what the desk had seen when the person acted
    again: bool = False  # applied once, lost by a restore: what cannot be done yet is answered `retry`, not refused


class PushRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    device_id: UUID
    schema_revision: int
    actions: Annotated[list[PushedAction], msgspec.Meta(max_length=MAX_ACTIONS_PER_PUSH)]
    cursor: str | None = None  # how far the device is; where that is gone (410), nothing of these is performed


class PushResult(msgspec.Struct, kw_only=True, frozen=True):
    """outcome: applied, refused (problem says why), blocked (what it depends on was refused), retry (busy)."""

    id: UUID
    outcome: str
    tick: int | None = None
    problem: dict[str, Any] | None = None  # Problem.as_dict()


class PushReply(msgspec.Struct, kw_only=True, frozen=True):
    results: list[PushResult]
    end: bool = True


class PreviewRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sync/preview: what would this action change if it were performed now? Nothing is written."""

    device_id: UUID
    schema_revision: int
    name: ActionName
    version: ActionVersion
    args: dict[str, Any]


class StockEffect(msgspec.Struct, kw_only=True, frozen=True):
    """What a product is before and after, in all warehouses, in the book that posts: stock units, company currency."""

    product_id: UUID
    code: str
    name: str
    name_zh: str
    unit: str
    unit_zh: str = ""
    qty_before: Decimal
    qty_after: Decimal
    value_before: Decimal
    value_after: Decimal


class EntryEffect(msgspec.Struct, kw_only=True, frozen=True):
    """What the entries of an event and a day would put on an account, in company currency."""

    dated_on: date
    event: str
    account: str  # its code
    name: str
    name_zh: str
    debit: Decimal
    credit: Decimal


class CorrectionEffect(msgspec.Struct, kw_only=True, frozen=True):
    """A document that is posted already and whose product would cost something else, in the book that posts."""

    kind: str  # AdjustmentKind
    dated_on: date
    document_kind: str
    document_id: UUID
    number: str  # empty for a document without one
    product_id: UUID
    code: str
    name: str
    name_zh: str
    to_inventory: Decimal  # as it changes the value on hand
    to_cost_of_sales: Decimal  # as it changes cost of sales, or the account where the move's cost had gone


class BookEffect(msgspec.Struct, kw_only=True, frozen=True):
    """What changes in a cost book, in company currency."""

    code: str
    name: str
    name_zh: str
    posts_to_ledger: bool
    inventory: Decimal
    cost_of_sales: Decimal


class Effect(msgspec.Struct, kw_only=True, frozen=True):
    """What an action would change, or why it would be refused (`problem`; everything else is empty then).

    Lists hold the first MOST_ROWS_OF_AN_EFFECT rows, the counts beside them all. `entries` is None for who may not see the
    ledger. The book that posts to the ledger is the first of `books`.
    """

    problem: dict[str, Any] | None = None  # Problem.as_dict()
    currency: str = ""
    currency_places: int = 2
    stock: list[StockEffect] = []
    stock_count: int = 0
    entries: list[EntryEffect] | None = None
    entry_count: int = 0
    corrections: list[CorrectionEffect] = []
    correction_count: int = 0
    books: list[BookEffect] = []
    written_down: Decimal = Decimal(0)  # the expense of stock held below its cost, a reversal where negative
    price_variance: Decimal = Decimal(0)  # what goes to purchase price variance instead of stock or cost of sales
    exchange_difference: Decimal = Decimal(
        0
    )  # what is lost by another rate than the goods were taken in at, gained where negative
    goods_dispatched: Decimal = Decimal(0)  # as it changes what is under way to customers and not sold yet
    allowance: Decimal = Decimal(0)  # as it changes what stock at cost is carried below that
    end: bool = True


class AdminRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/devices, /v1/admin/backup/begin: an administrator asks. These calls need the centre and no outbox."""

    device_id: UUID
    schema_revision: int


class DeviceRow(msgspec.Struct, kw_only=True, frozen=True):
    """A computer that has signed in, for one person of it."""

    id: UUID
    name: str
    user_id: UUID
    login: str
    user_name: str
    program: str  # its version; empty where it never said
    seen_at: datetime
    ticks_behind: int  # changes that it had not fetched when it last asked
    state: str  # signed_in, signed_out, taken_out
    copy_of: str = ""  # name of the computer whose data were copied to this one; empty: they were fetched here


class DeviceRows(msgspec.Struct, kw_only=True, frozen=True):
    devices: list[DeviceRow]
    end: bool = True


class DeviceOrder(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/device: end its sign-in, let nobody sign in on it any more, or let somebody sign in again."""

    device_id: UUID  # that asks
    schema_revision: int
    target: UUID
    order: Literal["sign_out", "take_out", "let_in"]


class UserOrder(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/user: sign out all computers of theirs, or make up a password with which they choose their own."""

    device_id: UUID
    schema_revision: int
    user_id: UUID
    order: Literal["sign_out", "one_time_password"]


class UserOrderDone(msgspec.Struct, kw_only=True, frozen=True):
    """`password` is told once, to who asked, and kept nowhere."""

    password: str = ""
    end: bool = True


class BackupBegun(msgspec.Struct, kw_only=True, frozen=True):
    """POST /v1/admin/backup/begin: a backup is being written, and can be fetched piece by piece meanwhile."""

    id: UUID
    end: bool = True


class BackupPieceRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/admin/backup/piece; with `forget` it is not wanted any more."""

    device_id: UUID
    schema_revision: int
    id: UUID
    offset: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_INT)] = 0
    forget: bool = False


class BackupPiece(msgspec.Struct, kw_only=True, frozen=True):
    """What there is from `offset` on; nothing where it is not written yet. `complete` with the last piece."""

    data: bytes
    complete: bool
    failed: bool = False
    end: bool = True


class TablePage(msgspec.Struct, kw_only=True, frozen=True):
    """Rows of one table, by column: `values[i]` holds column `columns[i]` of every row. `gone` are ids to forget."""

    table: str
    columns: list[str]
    values: list[list[Any]]
    gone: list[UUID] = []


class Ack(msgspec.Struct, kw_only=True, frozen=True):
    """The centre's final word on one of this device's actions, read in the same snapshot as the rows."""

    id: UUID
    outcome: str  # applied, refused
    tick: int
    problem: dict[str, Any] | None = None
    issued_at: datetime | None = None  # tells it from another one that a copy of the cache sent under the same id


class PullRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    device_id: UUID
    schema_revision: int
    cursor: str | None = None  # opaque and signed; None: from the beginning
    wait: Annotated[int, msgspec.Meta(ge=0)] = 0  # seconds to wait for news, up to LONGEST_WAIT_SECONDS
    max_rows: Annotated[int, msgspec.Meta(ge=1)] = MAX_ROWS_PER_PULL


class PullReply(msgspec.Struct, kw_only=True, frozen=True):
    """Pages of rows after the cursor. While `complete` is false the desk stages them and asks again with `cursor`."""

    pages: list[TablePage]
    acks: list[Ack]
    cursor: str
    tick: int  # the desk will have everything up to here once complete
    complete: bool
    end: bool = True


class SnapshotRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    device_id: UUID
    schema_revision: int
    table: str
    after_id: UUID | None = None
    limit: Annotated[int, msgspec.Meta(ge=1)] = MAX_ROWS_PER_PULL
    cursor: str | None = None  # that came with the sizes: tells where the window of the documents begins


class SnapshotReply(msgspec.Struct, kw_only=True, frozen=True):
    """A table by key. `cursor` is the point to pull from after the first fill: keep the first reply's."""

    page: TablePage
    cursor: str
    complete: bool
    end: bool = True


class SizesRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sync/sizes: the beginning of a fill. `cursor`: what a desk has read to that is filled already."""

    device_id: UUID
    schema_revision: int
    cursor: str | None = None


class SizesReply(msgspec.Struct, kw_only=True, frozen=True):
    """Rows of each table that the user may see, and the point to pull from after the fill: all in one snapshot, so that a
    table without rows need not be fetched. `goes_on`: that point is where the desk has read to, so that a table whose scope is
    the one that it was filled with needs no fetching either.
    """

    rows: dict[str, int]
    cursor: str
    scopes: dict[str, str] = {}
    goes_on: bool = False
    end: bool = True


class OlderRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sync/older: documents of `table` on which nothing was done for so long that a desk that has read to `cursor` does not
    hold them, the latest first; those whose number or party has `text` in it, without those that the desk has fetched already.
    """

    device_id: UUID
    schema_revision: int
    cursor: str
    table: Annotated[str, msgspec.Meta(max_length=60)]
    text: Annotated[str, msgspec.Meta(max_length=100)] = ""
    held: Annotated[list[UUID], msgspec.Meta(max_length=MAX_OLDER_HELD)] = []
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20


class OlderReply(msgspec.Struct, kw_only=True, frozen=True):
    """The documents that were `found`, in pages with all that belongs to them; whether there are `more`."""

    pages: list[TablePage]
    found: list[UUID]
    more: bool
    end: bool = True


class Bucket(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The rows of a table with ids above `after_id`, up to and with `upto_id`; None: from the first, to the last."""

    table: Annotated[str, msgspec.Meta(max_length=60)]
    after_id: UUID | None = None
    upto_id: UUID | None = None


class VerifyRequest(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sync/verify: what should a desk that has read to `cursor` hold in these buckets?"""

    device_id: UUID
    schema_revision: int
    cursor: str
    buckets: Annotated[list[Bucket], msgspec.Meta(max_length=MAX_BUCKETS)]
    with_rows: bool = False


class BucketContent(msgspec.Struct, kw_only=True, frozen=True):
    """What a bucket should hold: the rows of the cursor's tick and before. `moved` have changed or gone since and come with
    the next pull, so that nothing is said about them. A bucket with too many rows is answered up to `upto_id`.
    """

    columns: list[str]  # those that the user may see, and that the digest is over; none: nothing is to be seen
    count: int
    digest: str  # rows_digest
    moved: list[UUID]
    upto_id: UUID | None
    rows: TablePage | None = None


class VerifyReply(msgspec.Struct, kw_only=True, frozen=True):
    """One content for each bucket, in the order asked. `moved_on`: so much has changed since that pulling comes first."""

    buckets: list[BucketContent]
    moved_on: bool = False
    end: bool = True


class WireProblem(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """RFC 9457 problem+json: an error of the conversation, not of an action."""

    title: str
    status: int
    code: str  # wrong_password, token_expired, device_revoked, cursor_gone, client_too_old, malformed, too_large, busy, ...
    detail: str = ""
    action_id: UUID | None = None
    retry_after: int | None = None
    fields: dict[str, str] = {}


def encode(message: msgspec.Struct) -> bytes:
    """JSON bytes; decimals, ids and instants as strings."""
    return msgspec.json.encode(message)


def body_digest(body: bytes) -> str:
    """What the header Content-Digest says of a body (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def digests_in(header: str) -> list[str]:
    """Those that a Content-Digest header names."""
    return [part.strip() for part in header.split(",") if part.strip()]


def rows_digest(values: Sequence[Sequence[Any]]) -> str:
    """64 bits, in hex, over rows by column in the order of their ids: the same for the same rows, wherever they are kept."""
    hashed = hashlib.blake2b(digest_size=8)
    for column in values:
        hashed.update(msgspec.json.encode([_in_one_way(value) for value in column] if _holds_json(column) else column))
    return hashed.hexdigest()


def _holds_json(column: Sequence[Any]) -> bool:
    return any(isinstance(value, msgspec.Raw) for value in column)


def _in_one_way(value: Any) -> Any:
    """JSON as it is, whatever the order of its names and the space between them."""
    if not isinstance(value, msgspec.Raw):
        return value
    return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(value), order="sorted"))
