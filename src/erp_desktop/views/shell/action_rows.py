"""What Needs attention and the waiting changes have in common: rows about actions, and what the documents of these are called."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, Signal

from erp_desktop.actions.base import Action
from erp_desktop.queries.documents import Address, DocumentAddress
from erp_desktop.views.documents.kinds import document_text
from erp_desktop.views.shell.action_titles import document_of
from erp_desktop.views.widgets.asking import Failure, when_done
from erp_desktop.views.widgets.cells import TableColumn, cell_value
from erp_desktop.views.widgets.fixed_rows import FixedRows

if TYPE_CHECKING:
    from erp_desktop.desk import Desk

_MOST_NAMED = 200  # documents whose names are asked for


def _leave_unnamed(_failure: Failure) -> None:
    """The document is not in this cache (any more): the row says what happened without its name."""


class ActionRows(FixedRows):
    """Rows about actions, oldest first."""

    named = Signal()  # another document's name is known

    def __init__(self, desk: "Desk", columns: tuple[TableColumn, ...], parent: QObject | None = None) -> None:
        super().__init__(columns, parent)
        self._desk = desk
        self._asked: set[tuple[str, UUID]] = set()
        self._names: dict[tuple[str, UUID], str] = {}
        self._addresses: dict[tuple[str, UUID], tuple[str, UUID]] = {}  # of a line: the document that it is of

    def ask_names(self, actions: Iterable[Action | None]) -> None:
        """Finds out what the documents are called that `actions` are about."""
        documents = dict.fromkeys(map(document_of, actions))
        for document in [one for one in documents if one is not None and one not in self._asked][:_MOST_NAMED]:
            self._asked.add(document)
            asked = self._desk.ask(DocumentAddress(*document))
            when_done(asked, self, partial(self._name, document), on_failed=_leave_unnamed)

    def document(self, action: Action | None) -> str:
        """What the document is called that `action` is about, once that is known."""
        return self._names.get(document_of(action) or ("", UUID(int=0)), "")

    def address(self, action: Action | None) -> tuple[str, UUID] | None:
        """Where that document is looked at: its kind and id."""
        document = document_of(action)
        return self._addresses.get(document, document) if document is not None else None

    def _name(self, document: tuple[str, UUID], address: Address) -> None:
        self._addresses[document] = (address.kind, address.id)
        self._names[document] = document_text(address.kind, address.number, str(cell_value(address, "title")))
        self.layoutChanged.emit()
        self.named.emit()
