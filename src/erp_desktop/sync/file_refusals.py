"""What a person is told where a file cannot be attached, opened or saved."""

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP


class FileNotRead(Refused):
    code = "file_not_read"
    sentence = QT_TRANSLATE_NOOP("Refusal", "{file} cannot be read ({detail}), so nothing was attached.")


class FileNotWritten(Refused):
    code = "file_not_written"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{file} cannot be written ({detail}). Choose another folder; the attachment is kept as it is."
    )


class FileOutOfReach(Refused):
    code = "file_out_of_reach"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{file} is at the central service, which cannot be reached now. Open it when this computer is online again; what was "
        "fetched of it is kept.",
    )


class FileOnItsWay(Refused):
    code = "file_on_its_way"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{file} has not come to the central service yet: the computer on which it was attached sends it when it is online. "
        "Try again later; nothing was lost.",
    )


class FileRemoved(Refused):
    code = "file_removed"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "{file} was removed meanwhile, or is not for your role any more. Nothing was changed."
    )


class FileDamaged(Refused):
    code = "file_damaged"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "What is on this computer of {file} is not what was attached, so nothing of it is shown. Open it again to fetch it "
        "anew; where it was attached on this computer and never sent, attach it once more.",
    )
