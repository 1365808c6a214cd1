"""What a person sees of a long build: a line a running export with its time on a terminal, a line an event elsewhere."""

from __future__ import annotations

import sys
import time
from threading import Lock
from typing import TYPE_CHECKING

from rich import progress

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from trireme.spec import Model, Version


class Progress:
    """A plan's watch; a context manager."""

    def __init__(self) -> None:
        self._bars: progress.Progress | None = None
        self._tasks: dict[tuple[str, int], progress.TaskID] = {}
        self._begun: dict[tuple[str, int], float] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        """Take the terminal when there is one."""
        if sys.stdout.isatty():
            columns = (
                progress.SpinnerColumn(),
                progress.TextColumn("{task.description}"),
                progress.TimeElapsedColumn(),
            )
            self._bars = progress.Progress(*columns)
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the terminal back."""
        if self._bars:
            self._bars.stop()

    def __call__(self, model: Model, version: Version, done: bool) -> None:  # noqa: FBT001 - plan.Watch
        """Note that an artefact is begun or made."""
        key, name = (model.name, version.number), f"{model.name} version {version.number}"
        with self._lock:
            if not done:
                self._begun[key] = time.monotonic()
            if self._bars and not done:
                self._tasks[key] = self._bars.add_task(f"making {name}", total=1)
            elif self._bars:
                self._bars.update(self._tasks[key], completed=1, description=f"made {name}")
            elif done:
                print(f"made {name} in {time.monotonic() - self._begun[key]:.1f} s", flush=True)
