"""The rounds: every model is looked at again and again, and what its policy says is done."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from trireme.errors import CallError
from trireme.medic.policy import Action, Finding, Patient, Rules
from trireme.medic.triton import GoneError, Served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trireme.medic.metrics import Metrics
    from trireme.medic.triton import Canary, Counts, Triton

    Say = Callable[..., None]

MOST_AT_ONCE = 64
"""Canaries in flight: one that waits holds no other one up."""
SPREAD = 0.5
"""Seconds in which a round begins its canaries at the latest; one after the other as long as they are answered sooner, so that
they take no more than one model's share from the requests of others."""
PATIENCE = 2.5
"""Seconds until a canary that waits counts as late: a dead stub is found after one."""
QUIET = 1.0
"""Seconds that the round waits for a model that is being loaded again: canaries beside the process that starts took the cores
from the requests of others (make bench-medic)."""
BRIEFLY = 0.01
SHARE, LONGEST = 0.01, 3.0
"""Of the time, what a healthy and idle model's canaries take, and the seconds after which it is asked again all the same."""
PIPELINE = 10.0
"""The same for a pipeline, which has no process to lose: it is asked again when a member was loaded, or a request failed."""
STALE = 60.0
"""Seconds without a round after which the medic is not well."""
GONE_ROUNDS = 3
"""Rounds in a row in which nobody answers before the server counts as hung or dead."""


class Since(NamedTuple):
    """Requests of a model since the last round: that ended well, those of the version that has the fewest, and that failed."""

    good: int
    least: int
    bad: int


