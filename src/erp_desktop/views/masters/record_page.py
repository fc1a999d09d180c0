"""The page of a record of master data: its form, saved by one action whose fields are the form's fields.

Here: what every such page does. Not here: which records there are (kinds.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QComboBox, QSizePolicy

from erp_desktop.actions.base import Action
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.saving import Save, columns_of
from erp_desktop.i18n import translate
from erp_desktop.queries.base import Query
from erp_desktop.queries.listing import ListQuery, row_of
from erp_desktop.views.documents import lookups
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.documents.page import DocumentPage
from erp_desktop.views.widgets.cells import cell_value
from erp_desktop.views.widgets.form import FormBinder, load_form
from erp_desktop.views.widgets.lookup import LookupField, LookupItem, LookupSpec
from erp_desktop.views.widgets.scrolled_form import ScrolledForm

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

_LOOK_AGAIN_MS = 25
_LOOKS = 120  # three seconds for look-ups to settle before what is not known is said


@dataclass(frozen=True)
class OneOfList:
    """The one row of a list query that has this id. Raises NotHere."""

    tables: ClassVar[frozenset[str]] = frozenset()

    query: ListQuery[Any]
    id: UUID

    def run(self, session: Any, company_id: UUID) -> Any:
        return row_of(session, company_id, self.query, "record", self.id)


@dataclass(frozen=True)
class RecordKind:
    """A kind of record: its form, where it is read, and the action whose first field is its id.

    A form field is called as the action's field, one that names another record (`category_id`) without its `_id`.
    """

    form: str  # resources/ui/FORM.ui
    title: str  # as shown
    save: type[Any]
    detail: Callable[[UUID], Query[Any]]
    lookups: Mapping[str, LookupSpec] = field(default_factory=dict)
    choices: Mapping[str, tuple[tuple[Any, str], ...]] = field(default_factory=dict)
    first: Mapping[str, Any] = field(default_factory=dict)  # what a new one starts with
    permission: str = "master.write"
    tables: frozenset[str] = frozenset()  # whose changes make the page stale
    beside: tuple[str, ...] = ()  # fields of the action that the page reads from elsewhere than the form

    @property
    def arguments(self) -> tuple[Field[Any], ...]:
        """The action's fields that the form has: all but the id and those beside it."""
        columns = columns_of(self.save) if issubclass(self.save, Save) else fields(self.save)
        return tuple(one for one in columns[1:] if one.name not in self.beside)

    def field_name(self, argument: Field[Any]) -> str:
        return argument.name.removesuffix("_id")

    def values_of(self, record: Any) -> dict[str, Any]:
        """The record as its form shows it."""
        return {self.field_name(one): self._value(record, one) for one in self.arguments if _has(record, one.name)}

    def action(self, id: UUID, values: Mapping[str, Any], **beside: Any) -> Action:
        """What saves `values` as the record `id`."""
        given: dict[str, Any] = dict(beside)
        for argument in self.arguments:
            value = values.get(self.field_name(argument))
            if isinstance(value, LookupItem):
                value = value.id
            if argument.type is int and value is not None:
                value = int(value)
            if value is not None or argument.default is None:
                given[argument.name] = value
        return self.save(id, **given)  # type: ignore[no-any-return]

    def _value(self, record: Any, argument: Field[Any]) -> Any:
        value = getattr(record, argument.name)
        name = self.field_name(argument)
        if name not in self.lookups:
            return value
        return lookups.item(
            value,
            getattr(record, f"{name}_code", ""),
            getattr(record, f"{name}_name", ""),
            getattr(record, f"{name}_name_zh", None),
        )


def _has(record: Any, name: str) -> bool:
    return hasattr(record, name)


