"""Following a figure to what is behind it: the page of a document, wherever that kind of document has its screen."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from erp_desktop.i18n import translate

if TYPE_CHECKING:
    from erp_desktop.views.shell.main_window import MainWindow

PAGES = {"price_correction": ""}  # kinds of documents whose page has another name; empty: none yet


def can_open(shell: "MainWindow", kind: str) -> bool:
    """This kind of document has a page, and the role may see it."""
    return shell.has_screen(PAGES.get(kind, kind))


def open_document(shell: "MainWindow", kind: str, id: UUID | None) -> Any:
    """Opens the page of a document; says so in the status bar where there is none for this role."""
    page = PAGES.get(kind, kind)
    if id is not None and shell.has_screen(page):
        return shell.open_screen(page, id=id)
    shell.say(translate("OpenDocument", "The document behind this has no page that your role may open."))
    return None
