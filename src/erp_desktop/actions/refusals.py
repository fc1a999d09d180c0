"""Business noes, each with the sentence that a person reads.

A Refused is for the person to settle, so its sentence is shown in their language; any other exception is our bug.
Over the wire go the code and the fields; the desk finds the sentence here and translates it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from erp_desktop.actions.refusal_words import WORDED_FIELDS, worded
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

_MOST_DIGITS = 60  # of a number that is shown in full
_MOST_CHARACTERS = 500  # of a text: it is kept, sent and shown, and may be whatever somebody pushed
NUMBERED = (
    "announced",
    "document",
    "landed_cost",
    "order",
    "receipt",
    "shipment",
    "transfer",
)  # places that hold a number


class Refused(Exception):
    """An action that may not happen. `fields` fill the named places of `sentence`."""

    code: ClassVar[str] = "refused"
    sentence: ClassVar[str] = QT_TRANSLATE_NOOP("Refusal", "This cannot be done. Nothing was changed.")

    def __init__(self, **fields: Any) -> None:
        self.fields = {name: _shown(value) for name, value in fields.items()}
        super().__init__(self.sentence.format_map(_Blanks(self.fields)))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _refusals[cls.code] = cls

    @property
    def problem(self) -> "Problem":
        return Problem(self.code, self.fields)


class _Blanks(dict[str, str]):
    """Leaves the name of a place that nothing fills, rather than failing on the way to telling a person."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


_refusals: dict[str, type[Refused]] = {"refused": Refused}


@dataclass(frozen=True)
class Problem:
    """A refusal as it is stored and sent: its code and what fills its sentence."""

    code: str
    fields: dict[str, str]

    @property
    def sentence(self) -> str:
        """The business sentence in the program's language."""
        refusal = _refusals.get(self.code, Refused)
        words = {
            place: worded(place, value) if place in WORDED_FIELDS else value for place, value in self.fields.items()
        }
        if refusal.sentence.startswith("{field}") and "field" in words:
            words["field"] = words["field"][:1].upper() + words["field"][1:]
        for place in NUMBERED:
            if words.get(place) == "":  # the centre has not numbered it yet
                begins = refusal.sentence.startswith("{" + place + "}")
                words[place] = (
                    translate("Refusal", "This document") if begins else translate("Refusal", "this document")
                )
        return translate("Refusal", refusal.sentence).format_map(_Blanks(words))

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "fields": self.fields}

    def as_refusal(self) -> Refused:
        """The exception that this was, for whoever performs at the centre and wants it raised."""
        kind = _refusals.get(self.code, Refused)
        refusal = kind.__new__(kind)
        Refused.__init__(refusal, **self.fields)
        return refusal

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Problem":
        fields = stored.get("fields") or {}
        return cls(str(stored.get("code", "refused")), {str(key): str(value) for key, value in fields.items()})


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return str(value)
        if abs(value.adjusted()) > _MOST_DIGITS:
            return f"{value:.3E}"
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + " …"


class NotPermitted(Refused):
    code = "not_permitted"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Your role does not allow this ({permission}). Ask an administrator; nothing was changed."
    )


class NotFound(Refused):
    code = "not_found"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The {kind} that this names is not here any more. Refresh and choose again; nothing was changed."
    )


class UnknownActionRefused(Refused):
    """Of the centre to a desk whose program is another one than its own."""

    code = "unknown_action"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service does not know {name} as this program sends it. Send it again once the central service or this "
        "program is upgraded; what you typed is kept.",
    )


class FaultAtTheCentre(Refused):
    """Of the centre: our bug, which its log tells."""

    code = "fault"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service failed at this, which is no mistake of yours. What you typed is kept: send it again later, and tell "
        "an administrator if it fails once more.",
    )


class NotUnderstood(Refused):
    """Of the centre: no form of ours fills an action in like this."""

    code = "malformed"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service does not understand this as it is. Open it, look through what you typed and send it again, or "
        "drop it; until then it is kept.",
    )


class NumberRefused(Refused):
    code = "number"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{value} is not a number that can be kept with {places} decimal places, or is too large. Correct it; nothing was changed.",
    )


class TextRefused(Refused):
    code = "text"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "A text is longer than {limit} characters or holds a character that cannot be stored. "
        "Shorten or retype it; nothing was changed.",
    )


class CodeTaken(Refused):
    code = "code_taken"
    sentence = QT_TRANSLATE_NOOP("Refusal", "The code {code} is taken already. Choose another; nothing was changed.")


class Required(Refused):
    code = "required"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{field} is missing. Fill it in; nothing was changed.")


class EffectTakesTooLong(Refused):
    """Here and not at the centre, so that the desk that is told knows its sentence."""

    code = "effect_takes_too_long"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The effect is not shown: working it out takes longer than a few seconds, and others would have to wait meanwhile. "
        "Press F7 twice to ask again, or post without it; nothing was changed.",
    )
