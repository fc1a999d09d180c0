"""Every action of the window, registered once: the menu, the button, the shortcut and the palette share it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from erp_desktop.i18n import translate
from erp_desktop.views.widgets.icons import set_icon


class AlreadyTaken(ValueError):
    """Two commands want the same key or the same shortcut."""


@dataclass(frozen=True)
class Command:
    """What can be done: `text` is source text, context "Command"."""

    key: str
    text: str
    run: Callable[[], object]
    shortcut: str = ""
    icon: str = ""
    in_palette: bool = True


class CommandRegistry:
    """The window's commands, each one QAction."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._commands: dict[str, tuple[Command, QAction]] = {}

    def register(self, command: Command) -> QAction:
        """Adds a command. Raises AlreadyTaken if its key or shortcut belongs to another one."""
        if command.key in self._commands:
            raise AlreadyTaken(command.key)
        sequence = QKeySequence(command.shortcut)
        if command.shortcut and sequence in self.shortcuts().values():
            raise AlreadyTaken(command.shortcut)
        action = QAction(self._window)
        action.setObjectName(command.key)
        if command.shortcut:
            action.setShortcut(sequence)
        if command.icon:
            set_icon(action, command.icon)
        action.triggered.connect(lambda _checked=False: command.run())
        self._commands[command.key] = (command, action)
        self._name(command, action)
        self._window.addAction(action)
        return action

    def action(self, key: str) -> QAction:
        """The action of the command `key`. Raises KeyError."""
        return self._commands[key][1]

    def actions(self) -> list[QAction]:
        """What the palette offers, in the order of registration."""
        return [action for command, action in self._commands.values() if command.in_palette]

    def shortcuts(self) -> dict[str, QKeySequence]:
        """The shortcut of each command that has one."""
        return {
            key: action.shortcut() for key, (_, action) in self._commands.items() if not action.shortcut().isEmpty()
        }

    def retranslate(self) -> None:
        """Says everything again in the language shown now."""
        for command, action in self._commands.values():
            self._name(command, action)

    def _name(self, command: Command, action: QAction) -> None:
        text = translate("Command", command.text)
        action.setText(text)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{text} ({keys})" if keys else text)
