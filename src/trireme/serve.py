"""`trireme serve`: the server over the built repository, watched until somebody stops it."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

from trireme import modelconfig
from trireme.asking import ask
from trireme.client import Client
from trireme.errors import ServerError, ValueRefusedError, suggestion
from trireme.examples import read_examples
from trireme.gpu import Gpu
from trireme.machine import Machine
from trireme.plan import TREE
from trireme.server.process import AS_WRITTEN, Server
from trireme.stopping import Stop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trireme.discover import Sources
    from trireme.server.process import Ports

LOG = ".trireme/server.log"
VARIANT = "--model-config-name="
CONTROL = "--model-control-mode"
EXPLICIT = (f"{CONTROL}=explicit", "--load-model=*")
"""Every model is loaded, and may be loaded again: the medic has to."""


def start(sources: Sources, ports: Ports, flags: tuple[str, ...] = (), traces: str = "") -> Server:
    """Start the server over model_repository/ and prove each model by its first example.

    Raises:
        ServerError: the tree is not built, a model was refused, or an answer was not the expected one.

    """
    repository = sources.root / TREE
    if not repository.is_dir():
        message = f"{TREE}/ is not built; run `make repo`"
        raise ServerError(message)
    name = VARIANT.rstrip("=")
    named = [flag.removeprefix(VARIANT) for flag in flags if flag.startswith(VARIANT)]
    named += [value for flag, value in pairwise(flags) if flag == name]
    own = (AS_WRITTEN,) if named else machine_flags(repository)
    for one in named:
        check_variant(repository, one)
    if not any(flag.startswith(CONTROL) for flag in flags):
        own = (*own, *EXPLICIT)
    server = Server(repository, sources.root / LOG, ports=ports, flags=(*own, *flags), traces=traces)
    server.start()
    with ExitStack() as unless_proven:
        unless_proven.callback(server.kill)
        check_canaries(sources, server.grpc)
        unless_proven.pop_all()
    return server


def machine_flags(repository: Path) -> tuple[str, ...]:
    """Return the flags for a built repository: its configs are whole, and it may have variants for machines like this."""
    name = Machine.here().variant
    found = Gpu.here() is None and any(repository.glob(f"*/configs/{name}.pbtxt"))
    return (AS_WRITTEN, f"{VARIANT}{name}") if found else (AS_WRITTEN,)


def check_variant(repository: Path, name: str) -> None:
    """Refuse the name of a variant that no model has: Triton would serve the base configs and say nothing.

    Raises:
        ValueRefusedError: it is none.

    """
    known = {path.stem for path in repository.glob("*/configs/*.pbtxt")}
    if name not in known:
        raise ValueRefusedError(VARIANT.rstrip("="), name, suggestion(name, known))


def check_canaries(sources: Sources, address: str) -> None:
    """Ask every model its first example: a server may say that it is ready and still answer wrongly (TRITON facts, §1, §4).

    Raises:
        ServerError: an answer was not the expected one.

    """
    with Client(address) as client:
        for unit in sources.units:
            config = modelconfig.from_text((sources.root / TREE / unit.name / "config.pbtxt").read_text(encoding="utf-8"))
            example = read_examples(unit.folder, config)[0]
            mismatch = example.mismatch(ask(client, config, example))
            if mismatch:
                place = f"{unit.folder.parent.name}/{unit.name}/examples.json[0]"
                message = f"{unit.name} does not answer as {place} says: {mismatch}; the server was stopped"
                raise ServerError(message)


def wait(server: Server, banner: str, say: Callable[[str], None], look: Callable[[], None] | None = None) -> int:
    """Say the banner, and wait until the server dies or somebody stops us; look is called five times a second.

    Requests in flight are finished; a second signal does not wait for them. Returns the server's exit status.

    Raises:
        ServerError: the server died by itself, and look did not start it again.

    """
    with Stop(again=server.strike) as stop:
        say(banner)
        while not stop.wait(0.2):
            if look is not None:
                look()
            if not server.running():
                server.kill()
                message = f"the server died: {'; '.join(server.reasons())}; its log is {server.log}"
                raise ServerError(message)
        say("stopping: requests in flight are being finished (Ctrl-C again to stop at once)")
        return server.stop()
