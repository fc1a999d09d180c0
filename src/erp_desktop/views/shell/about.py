"""Who made this and which version it is."""

import platform

import PySide6
from PySide6.QtWidgets import QMessageBox, QWidget

from erp_desktop import __version__
from erp_desktop.i18n import translate


def show_about(parent: QWidget) -> None:
    """A small window with the versions that support asks for."""
    text = translate("About", "ERP Desktop {version}\nThe back office of a company that distributes goods.")
    detail = f"Python {platform.python_version()}, Qt {PySide6.__version__}, {platform.system()} {platform.release()}"
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle(translate("About", "About ERP Desktop"))
    box.setText(text.format(version=__version__))
    box.setInformativeText(detail + "\n" + translate("About", "Licence: Apache-2.0. Chinese font: Noto Sans SC (OFL)."))
    box.addButton(translate("About", "Close"), QMessageBox.ButtonRole.RejectRole)
    box.open()
