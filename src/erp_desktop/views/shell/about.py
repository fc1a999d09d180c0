"""Who made this and which version it is."""

import platform

import PySide6
from PySide6.QtWidgets import QMessageBox, QWidget

from erp_desktop import __version__
from erp_desktop.i18n import translate


def show_about(parent: QWidget, key_store: str) -> None:
    """A small window with the versions that support asks for, and how the data here are protected (Desk.key_store)."""
    text = translate("About", "ERP Desktop {version}\nThe back office of a company that distributes goods.")
    detail = f"Python {platform.python_version()}, Qt {PySide6.__version__}, {platform.system()} {platform.release()}"
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle(translate("About", "About ERP Desktop"))
    box.setText(text.format(version=__version__))
    licence = translate("About", "Licence: Apache-2.0. Chinese font: Noto Sans SC (OFL).")
    box.setInformativeText("\n".join((detail, licence, "", protection(key_store))))
    box.addButton(translate("About", "Close"), QMessageBox.ButtonRole.RejectRole)
    box.open()


def protection(key_store: str) -> str:
    """How the copy of the data on this computer is protected, in words."""
    if key_store == "keyring":
        return translate(
            "About", "The copy of the data on this computer is encrypted; its key is in the computer's keyring."
        )
    return translate(
        "About",
        "The copy of the data on this computer is encrypted, but this computer has no keyring, so the key lies in a file "
        "beside it: whoever takes the disk has both. Encrypt the disk.",
    )
