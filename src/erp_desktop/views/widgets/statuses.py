"""The words, icon and colours of every state that a document or row can be in: never colour alone."""

from dataclasses import dataclass

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate


@dataclass(frozen=True)
class StatusLook:
    """How a state is shown. `tone` names two theme colours: TONE for the text and TONE_tint behind it."""

    text: str  # source text, context "Status"
    icon: str
    tone: str


STATUSES: dict[str, StatusLook] = {
    "draft": StatusLook(QT_TRANSLATE_NOOP("Status", "Draft"), "ring", "draft"),
    "announced": StatusLook(QT_TRANSLATE_NOOP("Status", "Announced"), "pause", "hold"),
    "confirmed": StatusLook(QT_TRANSLATE_NOOP("Status", "Confirmed"), "dot", "running"),
    "allocated": StatusLook(QT_TRANSLATE_NOOP("Status", "Allocated"), "dot", "running"),
    "part_allocated": StatusLook(QT_TRANSLATE_NOOP("Status", "Partly allocated"), "triangle", "warning"),
    "part_received": StatusLook(QT_TRANSLATE_NOOP("Status", "Partly received"), "half", "warning"),
    "part_shipped": StatusLook(QT_TRANSLATE_NOOP("Status", "Partly shipped"), "half", "warning"),
    "received": StatusLook(QT_TRANSLATE_NOOP("Status", "Received"), "check", "done"),
    "dispatched": StatusLook(QT_TRANSLATE_NOOP("Status", "In transit"), "dot", "running"),
    "closed_short": StatusLook(QT_TRANSLATE_NOOP("Status", "Closed short"), "triangle", "warning"),
    "shipped": StatusLook(QT_TRANSLATE_NOOP("Status", "Shipped"), "check", "done"),
    "posted": StatusLook(QT_TRANSLATE_NOOP("Status", "Posted"), "check", "done"),
    "paid": StatusLook(QT_TRANSLATE_NOOP("Status", "Paid"), "check", "done"),
    "open": StatusLook(QT_TRANSLATE_NOOP("Status", "Open"), "dot", "running"),
    "closed": StatusLook(QT_TRANSLATE_NOOP("Status", "Closed"), "check", "done"),
    "reversed": StatusLook(QT_TRANSLATE_NOOP("Status", "Reversed"), "ring", "draft"),
    "cancelled": StatusLook(QT_TRANSLATE_NOOP("Status", "Cancelled"), "ring", "draft"),
    "late": StatusLook(QT_TRANSLATE_NOOP("Status", "Late"), "cross", "late"),
    "active": StatusLook(QT_TRANSLATE_NOOP("Status", "Active"), "check", "done"),
    "inactive": StatusLook(QT_TRANSLATE_NOOP("Status", "Inactive"), "ring", "draft"),
    "signed_in": StatusLook(QT_TRANSLATE_NOOP("Status", "Signed in"), "check", "done"),
    "signed_out": StatusLook(QT_TRANSLATE_NOOP("Status", "Signed out"), "ring", "draft"),
    "taken_out": StatusLook(QT_TRANSLATE_NOOP("Status", "Taken out"), "cross", "late"),
    "in_stock": StatusLook(QT_TRANSLATE_NOOP("Status", "In stock"), "check", "done"),
    "low": StatusLook(QT_TRANSLATE_NOOP("Status", "Low stock"), "triangle", "warning"),
    "out": StatusLook(QT_TRANSLATE_NOOP("Status", "Out of stock"), "cross", "late"),
    "pending": StatusLook(QT_TRANSLATE_NOOP("Status", "Waiting to be sent"), "clock", "running"),
    "refused": StatusLook(QT_TRANSLATE_NOOP("Status", "Refused"), "cross", "late"),
    "held": StatusLook(QT_TRANSLATE_NOOP("Status", "Held back"), "pause", "hold"),
    "row_new": StatusLook(QT_TRANSLATE_NOOP("Status", "New"), "plus", "running"),
    "row_changed": StatusLook(QT_TRANSLATE_NOOP("Status", "Changed"), "edit", "warning"),
    "row_same": StatusLook(QT_TRANSLATE_NOOP("Status", "Here already"), "check", "done"),
    "row_bad": StatusLook(QT_TRANSLATE_NOOP("Status", "To mend"), "cross", "late"),
    "blocks": StatusLook(QT_TRANSLATE_NOOP("Status", "In the way"), "cross", "late"),
    "warns": StatusLook(QT_TRANSLATE_NOOP("Status", "Look at it"), "triangle", "warning"),
    "counting": StatusLook(QT_TRANSLATE_NOOP("Status", "Being counted"), "clock", "running"),
    "fine": StatusLook(QT_TRANSLATE_NOOP("Status", "None"), "check", "done"),
    "posts": StatusLook(QT_TRANSLATE_NOOP("Status", "Posts to the ledger"), "check", "done"),
    "compares": StatusLook(QT_TRANSLATE_NOOP("Status", "For comparison"), "dot", "running"),
    "computing": StatusLook(QT_TRANSLATE_NOOP("Status", "Being computed"), "clock", "running"),
    "failed": StatusLook(QT_TRANSLATE_NOOP("Status", "Does not fit any more"), "cross", "late"),
}


def status_look(status: str) -> StatusLook:
    """How `status` is shown; one that is not known here is shown by its own name, in grey."""
    return STATUSES.get(status) or StatusLook(status.replace("_", " ").capitalize(), "ring", "draft")


def status_text(status: str) -> str:
    """The word for `status` in the program's language."""
    return translate("Status", status_look(status).text)
