"""Following a figure to what is behind it: the page of a document, wherever that kind of document has its screen."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.i18n import translate

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow


def can_open(shell: "MainWindow", kind: str) -> bool:
    """This kind of document has a page, and the role may see it."""
    return shell.has_screen(kind)


def open_document(shell: "MainWindow", kind: str, id: UUID | None) -> Any:
    """Opens the page of a document; says so in the status bar where there is none for this role."""
    if id is not None and shell.has_screen(kind):
        return shell.open_screen(kind, id=id)
    shell.say(translate("OpenDocument", "The document behind this has no page that your role may open."))
    return None