class RecordPage(DocumentPage):
    """One record. Ctrl+S saves; a record changed elsewhere meanwhile is never written over silently."""

    def __init__(
        self,
        desk: "Desk",
        shell: "MainWindow",
        kind: RecordKind,
        id: UUID,
        *,
        is_new: bool = False,
        has_related: bool = False,
        first: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(desk, shell, kind.form, id, kind.detail, is_new=is_new, has_related=has_related)
        self.record_kind = kind
        self._tables = kind.tables or self._tables
        self.form = load_form(kind.form, self)
        names = [kind.field_name(one) for one in kind.arguments]
        needed = [kind.field_name(one) for one in kind.arguments if one.default is MISSING]
        self.binder = FormBinder(self.form, names, needed)
        self.binder.dirty_changed.connect(self._note_dirt)
        self.binder.edited.connect(lambda _name: self.withdraw_question())
        for name, spec in kind.lookups.items():
            widget = self.binder.widget(name)
            if isinstance(widget, LookupField):
                widget.use(desk, spec)
        for name, offered in kind.choices.items():
            box = self.binder.widget(name)
            if isinstance(box, QComboBox):
                for value, text in offered:
                    box.addItem(text, value)
        self.do_save = self.add_page_action("record.save", translate("RecordPage", "Save"), self.save, "", "save")
        self.do_save.setProperty("usualTip", translate("RecordPage", "Save (Ctrl+S)"))  # the window's own command
        self.form.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.form_area = ScrolledForm(self.form)
        self.content.addWidget(self.form_area, 1)
        self.add_more()
        defaults = {kind.field_name(one): one.default for one in kind.arguments if one.default not in (MISSING, None)}
        chosen = {name: values[0][0] for name, values in kind.choices.items()}
        self.binder.show(dict.fromkeys(names) | defaults | chosen | dict(kind.first))
        for name, value in (first or {}).items():
            self.binder.set_value(name, value)
        may_not = self.may(kind.permission)
        if may_not:
            self.binder.show_state("*")
            self._lock()
        self.set_title(self.new_title())
        self.header.name(self.new_title() if is_new else kind.title)
        self.offer_actions()
        first_field = self.binder.widget(names[0])
        if is_new and first_field is not None:
            self.setFocusProxy(first_field)
        self.refresh()

    # --- what a page with more overrides

    def add_more(self) -> None:
        """Puts more below the form."""

    def action_of(self, values: dict[str, Any]) -> Action:
        """What saves `values`. Of a record that is there it says what is changed of it, so that two people may do so."""
        typed = self.record_kind.action(self.document_id, values)
        seen = self.record_kind.action(self.document_id, self.binder.saved) if self.record is not None else None
        return typed.changing(seen) if isinstance(typed, Save) and isinstance(seen, Save) else typed

    def show_more(self, record: Any) -> None:
        """Shows what stands below the form."""

    def acceptance(self) -> Callable[[], None]:
        """To be called once what stands on the page now is saved: what somebody types until then stays a change."""
        return self.binder.acceptance()

    def show_entry(self, entry: RefusedEntry) -> int:
        names = [self.record_kind.field_name(one) for one in self.record_kind.arguments]
        self.binder.take_over(entry.field_values(names))
        self.binder.note_other_change()  # also where it is what is saved by now: it can be sent
        return 0

    def read_values(self) -> dict[str, Any] | None:
        """The fields' values, or None after saying what must be put right."""
        return self.binder.read()

    # --- the page

    def new_title(self) -> str:
        return translate("RecordPage", "{kind}: new").format(kind=self.record_kind.title)

    def title_of(self, record: Any) -> str:
        return str(getattr(record, "code", "") or cell_value(record, "name"))

    def show_record(self, record: Any) -> None:
        code = self.title_of(record)
        name = str(cell_value(record, "name")) if hasattr(record, "name") else ""
        self.header.name(f"{self.record_kind.title} {code}", name if name != code else "")
        values = self.record_kind.values_of(record)
        if not self.is_dirty:
            self.binder.show(values)
            self.show_more(record)
        elif any(field.saved != values[name] for name, field in self.binder._fields.items() if name in values):
            self._say_changed_elsewhere(values)

    def offer_actions(self) -> None:
        if not hasattr(self, "do_save"):
            return
        reason = self.may(self.record_kind.permission)
        if not reason and not self.is_dirty and not self.is_new:
            reason = translate("RecordPage", "Nothing was changed.")
        self.allow(self.do_save, reason)
        self.offer(self.do_save, self.other_actions())

    def other_actions(self) -> tuple[Any, ...]:
        return ()

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Saves what was typed, once the look-ups under way are answered."""
        focus = QApplication.focusWidget()
        if isinstance(focus, LookupField) and self.isAncestorOf(focus):
            focus.clearFocus()
        self._look(partial(self._save, then), _LOOKS)

    def save_untouched(self) -> None:
        if not self.is_new:
            super().save_untouched()
        elif self.read_values() is not None:
            self.binder.bar.say_nothing_typed(self.setFocus)

    def _look(self, then: Callable[[], object], looks: int) -> None:
        if looks and any(lookup.is_waiting for lookup in self.form.findChildren(LookupField)):
            QTimer.singleShot(_LOOK_AGAIN_MS, self, partial(self._look, then, looks - 1))
        else:
            then()

    def _save(self, then: Callable[[], object] | None) -> None:
        values = self.read_values()
        if values is None:
            return

        accept = self.acceptance()

        def done() -> None:
            accept()
            self.set_dirty(self.binder.is_dirty)
            self.tell(translate("RecordPage", "Saved"))
            if then is not None and not self.is_dirty:
                then()

        self.perform(self.action_of(values), done, self.say_refusal)

    def say_refusal(self, refused: Refused) -> None:
        self.binder.show_refusal(refused)

    def _note_dirt(self, is_dirty: bool) -> None:
        self.set_dirty(is_dirty)
        self.offer_actions()

    def _lock(self) -> None:
        for child in self.form.children():
            if isinstance(child, QComboBox) or child.metaObject().className() == "QCheckBox":
                child.setProperty("enabled", False)
            elif child.inherits("QLineEdit"):
                child.setProperty("readOnly", True)

    def _say_changed_elsewhere(self, values: Mapping[str, Any]) -> None:
        def take_theirs() -> None:
            self.banner.hide()
            self.binder.show(values)
            self.set_dirty(False)
            self.refresh()

        def keep_mine() -> None:
            self.banner.hide()
            self.binder.show_under(values)

        self.banner.show_sentence(
            "warning",
            translate("RecordPage", "This was changed elsewhere while you typed. Nothing of yours is lost."),
            (
                (translate("RecordPage", "Show what is saved"), take_theirs),
                (translate("RecordPage", "Keep mine"), keep_mine),
            ),
        )
