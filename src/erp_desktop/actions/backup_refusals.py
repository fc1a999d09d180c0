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


class BackupOfOthers(BackupProblem):
    code = "backup_of_others"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "This backup is not of the company that is kept here. Nothing was changed; it can be restored onto a new database.",
    )


class BackupLogBroken(BackupProblem):
    code = "backup_log_broken"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The log of changes in this backup was altered before the backup was made. Nothing was changed; take an older one.",
    )


class NoAdministratorThen(BackupProblem):
    code = "no_administrator_then"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "You were no administrator when this backup was made, so it would lock you out. Nothing was changed; ask somebody who "
        "was one to restore it.",
    )


class RestoreUnderWay(BackupProblem):
    code = "restore_under_way"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "A backup is being restored already. Nothing else was begun; look again when that one is done."
    )


class NoRoomForBackup(BackupProblem):
    code = "no_room_for_backup"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service has no room on its disk for this backup. Nothing was changed; make room there first.",
    )


class RestoreBrokenOff(BackupProblem):
    code = "restore_broken_off"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The central service could not restore the backup; its log says why. Nothing was changed."
    )
