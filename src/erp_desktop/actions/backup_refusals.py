"""Why a backup is not restored, in sentences that a window and a command line show alike."""

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP


class BackupProblem(Refused):
    """A backup that is not restored; the others say why."""

    code = "backup_not_taken"
    sentence = QT_TRANSLATE_NOOP("Refusal", "This backup cannot be restored. Nothing was changed.")


class NotABackup(BackupProblem):
    code = "not_a_backup"
    sentence = QT_TRANSLATE_NOOP("Refusal", "This file is not a backup of ERP Desktop. Nothing was changed.")


class BackupCutShort(BackupProblem):
    code = "backup_cut_short"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "This backup ends too early: it was not written or copied to its end. Nothing was changed."
    )


class BackupDamaged(BackupProblem):
    code = "backup_damaged"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "This backup is damaged: it is not what was written. Nothing was changed; take another one."
    )


class NewerBackup(BackupProblem):
    code = "newer_backup"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This backup was written by another version of the program. Install that one first; nothing was changed.",
    )


class DatabaseNotEmpty(BackupProblem):
    code = "database_not_empty"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "There is a company in this database already. Restore onto a new one; nothing was changed."
    )
