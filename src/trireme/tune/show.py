"""What a person sees of a tuning while it works: the phase, what is measured now, how many settings are simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Show:
    """A context manager; a line a phase where there is no terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[what]}"))
        self._progress = Progress(*columns, TimeElapsedColumn(), console=self._console)
        self._task: int | None = None
        self.way = ""
        """How a pipeline is served, said before each phase."""

    def __enter__(self) -> Self:
        """Take the terminal when there is one."""
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give it back."""
        self._end()
        self._progress.stop()

    def begin(self, phase: str) -> None:
        """Begin a phase; the one before is over."""
        self._end()
        if self._console.is_terminal:
            self._task = self._progress.add_task(f"{self.way}{phase}", total=None, what="")
        else:
            self._console.print(f"{self.way}{phase} ...", soft_wrap=True)

    def say(self, what: str) -> None:
        """Tell what is measured now."""
        if self._task is not None:
            self._progress.update(self._task, what=what)  # type: ignore[arg-type] # rich's TaskID is an int

    def count(self, done: int, total: int) -> None:
        """Tell how many of a phase's settings are simulated."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total, what=f"{done:,} of {total:,} settings")  # type: ignore[arg-type]

    def _end(self) -> None:
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1)  # type: ignore[arg-type]
            self._task = None
