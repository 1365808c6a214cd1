"""How a signal ends a command that waits."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, whoever manages processes, and a closed terminal."""


class Stop:
    """Whether somebody asked us to stop, inside `with`, in the main thread; a second signal calls again.

    No `threading.Event`: a handler runs in the main thread, which may hold the event's lock at that moment, in its own wait,
    and then nothing ends it any more; and a signal that comes just before a wait does not end that wait. What Python writes
    to a pipe at each signal does (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd).
    """

    def __init__(self, again: Callable[[], None] | None = None, signals: Sequence[signal.Signals] = SIGNALS) -> None:
        self.asked = False
        self._again, self._signals, self._undo = again, signals, ExitStack()

    def __enter__(self) -> Self:
        """Take the signals."""
        self._pipe, written = os.pipe()
        for end in (self._pipe, written):
            self._undo.callback(os.close, end)
        os.set_blocking(written, False)
        self._undo.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(written, warn_on_full_buffer=False))
        for number in self._signals:
            before = signal.getsignal(number)
            if number is signal.SIGHUP and before is signal.SIG_IGN:
                continue  # nohup
            signal.signal(number, self._take)
            self._undo.callback(signal.signal, number, signal.SIG_DFL if before is None else before)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the signals back."""
        self._undo.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until asked, so many seconds at most; return whether we were."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self.asked:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            if select.select([self._pipe], [], [], left)[0]:
                os.read(self._pipe, 512)  # of other signals, too
        return self.asked

    def _take(self, _number: int, _frame: object) -> None:
        if self.asked and self._again is not None:
            self._again()
        self.asked = True


def stop_on_signals() -> None:
    """Let SIGTERM and a closed terminal end us as Ctrl-C does, so that no server stays behind."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
