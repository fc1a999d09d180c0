"""Asking the centre what an action would change, before anybody confirms it. Nothing is kept here, and nothing waits for it.

Here: what it says when there is no answer. Not here: what an effect is (wire.py),
how it is worked out (the centre's).
"""

from collections.abc import Callable
from concurrent.futures import Future

import msgspec

from erp_desktop import wire
from erp_desktop.actions.base import Action, action_args
from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.sync.calling import UpgradeNeeded
from erp_desktop.sync.engine import Engine
from erp_desktop.sync.questions import Questions
from erp_desktop.sync.signing_in import Credentials, SignedOut
from erp_desktop.sync.state import SyncKind
from erp_desktop.sync.transport import Answered, NoAnswer, Timing

PATH = "/v1/sync/preview"
SECONDS_FOR_WHAT_WAITS = 5.0  # for changes made before to reach the centre, which works on its own data

WITHOUT_A_CENTRE = (SyncKind.OFFLINE, SyncKind.SIGNED_OUT, SyncKind.UPGRADE_NEEDED)


class EffectOutOfReach(Refused):
    code = "effect_out_of_reach"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The effect can be shown when the centre can be reached; you can post without it."
    )


class EffectNotOffered(Refused):
    code = "effect_not_offered"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service is older than this program and cannot show effects yet; you can post without it.",
    )


class Previews:
    """Asks for one effect after another. `close` breaks off."""

    def __init__(
        self, engine: Engine, credentials: Credentials, centre: Callable[[], str], timing: Timing | None = None
    ) -> None:
        self._engine = engine
        self._credentials = credentials
        self._questions = Questions(credentials, centre, timing, "preview")

    def ask(self, action: Action) -> "Future[wire.Effect]":
        """What `action` would change. Raises the Refused that performing it would; EffectOutOfReach, EffectNotOffered.

        A future that is cancelled before its turn comes is never asked for.
        """
        return self._questions.soon(lambda: self._effect(action))

    def close(self) -> None:
        self._questions.close()

    def _effect(self, action: Action) -> wire.Effect:
        if self._engine.state.kind in WITHOUT_A_CENTRE:
            raise EffectOutOfReach()
        self._engine.send_first(SECONDS_FOR_WHAT_WAITS)
        request = wire.PreviewRequest(
            device_id=self._credentials.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            name=type(action).__name__,
            version=action.version,
            args=msgspec.json.decode(action_args(action)),
        )
        try:
            effect = self._questions.ask(PATH, request, wire.Effect)
        except (NoAnswer, SignedOut, UpgradeNeeded) as error:
            raise EffectOutOfReach() from error
        except Answered as error:
            if error.problem.status == 404:
                raise EffectNotOffered() from error
            raise
        if effect.problem is not None:
            raise Problem.from_dict(effect.problem).as_refusal()
        return effect
