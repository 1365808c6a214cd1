import signal
import subprocess
import sys

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


def test_nobody_asked():
    with Stop(signals=[signal.SIGALRM]) as stop:
        assert not stop.wait(0.01)
