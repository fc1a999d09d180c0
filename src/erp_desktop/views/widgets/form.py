"""Forms: a file drawn in Qt Designer, and the binder between its widgets and typed values.

A widget's objectName is the field it shows, `do_NAME` is the button of an action. Dynamic properties: `required` (bool),
`readonlyWhen` (document states, blanks between), `help` (text). A field whose widget somebody took out of the form is left
out; without a needed one the form does not open.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QFile, QIODevice, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtUiTools import QUiLoader
from PySide6.QtWidgets import QBoxLayout, QLabel, QPushButton, QWidget

from erp_desktop.actions.refusals import NotFound, Refused
from erp_desktop.resources import resource_path
from erp_desktop.views.widgets.fields import DateField, NumberField
from erp_desktop.views.widgets.form_field import FormField
from erp_desktop.views.widgets.line_grid import LineGrid
from erp_desktop.views.widgets.lookup import LookupField
from erp_desktop.views.widgets.problem_bar import ProblemBar

_CUSTOM_WIDGETS = (NumberField, DateField, LookupField, LineGrid)


class FormBroken(Exception):
    """A form file cannot be used; the message names the file and what is missing."""


def load_form(name: str, parent: QWidget | None = None) -> QWidget:
    """The form resources/ui/NAME.ui in the language shown now. Raises FormBroken."""
    loader = QUiLoader()
    for widget in _CUSTOM_WIDGETS:
        loader.registerCustomWidget(widget)
    try:
        path = resource_path(f"ui/{name}.ui")
    except FileNotFoundError as error:
        raise FormBroken(str(error)) from None
    file = QFile(str(path))
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise FormBroken(f"the form {name}.ui cannot be read: {file.errorString()}")
    form = loader.load(file, parent)
    file.close()
    if form is None:
        raise FormBroken(f"the form {name}.ui cannot be used: {loader.errorString()}")
    return form


class FormBinder(QObject):
    """The fields of one form.

    `edited(name)` at every change by the person, `dirty_changed(bool)` for the tab's `*`. `bar` shows all problems; it
    stands at the top of the form if that is laid out in a box, otherwise the screen places it.
    """

    edited = Signal(str)
    dirty_changed = Signal(bool)

    def __init__(self, form: QWidget, fields: Iterable[str], needed: Iterable[str] = ()) -> None:
        """`fields` by objectName; those in `needed` must be in the form. Raises FormBroken naming what is missing."""
        super().__init__(form)
        self.form = form
        self._fields: dict[str, FormField] = {}
        self._was_dirty = False
        self._listed: list[str] = []  # fields whose problems stand in the bar
        self._other_dirt = False
        self._other_changes = 0
        self._refused: set[str] = set()  # fields with a sentence that reading them does not take away: what was refused
        labels = {label.buddy(): label for label in form.findChildren(QLabel) if label.buddy() is not None}
        needed = set(needed)
        for name in dict.fromkeys([*fields, *needed]):
            widget = form.findChild(QWidget, name)
            if widget is None:
                if name in needed:
                    raise FormBroken(f"the form {form.objectName()} has no widget called {name}, which it needs")
                continue
            field = FormField(name, widget, labels.get(widget), self)
            field.edited.connect(self._note)
            field.left.connect(self._check_left)
            self._fields[name] = field
        for field in self._fields.values():
            field.prepare()
        self.bar = ProblemBar(form)
        layout = form.layout()
        if isinstance(layout, QBoxLayout):
            layout.insertWidget(0, self.bar)
        here = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence("F8"), form, lambda: self._next_problem(1), context=here)
        QShortcut(QKeySequence("Shift+F8"), form, lambda: self._next_problem(-1), context=here)

    # Values

    def show(self, values: Mapping[str, Any]) -> None:
        """Shows `values` as saved; fields not named keep theirs, names without a widget are left out."""
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].write(value)
        self._other_dirt = False
        self._listed = []
        self.bar.show_problems([])
        self._tell_dirty()

    def fill_in(self, values: Mapping[str, Any]) -> None:
        """Shows `values` as saved in the fields that are still empty; what somebody typed meanwhile stays."""
        for name, value in values.items():
            field = self._fields.get(name)
            if field is not None and not field.is_dirty and field.read() in (None, ""):
                field.write(value)
        self._tell_dirty()

    def propose(self, values: Mapping[str, Any]) -> None:
        """Shows `values` as saved in place of what was proposed before; everything else stays as it is."""
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].write(value)
        self._tell_dirty()

    def set_value(self, name: str, value: Any) -> None:
        """Fills in a field as if the person had typed it (a proposal): it counts as a change."""
        field = self._fields.get(name)
        if field is not None:
            saved = field.saved
            field.write(value)
            field.saved = saved
            field._note()

    def take_over(self, values: Mapping[str, Any]) -> None:
        """Fills in what was typed before, in another form or at another time: it counts as typed here."""
        for name, value in values.items():
            field = self._fields.get(name)
            if field is not None and not (value in (None, "", 0) and field.read_or_none() in (None, "", 0)):
                self.set_value(name, value)

    def show_under(self, values: Mapping[str, Any]) -> None:
        """Takes `values` as what is saved now; what the person changed stays as typed, and is a change of that."""
        for name, value in values.items():
            field = self._fields.get(name)
            if field is None or field.problem(complete=False):
                continue  # what cannot be read is still to be put right, and is a change in any case
            typed, is_dirty = field.read(), field.is_dirty
            field.write(value)
            if is_dirty:
                self.set_value(name, typed)
        self._tell_dirty()

    @property
    def saved(self) -> dict[str, Any]:
        """What is saved of the fields, as it was shown."""
        return {name: field.saved for name, field in self._fields.items()}

    def value(self, name: str) -> Any:
        """The value of one field now; None for a field that is not in the form. Raises NotReadable."""
        field = self._fields.get(name)
        return field.read() if field is not None else None

    def read(self, *, complete: bool = True) -> dict[str, Any] | None:
        """All values, or None if something must be put right first: then the problems are shown and the first has focus.

        With `complete` the fields marked `required` must hold something.
        """
        problems = {
            name: field.problem(complete=complete) for name, field in self._fields.items() if not field.is_shown_only
        }
        self._refused.clear()
        for name, sentence in problems.items():
            self._fields[name].show_problem(sentence)
        wrong = [name for name, sentence in problems.items() if sentence]
        self._listed = wrong
        self._list_problems()
        if wrong:
            self._fields[wrong[0]].widget.setFocus()
            return None
        return {name: field.read() for name, field in self._fields.items() if not field.is_shown_only}

    def peek(self) -> dict[str, Any] | None:
        """As `read`, saying nothing: None where something must be put right first."""
        fields = {name: field for name, field in self._fields.items() if not field.is_shown_only}
        if any(field.problem(complete=True) for field in fields.values()):
            return None
        return {name: field.read() for name, field in fields.items()}

    def accept(self) -> None:
        """What stands in the form now is saved."""
        self.acceptance()()

    def acceptance(self) -> Callable[[], None]:
        """To be called once what stands in the form now is saved: what somebody types until then stays a change."""
        return partial(
            self._accept, {name: field.read_or_none() for name, field in self._fields.items()}, self._other_changes
        )

    def _accept(self, sent: Mapping[str, Any], other_changes: int) -> None:
        for name, field in self._fields.items():
            field.accept(sent[name])
        self._other_dirt = self._other_dirt and other_changes != self._other_changes
        self._tell_dirty()

    # Widgets

    def widget(self, name: str) -> QWidget | None:
        """The widget of a field or of anything else in the form called `name`."""
        return self.form.findChild(QWidget, name)

    def use_action(self, name: str, action: QAction) -> QPushButton | None:
        """Lets the button `name` ("do_confirm") do `action`; None if the form has no such button."""
        button = self.form.findChild(QPushButton, name)
        if button is None:
            return None
        if not button.text():
            button.setText(action.text())

        def follow() -> None:
            button.setEnabled(action.isEnabled())
            button.setToolTip(action.toolTip())
            button.setVisible(action.isVisible())

        action.changed.connect(follow)
        follow()
        button.setAccessibleName(button.text().replace("&", ""))
        button.clicked.connect(action.trigger)
        return button

    def show_state(self, status: str) -> None:
        """Locks the fields that cannot be changed in this state of the document."""
        for field in self._fields.values():
            field.show_state(status)

    # Dirt and problems

    @property
    def dirty(self) -> frozenset[str]:
        """The fields that differ from what is saved."""
        return frozenset(name for name, field in self._fields.items() if field.is_dirty)

    @property
    def is_dirty(self) -> bool:
        return self._other_dirt or any(field.is_dirty for field in self._fields.values())

    def note_other_change(self) -> None:
        """Something beside the fields was changed (the lines): the form is dirty until `show` or `accept`."""
        self._other_dirt = True
        self._other_changes += 1
        self._tell_dirty()

    def show_refusal(self, refused: Refused) -> None:
        """Shows a refusal: under the field that it names, else in the bar."""
        problem = refused.problem
        told = (
            problem.fields.values() if problem.code == NotFound.code else problem.fields
        )  # it says of what kind is not there
        named = [problem.fields.get("field", ""), *told]
        field = next((self._fields[name] for name in named if name in self._fields), None)
        if field is None:
            field = next((one for one in self._fields.values() if one.title in problem.fields.values()), None)
        if field is None:
            self.bar.show_problems([(problem.sentence, None)])
            return
        self.show_problem(field.name, problem.sentence)
        self.bar.show_problems([(problem.sentence, field.widget.setFocus)])
        field.widget.setFocus()

    def show_problem(self, name: str, sentence: str) -> None:
        """Marks a field with a sentence of the screen's own until it is changed; empty takes it away."""
        if name in self._fields:
            self._fields[name].show_problem(sentence)
            (self._refused.add if sentence else self._refused.discard)(name)

    def problem_of(self, name: str) -> str:
        """The sentence that stands under a field."""
        line = self._fields[name].problem_line
        return line.text() if line is not None else ""

    def _note(self, name: str) -> None:
        field = self._fields[name]
        self._refused.discard(name)
        if self.problem_of(name) and not field.problem(complete=field.is_required):
            field.show_problem("")
        if name in self._listed:
            self._list_problems()
        self.edited.emit(name)
        self._tell_dirty()

    def _tell_dirty(self) -> None:
        if self.is_dirty != self._was_dirty:
            self._was_dirty = not self._was_dirty
            self.dirty_changed.emit(self._was_dirty)

    def _check_left(self, name: str) -> None:
        field = self._fields[name]
        if not field.is_shown_only and name not in self._refused:
            field.show_problem(field.problem(complete=False))
            if name in self._listed:
                self._list_problems()

    def _list_problems(self) -> None:
        """What is still wrong of what the last `read` found."""
        self._listed = [name for name in self._listed if self.problem_of(name)]
        if self._listed or self.bar.links():
            self.bar.show_problems(
                [(self.problem_of(name), self._fields[name].widget.setFocus) for name in self._listed]
            )

    def _next_problem(self, step: int) -> None:
        wrong = [field.widget for field in self._fields.values() if field.widget.property("problem")]
        if wrong:
            here = next((place for place, widget in enumerate(wrong) if widget.hasFocus()), -1 if step > 0 else 0)
            wrong[(here + step) % len(wrong)].setFocus()
