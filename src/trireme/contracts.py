"""What infer.py takes, held against what its config states: the names are the contract."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from trireme import modelconfig
from trireme.errors import UnknownKeyError, ValueRefusedError

if TYPE_CHECKING:
    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.spec import Version


def check_infer(version: Version, config: ModelConfig) -> None:
    """Refuse an infer.py that Triton could not call with the inputs of the config.

    Raises:
        SourceError: there is no infer(), or it takes other names.

    """
    place = f"{version.place}/infer.py"
    body = ast.parse((version.folder / "infer.py").read_text(encoding="utf-8")).body
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    if "infer" not in functions:
        raise ValueRefusedError(place, sorted(functions), "write `def infer(*, <input>) -> dict of outputs`")
    arguments = functions["infer"].args
    taken = {argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)}
    wanted = {tensor.name for tensor in modelconfig.inputs(config)}
    for name in sorted(taken - wanted):
        raise UnknownKeyError(f"{place}: infer()", name, wanted)
    for name in sorted(wanted - taken if arguments.kwarg is None else ()):
        raise ValueRefusedError(f"{place}: infer()", sorted(taken), f"the config states the input '{name}' too")
