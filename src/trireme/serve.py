"""`trireme serve`: the server over the built repository, watched until somebody stops it."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from trireme import modelconfig
from trireme.client import Client
from trireme.errors import ServerError
from trireme.examples import read_examples
from trireme.plan import TREE
from trireme.server.process import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from trireme.discover import Sources
    from trireme.server.process import Ports

LOG = ".trireme/server.log"


def start(sources: Sources, ports: Ports, flags: tuple[str, ...] = ()) -> Server:
    """Start the server over model_repository/ and prove each model by its first example.

    Raises:
        ServerError: the tree is not built, a model was refused, or an answer was not the expected one.

    """
    repository = sources.root / TREE
    if not repository.is_dir():
        message = f"{TREE}/ is not built; run `make repo`"
        raise ServerError(message)
    server = Server(repository, sources.root / LOG, ports=ports, flags=flags)
    server.start()
    with ExitStack() as unless_proven:
        unless_proven.callback(server.kill)
        check_canaries(sources, server.grpc)
        unless_proven.pop_all()
    return server


def check_canaries(sources: Sources, address: str) -> None:
    """Ask every model its first example: a server may say that it is ready and still answer wrongly (TRITON facts, §1, §4).

    Raises:
        ServerError: an answer was not the expected one.

    """
    with Client(address) as client:
        for unit in sources.units:
            config = modelconfig.from_text((sources.root / TREE / unit.name / "config.pbtxt").read_text(encoding="utf-8"))
            example = read_examples(unit.folder, config)[0]
            batched = config.max_batch_size > 0
            found = client.infer(unit.name, {name: array[None] if batched else array for name, array in example.inputs.items()})
            mismatch = example.mismatch({name: array[0] if batched else array for name, array in found.items()})
            if mismatch:
                message = f"{unit.name} answers its first example wrongly: {mismatch}; the server was stopped"
                raise ServerError(message)


def wait(server: Server, say: Callable[[str], None]) -> int:
    """Wait until the server dies or somebody stops us; a second signal does not wait for requests in flight."""
    asked = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        if asked.is_set():
            server.kill()
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    while server.running() and not asked.wait(timeout=0.2):
        pass
    if not asked.is_set():
        server.kill()
        message = f"the server died: {'; '.join(server.reasons())}; its log is {server.log}"
        raise ServerError(message)
    say("stopping: requests in flight are being finished (Ctrl-C again to stop at once)")
    return server.stop()
