"""The medic of `trireme serve`: how often it starts a server, and when it gives up."""

from types import SimpleNamespace

import pytest

from trireme.discover import discover
from trireme.errors import ServerError
from trireme.medic.keeper import MOST, Keeper


class Dying:
    """A server that is dead whenever it is looked at."""

    def __init__(self, folder):
        self.log = folder / "server.log"
        self.flags = ()
        self.grpc = "grpc://127.0.0.1:9"
        self.started = 0

    def running(self):
        return False

    def reasons(self):
        return ["it fell over"]

    def kill(self):
        self.log.write_text(f"life {self.started}")

    def start(self):
        self.started += 1


@pytest.fixture
def keeper(tree, tmp_path):
    said = []
    server = Dying(tmp_path)
    return SimpleNamespace(one=Keeper(server, discover(tree), said.append), server=server, said=said)


def test_it_starts_a_dead_server_three_times_and_then_gives_up_with_the_reason(keeper):
    for _ in range(MOST):
        keeper.one.look()
    with pytest.raises(ServerError, match="the server died 4 times in 10 minutes: it fell over"):
        keeper.one.look()
    assert keeper.server.started == MOST


def test_it_starts_a_server_anew_that_runs_and_does_not_answer(keeper):
    keeper.server.running = lambda: True
    keeper.one._medic = SimpleNamespace(live=True, close=lambda: None)  # noqa: SLF001 - what its rounds have found
    keeper.one.look()
    assert keeper.server.started == 0
    keeper.one._medic.live = False  # noqa: SLF001 - see above
    keeper.one.look()
    assert keeper.server.started == 1
    assert keeper.said[0].startswith("medic: the server is started again: it does not answer; its log was kept as ")


def test_it_keeps_the_log_of_the_one_that_died(keeper):
    keeper.one.look()
    assert (keeper.server.log.parent / "server.log.1").read_text() == "life 0"
    assert keeper.said[0].startswith("medic: the server is started again: it fell over; its log was kept as ")


def test_without_explicit_control_it_makes_no_rounds(keeper):
    keeper.one.start()
    assert keeper.one._medic is None  # noqa: SLF001 - that there is none is what is said