class Medic:
    """Looks after one Triton; say is told every event by its name, with its facts."""

    def __init__(
        self, triton: Triton, canaries: Sequence[Canary], metrics: Metrics, say: Say, rules: Rules | None = None
    ) -> None:
        self.patients = {canary.name: Patient(canary.name, rules or Rules()) for canary in canaries}
        self.gone = 0
        self.rounds = 0
        self.last = time.monotonic()
        self._triton, self._metrics, self._say = triton, metrics, say
        self.canaries = {canary.name: canary for canary in canaries}
        self._counts: Mapping[str, Mapping[str, Counts]] = {}
        self._served: dict[str, Served] = {}
        self._asked: dict[str, float] = {}
        self._answers: dict[str, tuple[float, float, float]] = {}
        """When each model's last canary was answered, what it took, and what the one before [s]: the first is slow."""
        self._at_work: dict[str, float] = {}
        self._refused_at: float | None = None
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="medic")

    def start(self, interval: float) -> None:
        """Go round in a thread, with so many seconds between two rounds, until closed."""

        def rounds() -> None:
            while not self._stop.wait(interval if self.rounds else 0):
                self.round()

        self._thread = threading.Thread(target=rounds, name="medic", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the rounds; a reload that is under way is not waited for."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def live(self) -> bool:
        """Return whether the server answers at all, before its first answer, too."""
        return self.gone < GONE_ROUNDS or not any(patient.seen for patient in self.patients.values())

    @property
    def well(self) -> bool:
        """Return whether the medic itself goes round."""
        return time.monotonic() - self.last < STALE

    def ready(self) -> bool:
        """Say whether requests may come: every model answers, but for short reloads, and for quarantine and what lacks it."""
        now = time.monotonic()
        return self.gone == 0 and all(patient.ready(now) or self._lacks(name) for name, patient in self.patients.items())

    def _lacks(self, name: str) -> bool:
        """Say whether a pipeline lacks a member that is left alone."""
        members = self._as_served(name).members
        return any(self.patients[member].quarantined for member in members if member in self.patients)

    def round(self) -> None:
        """Ask every model that is not being asked yet, and take note of answers, and of canaries that wait too long."""
        try:
            began, before, self._counts = time.monotonic(), self._counts, self._triton.counts()
            self.gone = 0
            self._welcome()
            since = {name: _since(before, self._counts, name) for name in self.patients}
            for members in (False, True):  # pipelines after their members: a dead one is found where it is
                names = [name for name in self.canaries if bool(self._as_served(name).members) is members]
                begun = []
                for name in names:
                    self._let_load()
                    if self._may(name):
                        begun.append(self._begin(name, since[name]))
                        wait(begun[-1:], timeout=SPREAD / len(self.canaries))
                wait(begun, timeout=PATIENCE)
            self._note_late(since)
            self._forget_canaries(began)
        except GoneError as error:
            self._note_gone(error)
        except CallError as error:  # a model that is being unloaded can fail the statistics of all
            self._say("round-failed", reason=str(error))
        self.rounds += 1
        self.last = time.monotonic()
        self._metrics.round(self)

    def _forget_canaries(self, began: float) -> None:
        """Count those that were asked in this round anew: our own canaries are no sign of life in the next one."""
        counts = self._triton.counts()
        asked = {name for name, (ended, *_) in list(self._answers.items()) if ended >= began}
        self._counts = {name: row if name in asked else self._counts.get(name, row) for name, row in counts.items()}

    def _let_load(self) -> None:
        """Wait while a model has been at work for a short time."""
        while any(time.monotonic() - began < QUIET for began in list(self._at_work.values())) and not self._stop.wait(BRIEFLY):
            pass

    def _may(self, name: str) -> bool:
        busy = name in self._asked or name in self._at_work or self._member_is_ill(name)
        return not busy and self.patients[name].due(time.monotonic())

    def _begin(self, name: str, since: Since) -> Future[None]:
        self._asked[name] = time.monotonic()
        return self._pool.submit(self._look, name, since)

    def _note_late(self, since: Mapping[str, Since]) -> None:
        """Note the models whose canaries wait, but for those that answer others meanwhile."""
        for name, began in list(self._asked.items()):
            waited = time.monotonic() - began
            if waited >= PATIENCE and not since[name].good and name not in self._at_work:
                self._do(name, self._note(name, Finding.LATE, f"{name}: its example waits for {waited:.0f} s"))

    def _note_gone(self, error: GoneError) -> None:
        self.gone += 1
        known = any(patient.seen for patient in self.patients.values())
        if error.refused and self._refused_at is None and known:
            self._refused_at = time.monotonic()
        if self.gone == GONE_ROUNDS and known:
            self._say("server-gone", reason=str(error))

    def _welcome(self) -> None:
        """Take note of a server that is back: it is another one, when nobody listened meanwhile."""
        if self._refused_at is not None:
            self._metrics.restart()
            self._say("server-back", seconds=round(time.monotonic() - self._refused_at, 3))
            self._refused_at = None
            self._answers.clear()

    def _look(self, name: str, since: Since) -> None:
        """Find out how a model is, from what it answered since the last round, or from a canary; act on it."""
        try:
            canary, found = self.canaries[name], (Finding.ANSWERED, "")
            proven = since.least or self._rests(name)  # no canary stands in the others' way
            if not self.patients[name].healthy or since.bad or not proven:
                several = self._instances(name)  # of which one may be dead: Triton asks them in turn
                every = product(self._versions(name), range(2 * several if since.bad else several))
                for version, _ in every:
                    found = self._ask(replace(canary, version=version))
                    if found[0] is not Finding.ANSWERED:
                        break
            if found[0] is Finding.ANSWERED and name not in self._served:
                self._learn(name)
            if name not in self._at_work:
                self._do(name, self._note(name, *found))
        except GoneError as error:
            self._say("canary-lost", model=name, reason=str(error))
        finally:
            self._asked.pop(name, None)

    def _learn(self, name: str) -> None:
        """Learn how a model is served: of several instances one may be dead, and a pipeline may run in one process."""
        try:
            self._served[name] = self._triton.served(name)
        except CallError as error:
            self._served[name] = self._as_served(name)
            self._say("config-unknown", model=name, reason=str(error))
        self._metrics.instances(name, self._served[name].instances)

    def _as_served(self, name: str) -> Served:
        """Return how a model is served, or was built until that is known."""
        return self._served.get(name) or Served.of(self.canaries[name].config)

    def _instances(self, name: str) -> int:
        return max(self._as_served(name).instances, 1)

    def _versions(self, name: str) -> list[str]:
        """Return the versions that are served side by side; empty is the newest."""
        return ["", *sorted(self._counts.get(name, {}), key=int)[:-1]]

    def _do(self, name: str, action: Action) -> None:
        if action is Action.NOTHING:
            return
        with self._lock:
            if name in self._at_work:
                return
            self._at_work[name] = time.monotonic()
        threading.Thread(target=self._act, args=(name, action), name=f"medic-{name}", daemon=True).start()

    def _ask(self, canary: Canary) -> tuple[Finding, str]:
        began = time.monotonic()
        found = self._triton.look(canary)
        ended = time.monotonic()
        self._metrics.canary(canary.name, ended - began)
        _, before, _ = self._answers.pop(canary.name, (0.0, 0.0, 0.0))
        if found[0] is Finding.ANSWERED:
            self._answers[canary.name] = ended, ended - began, before
        return found

    def _rests(self, name: str) -> bool:
        """Say whether a healthy model was asked so lately that it is not asked again; a member is before its pipelines are."""
        last, *took = self._answers.get(name, (-PIPELINE, 0.0, 0.0))
        asked = self._instances(name) * len(self._versions(name))
        rest = PIPELINE if self._as_served(name).members else min(asked * min(took) / SHARE, LONGEST)
        return time.monotonic() - last < rest and all(map(self._rests, self._pipelines(name)))

    def _note(self, name: str, finding: Finding, reason: str) -> Action:
        """Tell the policy, and say what has changed."""
        patient = self.patients[name]
        before = patient.finding
        if finding is Finding.DEAD and self._member_is_ill(name):
            finding = Finding.WRONG  # its member is reloaded, and takes it along
        action = patient.look(time.monotonic(), finding, reason)
        if before is not finding and (before or finding is not Finding.ANSWERED):
            self._say("model", model=name, finding=finding.value, reason=reason)
        return action

    def _member_is_ill(self, name: str) -> bool:
        members = [member for member in self._as_served(name).members if member in self.patients]
        return any(member in self._at_work or not self.patients[member].healthy for member in members)

    def _act(self, name: str, action: Action) -> None:
        """Do what the policy says, beside the rounds: the other models are looked at meanwhile."""
        began, patient = time.monotonic(), self.patients[name]
        try:
            if action is Action.QUARANTINE:
                self._say("quarantine", model=name, reason=patient.reason)
                self._metrics.quarantine(name)
                self._triton.unload(name)
                return
            self._say("reload", model=name, reason=patient.reason)
            self._metrics.reload(name)
            self._triton.reload(name, self._pipelines(name))
            self._say("reloaded", model=name, seconds=round(time.monotonic() - began, 3))
        except (CallError, GoneError) as error:
            self._say("reload-failed", model=name, reason=str(error))
        finally:
            for one in (name, *self._pipelines(name)):
                self._answers.pop(one, None)
            with self._lock:
                del self._at_work[name]

    def _pipelines(self, name: str) -> list[str]:
        """Return the pipelines that a model is a part of, directly or through another."""
        found: list[str] = []
        for pipeline in self.canaries:
            if name in self._as_served(pipeline).members and pipeline not in found:
                found += [pipeline, *self._pipelines(pipeline)]
        return list(dict.fromkeys(found))


def _since(before: Mapping[str, Mapping[str, Counts]], now: Mapping[str, Mapping[str, Counts]], name: str) -> Since:
    """Return what a model has answered between two looks; nothing is known of it without the first."""
    old, new = before.get(name, {}), now.get(name, {})
    ended = [
        [max(b - a, 0) for a, b in zip(old[version], counts, strict=True)] for version, counts in new.items() if version in old
    ]
    if not ended or len(ended) < len(new):
        return Since(0, 0, 0)
    good = [one[0] for one in ended]
    return Since(sum(good), min(good), sum(one[1] for one in ended))
