"""The Triton that a medic looks after: its canaries over gRPC, and its load API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as stubs

from trireme import modelconfig
from trireme.asking import ask
from trireme.client import Client
from trireme.errors import CallError, DeadlineError, MissingSourceError, UnreachableError
from trireme.examples import read_examples
from trireme.medic.policy import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.examples import Example

HEADER = "triton-grpc-protocol-"
"""Before the key of a restricted protocol, over gRPC (https://github.com/triton-inference-server/server/blob/main/docs/customization_guide/inference_protocols.md)."""
STUB, MEMBER = "Stub process", "in ensemble"
"""In what Triton says of a model whose stub died; with the second, of a pipeline that it is a part of."""
UNLOADED = ("is not found", "has no available versions", "is not ready")
"""In what Triton says of a model that is not loaded."""
BUSY = ("Exceeds maximum queue size", "Request timeout expired")
"""In what Triton says when there are too many requests: no illness."""
ADMIN_SECONDS, LOAD_SECONDS = 2.0, 120.0


class GoneError(Exception):
    """Nobody listens (refused), or the server does not answer in time."""

    def __init__(self, reason: str, *, refused: bool) -> None:
        super().__init__(reason)
        self.refused = refused


class Counts(NamedTuple):
    """Requests of a version that ended well, and those that failed."""

    good: int
    bad: int


class Served(NamedTuple):
    """How many instances execute a model, 0 of a pipeline, and the models that a pipeline is made of; none of a model."""

    instances: int
    members: frozenset[str]

    @classmethod
    def of(cls, config: ModelConfig) -> Served:
        """Read it from a config, as built or as Triton has it: under a variant of one process a pipeline has no members."""
        instances = sum(max(group.count, 1) * max(len(group.gpus), 1) for group in config.instance_group)
        return cls(instances, frozenset(step.model_name for step in config.ensemble_scheduling.step))


@dataclass(frozen=True)
class Canary:
    """One model's question: its config as built, and the example that it is asked; empty is the newest version."""

    name: str
    config: ModelConfig
    example: Example
    version: str = ""


def canaries(tree: Path, folders: Sequence[Path]) -> tuple[Canary, ...]:
    """Return the first example of every model of a built tree, from the first folder that has some.

    Raises:
        MissingSourceError: the tree is none, or a model has no examples.

    """
    found = []
    for path in sorted(tree.glob("*/config.pbtxt")):
        name = path.parent.name
        config = modelconfig.from_text(path.read_text(encoding="utf-8"))
        beside = next((folder / name for folder in folders if (folder / name / "examples.json").is_file()), None)
        if beside is None:
            remedy = "`trireme publish` puts it beside the config; or name the folder of sources with --examples"
            raise MissingSourceError(f"{tree}/{name}", "examples.json", remedy)
        found.append(Canary(name, config, read_examples(beside, config)[0]))
    if not found:
        raise MissingSourceError(str(tree), "a model", "name a built or published repository with --repository")
    return tuple(found)


class Triton:
    """One server at an address; key is the value of its restricted protocols' header, "name:value", empty for none.

    timeout is a canary's [s]: Triton takes one second to find that a stub is dead, at each request anew, and a canary waits
    behind others.
    """

    def __init__(self, address: str, key: str = "", timeout: float = 60.0) -> None:
        name, _, value = key.partition(":")
        self.timeout = timeout
        self._metadata = ((f"{HEADER}{name}", value),) if key else ()
        self._client = Client(address, timeout=timeout, headers=dict(self._metadata))
        self._channel = grpc.insecure_channel(address.removeprefix("grpc://"))
        self._stub: Any = stubs.GRPCInferenceServiceStub(self._channel)

    def close(self) -> None:
        """Close both connections."""
        self._client.close()
        self._channel.close()

    def look(self, canary: Canary) -> tuple[Finding, str]:
        """Ask a canary and say what became of it. The examples are the newest version's: others need not like them.

        Raises:
            GoneError: nobody listens.

        """
        try:
            answer = ask(self._client, canary.config, canary.example, canary.version)
        except DeadlineError as error:
            return Finding.LATE, str(error)
        except UnreachableError as error:
            raise GoneError(str(error), refused=True) from None
        except CallError as error:
            if any(text in str(error) for text in BUSY):
                return Finding.LATE, str(error)
            gone = any(text in str(error) for text in UNLOADED)
            died = STUB in str(error) and MEMBER not in str(error)  # a member has a canary of its own
            if canary.version and not died:  # an older one was taken away meanwhile, or refuses what is not its example
                return Finding.ANSWERED, ""
            return (Finding.DEAD if gone or died else Finding.WRONG), str(error)
        mismatch = "" if canary.version else canary.example.mismatch(answer)
        return (Finding.WRONG, mismatch) if mismatch else (Finding.ANSWERED, "")

    def served(self, name: str) -> Served:
        """Return what executes a model, by the config that it was loaded with.

        Raises:
            CallError: Triton refused, or the model is not loaded.
            GoneError: nobody listens.

        """
        request = pb.ModelConfigRequest(name=name)
        found = self._ask(lambda: self._stub.ModelConfig(request, timeout=ADMIN_SECONDS, metadata=self._metadata))
        return Served.of(found.config)

    def counts(self) -> Mapping[str, Mapping[str, Counts]]:
        """Return how many requests each version of each model has answered so far.

        Raises:
            GoneError: the server does not say.

        """
        found = self._ask(lambda: self._stub.ModelStatistics(pb.ModelStatisticsRequest(), timeout=ADMIN_SECONDS))
        counts: dict[str, dict[str, Counts]] = {}
        for row in found.model_stats:
            ended = Counts(row.inference_stats.success.count, row.inference_stats.fail.count)
            counts.setdefault(row.name, {})[row.version] = ended
        return counts

    def reload(self, name: str, pipelines: Sequence[str]) -> None:
        """Unload a model and load it again, and then the pipelines that it took along.

        Raises:
            CallError: Triton refused, with its reason.
            GoneError: nobody listens.

        """
        self.unload(name)
        for one in (name, *pipelines):
            request = pb.RepositoryModelLoadRequest(model_name=one)
            self._ask(
                lambda request=request: self._stub.RepositoryModelLoad(request, timeout=LOAD_SECONDS, metadata=self._metadata)
            )

    def unload(self, name: str) -> None:
        """Unload a model."""
        request = pb.RepositoryModelUnloadRequest(model_name=name)
        self._ask(lambda: self._stub.RepositoryModelUnload(request, timeout=LOAD_SECONDS, metadata=self._metadata))

    def _ask(self, call: Any) -> Any:  # noqa: ANN401 - gRPC's, untyped
        try:
            return call()
        except grpc.RpcError as error:
            code, said = error.code(), error.details() or str(error.code())
            if "restricted" in said:  # Triton says UNAVAILABLE, too
                message = f"{said}; give the medic --admin-key-file and --admin-key-name as Triton has them"
                raise CallError(message) from None
            if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                raise GoneError(said, refused=code is grpc.StatusCode.UNAVAILABLE) from None
            raise CallError(said) from None
