import signal
import subprocess
import sys
import time

from trireme.stopping import Stop

HAMMERED = """
import random, signal
from trireme.stopping import Stop
for _ in range(3000):
    with Stop(signals=[signal.SIGALRM]) as stop:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-5))  # while wait is on its way in, or out
        assert stop.wait()
print("ended")
"""


def test_a_signal_ends_the_wait_at_whatever_moment_it_comes():
    """An Event in its place hangs here in each of five runs."""
    done = subprocess.run([sys.executable, "-c", HAMMERED], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    assert done.stdout == "ended\n"


def test_a_second_signal_calls_again():
    calls = []
    before = signal.getsignal(signal.SIGALRM)
    with Stop(again=lambda: calls.append("again"), signals=[signal.SIGALRM]) as stop:
        signal.raise_signal(signal.SIGALRM)
        assert stop.wait()
        assert calls == []
        signal.raise_signal(signal.SIGALRM)
    assert calls == ["again"]
    assert signal.getsignal(signal.SIGALRM) is before


def test_another_signal_does_not_end_the_wait():
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    with Stop(signals=[signal.SIGALRM]) as stop:
        signal.raise_signal(signal.SIGUSR1)
        assert not stop.wait(0.01)
        begun = time.monotonic()
        assert not stop.wait(0.2)
        assert time.monotonic() - begun >= 0.2
    signal.signal(signal.SIGUSR1, before)


def test_who_was_told_to_outlive_its_terminal_does():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Stop() as stop:
        signal.raise_signal(signal.SIGHUP)
        assert not stop.wait(0.01)
    assert signal.signal(signal.SIGHUP, before) is signal.SIG_IGN


def test_nobody_asked():
    with Stop(signals=[signal.SIGALRM]) as stop:
        assert not stop.wait(0.01)
