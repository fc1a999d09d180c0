"""Who may sign in, and which roles they play."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QGridLayout, QGroupBox, QLabel

from erp_desktop.actions.base import Action
from erp_desktop.actions.drafts import changing
from erp_desktop.actions.opening import SaveUser
from erp_desktop.actions.permissions import ROLES
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate
from erp_desktop.queries.base import ListPage, ListRequest, Query
from erp_desktop.queries.masters import Users
from erp_desktop.queries.tied import WorkPlace, WorkPlaces
from erp_desktop.views.documents.entries import RefusedEntry
from erp_desktop.views.documents.listed import Dressed
from erp_desktop.views.language import LANGUAGES
from erp_desktop.views.masters.lists import active_filter, record_list
from erp_desktop.views.masters.record_page import OneOfList, RecordKind, RecordPage
from erp_desktop.views.settings.questions import Question, ToldOnce
from erp_desktop.views.widgets.asking import say, when_done
from erp_desktop.views.widgets.cells import CellKind, TableColumn, cell_value
from erp_desktop.views.widgets.list_model import ListSpec
from erp_desktop.views.widgets.list_screen import ListScreen

if TYPE_CHECKING:
    from erp_desktop.desk import Desk
    from erp_desktop.views.shell.main_window import MainWindow

ROLE_NAMES = {
    "warehouse": QT_TRANSLATE_NOOP("Role", "Warehouse"),
    "purchasing": QT_TRANSLATE_NOOP("Role", "Purchasing"),
    "sales": QT_TRANSLATE_NOOP("Role", "Sales"),
    "accountant": QT_TRANSLATE_NOOP("Role", "Accountant"),
    "manager": QT_TRANSLATE_NOOP("Role", "Manager"),
    "hr": QT_TRANSLATE_NOOP("Role", "People"),
    "administrator": QT_TRANSLATE_NOOP("Role", "Administrator"),
}
_IN_A_ROW = 4


def role_text(code: str) -> str:
    return translate("Role", ROLE_NAMES[code]) if code in ROLE_NAMES else code


def _codes(user: Any) -> list[str]:
    """Of the roles that a user plays, always in the same order."""
    order = list(ROLES)
    codes = [code for code in (user.roles or "").split(", ") if code]
    return sorted(codes, key=lambda code: (order.index(code) if code in order else len(order), code))


def _in_words(user: Any) -> Any:
    roles = translate("Users", ", ").join(role_text(code) for code in _codes(user))
    return replace(user, roles=roles, language=LANGUAGES.get(user.language, user.language))


def _users_in_words(request: ListRequest) -> Query[ListPage[Any]]:
    return Dressed(Users(request), _in_words)


def users_screen(desk: "Desk", shell: "MainWindow") -> ListScreen:
    spec = ListSpec(
        (
            TableColumn("login", translate("Users", "Sign-in name"), width=180),
            TableColumn("name", translate("Users", "Name"), stretches=True),
            TableColumn("roles", translate("Users", "Roles"), width=300, is_sortable=False),
            TableColumn("language", translate("Users", "Language"), width=110),
            TableColumn("is_active", translate("Users", "May sign in"), CellKind.YES_NO, 110),
        ),
        _users_in_words,
        tables=Users.tables,
        filters=(active_filter(),),
        name=translate("Users", "Users"),
        search_hint=translate("Users", "Sign-in name, name, role"),
    )
    return record_list(desk, shell, "user", spec, translate("Users", "New user"), "admin")


class UserPage(RecordPage):
    """A person's access. What they sign in with is asked of the centre itself, and never travels with an action."""

    def __init__(self, desk: "Desk", shell: "MainWindow", id: UUID, is_new: bool = False) -> None:
        self.roles: dict[str, QCheckBox] = {}
        self.places: dict[UUID, QCheckBox] = {}  # by warehouse; until they are read, none
        self._seen_roles: tuple[str, ...] = ()  # what the ticks showed before anything was typed
        self._tied: tuple[UUID, ...] = ()  # and those of the warehouses
        self._wanted_places: tuple[UUID, ...] | None = None  # as a refused entry has them
        kind = RecordKind(
            "user_form",
            translate("UserPage", "User"),
            SaveUser,
            lambda user_id: OneOfList(Users(), user_id),
            choices={"language": tuple(LANGUAGES.items())},
            permission="admin",
            tables=Users.tables | WorkPlaces.tables,
            beside=("role_codes", "warehouse_ids"),
        )
        super().__init__(desk, shell, kind, id, is_new=is_new)

    def add_more(self) -> None:
        self.content.setStretchFactor(self.form_area, 0)
        box = QGroupBox(translate("UserPage", "Roles"))
        grid = QGridLayout(box)
        for number, code in enumerate(ROLES):
            tick = QCheckBox(role_text(code))
            tick.setAccessibleName(tick.text())
            tick.setEnabled(not self.may("admin"))
            tick.clicked.connect(self._note_role)
            grid.addWidget(tick, *divmod(number, _IN_A_ROW))
            self.roles[code] = tick
        self.works_in = QGroupBox(translate("UserPage", "Works in (no tick: in all of them)"))
        self.works_in.setToolTip(
            translate(
                "UserPage",
                "Documents and stock of these warehouses alone. Without a tick: of all of them, as for whoever sees costs or "
                "the ledger.",
            )
        )
        self.works_in.hide()
        self._places_grid = QGridLayout(self.works_in)
        self._read_places()
        hint = QLabel(
            translate(
                "UserPage",
                "A new user signs in with a one-time password that you give to them, and chooses one of their own. "
                "Whoever may not sign in any more is signed out at once, on every computer.",
            )
        )
        hint.setWordWrap(True)
        hint.setProperty("tone", "secondary")
        self.content.addWidget(box)
        self.content.addWidget(self.works_in)
        self.content.addWidget(hint)
        self.content.addStretch(1)

    def other_actions(self) -> tuple[QAction, ...]:
        if not hasattr(self, "do_give"):
            self.do_give = self.add_page_action(
                "user.password", translate("UserPage", "One-time password"), self.give_password, "", "edit"
            )
            self.do_sign_out = self.add_page_action(
                "user.sign_out", translate("UserPage", "Sign out everywhere"), self.sign_out, "", "sign_out"
            )
        reason = self.may("admin")
        if not reason and (self.is_new or self.is_dirty):
            reason = translate("UserPage", "Save the user first.")
        for action in (self.do_give, self.do_sign_out):
            self.allow(action, reason)
        return (self.do_give, self.do_sign_out)

    def give_password(self) -> None:
        """Ask first: what they have now ends."""
        self._ask_first(
            translate("UserPage", "One-time password for {name}"),
            translate(
                "UserPage",
                "{name} is signed out on every computer, and what they signed in with until now is good no more. You are "
                "shown a password, once, with which they sign in and choose one of their own.",
            ),
            translate("UserPage", "Make a one-time password"),
            self._give,
        )

    def sign_out(self) -> None:
        """Ask first: somebody may be working."""
        self._ask_first(
            translate("UserPage", "Sign out {name}"),
            translate(
                "UserPage",
                "Every computer of {name} asks for the password before it sends or fetches again. What waits there is kept.",
            ),
            translate("UserPage", "Sign out everywhere"),
            self._sign_out,
        )

    def _ask_first(self, title: str, what_happens: str, verb: str, do_it: Callable[[], object]) -> None:
        name = self._name()
        self.question = Question(title.format(name=name), what_happens.format(name=name), verb, do_it, self)
        self.question.open()

    def _give(self) -> None:
        def show(password: str) -> None:
            self.told = ToldOnce(self._name(), password, self)
            self.told.open()

        when_done(self.desk.administration.one_time_password(self.document_id), self, show)

    def _sign_out(self) -> None:
        done = translate("UserPage", "{name} is signed out everywhere.").format(name=self._name())
        when_done(self.desk.administration.sign_user_out(self.document_id), self, lambda _done: say(done))

    def _name(self) -> str:
        return str(self.binder.value("name") or self.binder.value("login") or "")

    def title_of(self, record: Any) -> str:
        return str(record.login)

    def show_more(self, record: Any) -> None:
        self._seen_roles = tuple(code for code in _codes(record) if code in self.roles)
        for code, tick in self.roles.items():
            tick.setChecked(code in self._seen_roles)
        self._read_places()

    def acceptance(self) -> Callable[[], None]:
        accept, roles, places = super().acceptance(), self._ticked_roles(), self._ticked_places()

        def saved() -> None:
            accept()
            self._seen_roles, self._tied = roles, places

        return saved

    def _ticked_roles(self) -> tuple[str, ...]:
        return tuple(code for code, tick in self.roles.items() if tick.isChecked())

    def _ticked_places(self) -> tuple[UUID, ...]:
        return tuple(warehouse_id for warehouse_id, tick in self.places.items() if tick.isChecked())

    def _read_places(self) -> None:
        when_done(self.desk.ask(WorkPlaces(self.document_id)), self, self._show_places)

    def _show_places(self, places: tuple[WorkPlace, ...]) -> None:
        """Ticks appear with the warehouses; those that the person has set meanwhile stay."""
        if not self.is_dirty or not self.places:
            self._tied = tuple(place.id for place in places if place.is_tied)
        for place in places:
            if place.id not in self.places:
                tick = QCheckBox(f"{place.code} {cell_value(place, 'name')}")
                tick.setAccessibleName(tick.text())
                tick.setToolTip(self.works_in.toolTip())
                tick.setEnabled(not self.may("admin"))
                tick.clicked.connect(self._note_role)
                self._places_grid.addWidget(tick, *divmod(len(self.places), _IN_A_ROW))
                self.places[place.id] = tick
                tick.setChecked(place.is_tied)
            elif not self.is_dirty:
                self.places[place.id].setChecked(place.is_tied)
        self._tick_wanted_places()
        self.works_in.setVisible(bool(self.places))

    def show_entry(self, entry: RefusedEntry) -> int:
        wanted: Any = entry.action
        changed = entry.changed
        if changed is None or "role_codes" in changed:
            for code, tick in self.roles.items():
                tick.setChecked(code in wanted.role_codes)
        if changed is None or "warehouse_ids" in changed:
            self._wanted_places = wanted.warehouse_ids
        self._tick_wanted_places()
        return super().show_entry(entry)

    def _tick_wanted_places(self) -> None:
        """Once: what the person ticks then stays."""
        if self._wanted_places is None or not self.places:
            return
        for warehouse_id, tick in self.places.items():
            tick.setChecked(warehouse_id in self._wanted_places)
        self._wanted_places = None

    def action_of(self, values: dict[str, Any]) -> Action:
        typed = self._saving(values, self._ticked_roles(), self._ticked_places() if self.places else None)
        if self.record is None:
            return typed
        return changing(typed, self._saving(self.binder.saved, self._seen_roles, self._tied if self.places else None))

    def _saving(self, values: dict[str, Any], codes: tuple[str, ...], tied: tuple[UUID, ...] | None) -> SaveUser:
        saving = self.record_kind.action(self.document_id, values, role_codes=codes, warehouse_ids=tied)
        assert isinstance(saving, SaveUser)
        return saving

    def _note_role(self) -> None:
        self.binder.note_other_change()
        self._note_dirt(True)
