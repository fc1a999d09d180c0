"""Where the desk stands with the centre, as icon and words: synced, syncing, offline, or something needs attention."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from erp_desktop.i18n import translate
from erp_desktop.sync.state import SyncKind, SyncState
from erp_desktop.views.widgets.icons import set_icon


@dataclass(frozen=True)
class PillLook:
    icon: str
    tone: str
    text: str


def pill_look(state: SyncState, most_waiting: int = 0) -> PillLook:
    """What the pill shows. What a person must do comes first, then what is lost without the network, then good news.

    `most_waiting` is how many changes waited when this round of syncing began: of them so many are sent by now.
    """
    if state.kind is SyncKind.SIGNED_OUT:
        return PillLook("user", "warning", _with_waiting(translate("SyncPill", "Sign in again"), state.waiting))
    if state.kind is SyncKind.LOCKED:
        return PillLook("user", "warning", _with_waiting(translate("SyncPill", "Closed"), state.waiting))
    if state.kind is SyncKind.UPGRADE_NEEDED:
        return PillLook("triangle", "late", _with_waiting(translate("SyncPill", "Upgrade needed"), state.waiting))
    if state.kind is SyncKind.CENTRE_OLDER and not state.attention:
        return PillLook(
            "triangle", "late", _with_waiting(translate("SyncPill", "Central service too old"), state.waiting)
        )
    if state.attention:
        if state.attention == 1:
            text = translate("SyncPill", "1 needs attention")
        else:
            text = translate("SyncPill", "{count} need attention").format(count=state.attention)
        if state.kind is SyncKind.OFFLINE:
            text = f"{translate('SyncPill', 'Offline')} · {text}"
        return PillLook("triangle", "late", _with_waiting(text, state.waiting))
    if state.kind is SyncKind.OFFLINE:
        if state.waiting == 1:
            text = translate("SyncPill", "Offline, 1 change waiting")
        elif state.waiting:
            text = translate("SyncPill", "Offline, {count} changes waiting").format(count=state.waiting)
        else:
            text = translate("SyncPill", "Offline")
        return PillLook("cloud_off", "warning", text)
    if state.kind is SyncKind.SYNCING:
        total = max(most_waiting, state.waiting)
        if state.to_fetch:
            text = translate("SyncPill", "Fetching row {done} of {total}").format(
                done=f"{state.fetched:,}", total=f"{state.to_fetch:,}"
            )
        elif total:
            text = translate("SyncPill", "Syncing {done} of {total}").format(done=total - state.waiting, total=total)
        else:
            text = translate("SyncPill", "Syncing")
        return PillLook("sync", "running", text)
    if state.last_synced_at is None:
        return PillLook("cloud_done", "done", translate("SyncPill", "Synced"))
    at = state.last_synced_at.astimezone().strftime("%H:%M")
    return PillLook("cloud_done", "done", translate("SyncPill", "Synced {time}").format(time=at))


def _with_waiting(text: str, waiting: int) -> str:
    if not waiting:
        return text
    return translate("SyncPill", "{state}, {count} waiting").format(state=text, count=waiting)


class SyncPill(QToolButton):
    """The pill in the top bar; a click opens Needs attention, what waits, or the sign-in: whichever it speaks of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("syncPill")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._state: SyncState | None = None
        self._most_waiting = 0

    def show_state(self, state: SyncState) -> None:
        self._state = state
        self._most_waiting = max(self._most_waiting, state.waiting) if state.kind is SyncKind.SYNCING else 0
        look = pill_look(state, self._most_waiting)
        self.setText(look.text)
        set_icon(self, look.icon, look.tone)
        if self.property("tone") != look.tone:
            self.setProperty("tone", look.tone)
            self.style().unpolish(self)
            self.style().polish(self)
        self.setAccessibleName(translate("SyncPill", "Sync: {state}").format(state=look.text))
        if state.kind is SyncKind.SIGNED_OUT:
            hint = translate("SyncPill", "Click to sign in again")
        elif not state.attention:
            hint = translate("SyncPill", "See what waits for the central service (Ctrl+Shift+W)")
        else:
            hint = translate("SyncPill", "Open Needs attention (Ctrl+Shift+A)")
        contact = ""
        if state.last_synced_at is not None:
            at = state.last_synced_at.astimezone().strftime("%Y-%m-%d %H:%M")
            contact = translate("SyncPill", "In step with the central service at {time}").format(time=at)
        self.setToolTip("\n".join(filter(None, (state.detail, contact, hint))))

    def retranslate(self) -> None:
        if self._state is not None:
            self.show_state(self._state)
