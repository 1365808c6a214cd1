"""Several Tritons over one tree, a medic beside each, NGINX in front and Prometheus over all of them."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from trireme import digest
from trireme.client import Client
from trireme.fleet.balancer import Balancer
from trireme.fleet.watch import Watch
from trireme.lock import LOCK
from trireme.medic import page
from trireme.medic.metrics import Metrics
from trireme.medic.rounds import Medic
from trireme.medic.triton import Triton, canaries
from trireme.serve import EXPLICIT
from trireme.server.process import AS_WRITTEN, Ports, Server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from trireme.medic.triton import Canary

INTERVAL = 1.0
"""Seconds between two rounds of a medic, as in the pod."""


class Pod:
    """A Triton and its medic, as a pod has them."""

    def __init__(self, name: str, tree: Path, found: Sequence[Canary], work: Path, flags: tuple[str, ...]) -> None:
        self.name = name
        self.server = Server(tree, work / f"{name}.log", flags=(*flags, *EXPLICIT))
        lock = tree / LOCK
        self._metrics = Metrics(digest.of_file(lock)[:12] if lock.is_file() else "")
        self._triton = Triton(self.server.grpc)
        self.medic = Medic(self._triton, found, self._metrics, lambda *_, **__: None)
        self._page = page.serve(self.medic, self._metrics, "127.0.0.1", 0)

    @property
    def metrics(self) -> tuple[str, str]:
        """Return where Triton's metrics and the medic's are."""
        return self.server.metrics.split("/")[2], f"127.0.0.1:{self._page.server_port}"

    def start(self) -> None:
        """Start both."""
        threading.Thread(target=self._page.serve_forever, daemon=True).start()
        self.server.start()
        self.medic.start(INTERVAL)

    def stop(self) -> None:
        """End both."""
        self.medic.close()
        self._triton.close()
        self._page.shutdown()
        self._page.server_close()
        self.server.kill()


class Fleet:
    """A fleet; a context manager. Its working files lie in a folder."""

    def __init__(  # noqa: PLR0913 - all by name
        self,
        root: Path,
        tree: Path,
        work: Path,
        *,
        examples: Sequence[Path],
        size: int = 3,
        flags: tuple[str, ...] = (AS_WRITTEN,),
    ) -> None:
        found = canaries(tree, examples)
        self.pods = [Pod(f"triton-{number}", tree, found, work, flags) for number in range(size)]
        self.balancer = Balancer(root, work / "nginx", Ports.free(), [pod.server.ports for pod in self.pods])
        self.watch = Watch(root, work / "prometheus", Ports.free().metrics, {pod.name: pod.metrics for pod in self.pods})
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start all of it."""
        with ExitStack() as stack:
            for pod in self.pods:
                stack.callback(pod.stop)
                pod.start()
            stack.callback(self.balancer.stop)
            self.balancer.start()
            stack.callback(self.watch.stop)
            self.watch.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End all of it."""
        self._stack.close()

    def answered(self, model: str) -> dict[str, int]:
        """Return how many requests of a model each pod has answered."""
        found = {}
        for pod in self.pods:
            with Client(pod.server.grpc) as client:
                rows = client._client.get_inference_statistics(model, as_json=True)["model_stats"]  # noqa: SLF001
            found[pod.name] = sum(int(row["inference_stats"]["success"].get("count", 0)) for row in rows)
        return found
