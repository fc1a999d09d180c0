"""What the sync pill shows: how it stands with the centre, as one frozen value."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from erp_desktop.i18n import translate


class SyncKind(StrEnum):
    """How it stands with the centre."""

    SYNCED = "synced"
    SYNCING = "syncing"
    OFFLINE = "offline"
    SIGNED_OUT = "signed_out"
    LOCKED = "locked"  # nothing is shown until somebody signs in at the centre
    UPGRADE_NEEDED = "upgrade_needed"
    CENTRE_OLDER = "centre_older"  # in step with it, but for what it does not understand


@dataclass(frozen=True)
class SyncState:
    """`waiting` actions go to the centre by themselves; `attention` ones wait for a person."""

    kind: SyncKind = SyncKind.OFFLINE
    waiting: int = 0
    attention: int = 0
    last_synced_at: datetime | None = None  # UTC; when the desk last knew that it had everything
    detail: str = ""  # why, in words, translated; empty where the kind says it all
    fetched: int = 0  # rows of a fill that is under way
    to_fetch: int = 0  # of about so many; 0: there is none

    def with_counts(self, waiting: int, attention: int) -> "SyncState":
        """The same with other counts; online, what waits means that syncing is under way."""
        kind = self.kind
        if kind in (SyncKind.SYNCED, SyncKind.SYNCING):
            kind = SyncKind.SYNCING if waiting else SyncKind.SYNCED
        return replace(self, kind=kind, waiting=waiting, attention=attention)

    def syncing(self) -> "SyncState":
        """The same while something travels; what the centre does not understand is not forgotten meanwhile."""
        return self if self.kind is SyncKind.CENTRE_OLDER else replace(self, kind=SyncKind.SYNCING, detail="")


def offline_by_choice() -> str:
    return translate("Sync", "You chose to work offline. Changes are kept here until you go online again.")


def centre_out_of_reach() -> str:
    return translate("Sync", "The central service cannot be reached. Work goes on; changes are sent when it is back.")


def certificate_not_trusted() -> str:
    return translate(
        "Sync",
        "Whoever answers at the central service's address cannot prove to be it: the certificate is not trusted here, or ran "
        "out. Nothing was sent. Work goes on; tell an administrator.",
    )


def password_wanted() -> str:
    return translate("Sync", "Sign in again to send and receive. Changes that wait are kept.")


def password_wanted_of_a_copy() -> str:
    return translate(
        "Sync",
        "These data are used on another computer too: they were copied, or put back from a backup. Sign in with your password, "
        "and this computer goes on under an entry of its own; everything here is kept, and what waits is sent then.",
    )


def upgrade_wanted() -> str:
    return translate("Sync", "This program is too old for the central service. Work goes on here; upgrade it to send.")


def centre_older(held: int) -> str:
    return translate(
        "Sync",
        "The central service is older than this program and does not understand some of what was entered here ({count}). "
        "It is kept and sent once the central service is upgraded; everything else goes on.",
    ).format(count=held)


def centre_too_old() -> str:
    return translate(
        "Sync",
        "The central service is too old for this program. Work goes on here; changes are kept and sent once it is upgraded.",
    )


def disk_full() -> str:
    return translate("Sync", "This computer's disk is full, so news cannot be stored. Free some space.")


def our_fault(kind: str) -> str:
    return translate("Sync", "Something unexpected happened while syncing ({kind}); it is tried again.").format(
        kind=kind
    )
