"""Going back and forward over the screens that were shown in a window, as in a browser."""

from collections.abc import Callable
from typing import Any

Shown = tuple[str, dict[str, Any]]  # a screen's key, and what it was opened with

MOST_STEPS = 50


class Walk:
    """The screens behind and before the one that is shown; `open_screen` brings one forward."""

    def __init__(self, open_screen: Callable[..., object]) -> None:
        self._open_screen = open_screen
        self._behind: list[Shown] = []  # the last one is shown
        self._before: list[Shown] = []
        self._is_walking = False

    def note(self, here: Shown) -> None:
        """`here` is shown now; if somebody went there in another way than by walking, nothing is before it any more."""
        if not self._is_walking and (not self._behind or self._behind[-1] != here):
            self._behind = [*self._behind[1 - MOST_STEPS :], here]
            self._before.clear()

    def back(self, here: Shown | None) -> None:
        """From `here` to what was shown before it."""
        self._walk(self._behind, self._before, here)

    def forward(self, here: Shown | None) -> None:
        """Back to where `back` came from."""
        self._walk(self._before, self._behind, here)

    def _walk(self, source: list[Shown], other: list[Shown], here: Shown | None) -> None:
        if here is not None and source and source[-1] == here:
            source.pop()
        if not source:
            if here is not None and source is self._behind:
                source.append(here)
            return
        key, args = source.pop()
        if here is not None:
            other.append(here)
        self._is_walking = True
        self._open_screen(key, **args)
        self._is_walking = False
        if source is self._behind:
            source.append((key, args))
