"""Sending what waits in the outbox, in order and in batches, and setting aside what the centre cannot take.

Rule 1 of sync.md: a push's results are hints. An action leaves the outbox only when a pull brings its acknowledgement
(pulling.py); until then its answer is remembered (answers.py).
"""

from uuid import UUID

from erp_desktop import failpoints, wire
from erp_desktop.actions.refusals import Problem, Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.sync import applying, outbox
from erp_desktop.sync.calling import call
from erp_desktop.sync.state import SyncState
from erp_desktop.sync.traffic import Traffic
from erp_desktop.sync.transport import Answered, NoAnswer, Transport

_PUSH_BYTES = wire.MAX_PUSH_BYTES - 4096  # what stands around the actions


class NotTaken(Refused):
    code = "not_taken"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "The central service cannot take this as it is: {why}. Change it and send it again, or drop it; what you typed is kept.",
    )


class Pushing(Traffic):
    """One desk's pushes."""

    def push(self, transport: Transport) -> bool:
        """Whether all that waits was sent. False: some was refused. The centre keeps no list of what it held because of that,
        so a later push must not bring more that depends on it before a pull."""
        while batch := self._batch(wire.MAX_ACTIONS_PER_PUSH):
            self._standing.change(SyncState.syncing)
            try:
                if not self._send(transport, batch):
                    return False
            except Answered as error:
                if not _is_the_actions_own(error):
                    raise
                if not self._set_aside(transport, batch, error):
                    return False
        return True

    def _batch(self, count: int) -> list[wire.PushedAction]:
        answered = self._answers.not_to_send()
        if self._standing.state.waiting == 0 and self._cache.read_here(outbox.waiting).pending == 0:
            return []
        return self._cache.write(
            lambda connection: outbox.batch_to_push(
                connection, answered | self._versions.hold_back(connection), count, _PUSH_BYTES
            )
        ).result()

    def _send(self, transport: Transport, batch: list[wire.PushedAction]) -> bool:
        """Whether they were taken and none of them was refused."""
        request = wire.PushRequest(
            device_id=self._credentials.device_id,
            schema_revision=wire.SCHEMA_REVISION,
            actions=batch,
            cursor=self._cache.read_here(lambda session: applying.position(session.connection()).cursor),
        )
        failpoints.reach(failpoints.SEND)
        try:
            reply = call(self._credentials, transport, "/v1/sync/push", request, wire.PushReply)
        except Answered as error:
            if error.problem.code != wire.CURSOR_GONE:
                raise
            return False  # the centre was restored to before what is here: a pull fetches what it has, and then they are sent
        failpoints.reach(failpoints.REPLY)
        is_busy = False
        without_tick = []
        lost = self._builds_on_what_is_lost(batch, reply)
        for result in reply.results:
            if result.outcome == "retry" and result.problem is not None:
                self._answers.comes_later(result.id)
            elif result.outcome == "retry":
                is_busy = True
            elif result.outcome == "refused" and result.tick is None:
                without_tick.append(result)
            elif result.id not in lost:
                self._answers.has(result.id, result.tick)
        for action_id in lost:
            self._reject(action_id, outbox.CauseLost().problem)
        for result in without_tick:  # not in the centre's log, so no pull will ever bring it (an id used twice)
            self._reject(result.id, Problem.from_dict(result.problem or {}))
        if is_busy or {action.id for action in batch} - {result.id for result in reply.results}:
            raise NoAnswer("the centre asks for some actions again")
        return all(result.outcome != "refused" for result in reply.results)

    def _builds_on_what_is_lost(self, batch: list[wire.PushedAction], reply: wire.PushReply) -> list[UUID]:
        """What the centre holds back because of actions that a damaged cache has lost: no pull will ever say why."""
        blocked = {result.id for result in reply.results if result.outcome == "blocked"}
        if not blocked:
            return []
        held = [action for action in batch if action.id in blocked]
        return self._cache.read_here(
            lambda session: [action.id for action in held if not outbox.knows_any(session, action.depends_on)]
        )

    def _set_aside(self, transport: Transport, batch: list[wire.PushedAction], error: Answered) -> bool:
        """One action of the batch cannot be taken: it waits for a person, the queue goes on. Which one it is, is found by sending
        one after the other; False, as of `push`, where one of them was refused."""
        culprit = error.problem.action_id
        if culprit is None and len(batch) > 1:
            for action in batch:
                try:
                    if not self._send(transport, [action]):
                        return False
                except Answered as single:
                    if not _is_the_actions_own(single):
                        raise
                    self._set_aside(transport, [action], single)
                    return True  # what depends on it is held by now
            return True
        if culprit is None or culprit not in {action.id for action in batch}:
            culprit = batch[0].id
        self._reject(culprit, NotTaken(why=error.problem.code).problem)
        return True

    def _reject(self, action_id: UUID, problem: Problem) -> None:
        who = self._credentials.signed_in()
        with self._applying_turn:
            tables = self._cache.write(lambda connection: outbox.reject(connection, who, action_id, problem)).result()
        self._standing.tell(tables)


def _is_the_actions_own(error: Answered) -> bool:
    """Whether the centre cannot take an action as it is, and the others of the push can go on."""
    return error.problem.status in (413, 422) or error.problem.code == "other_actor"
