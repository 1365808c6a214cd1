"""One server over a repository written by hand: what the twins honour, and what they refuse (those models fail to load)."""

import shutil
from pathlib import Path
from textwrap import dedent

import onnx
import pytest
import torch

from trireme.client import AsyncClient, Client
from trireme.server.process import Server
from trireme.worker import ADAPTER

TENSORS = """
input {{ name: "x" data_type: TYPE_FP32 dims: [3] {x} }}
output {{ name: "y" data_type: TYPE_FP32 dims: [3] {y} }}
"""
AFFINE = """
<ir_version: 8, opset_import: ["": 17]>
g (float[n, 3] x) => (float[n, 3] y, float[n, 3] z) { y = Add(x, x)  one = Constant<value_float = 1.0>()  z = Add(x, one) }
"""
INNER = """
<ir_version: 8, opset_import: ["": 17]>
g (float[n, 1, 3] x) => (float[n, 3, 1] y) { y = Transpose<perm = [0, 2, 1]>(x) }
"""
FLATTEN = """
<ir_version: 8, opset_import: ["": 17]>
g (float[n, 1, k] x) => (float[n, k] y) { axes = Constant<value_ints = [1]>()  y = Squeeze(x, axes) }
"""
HEAVY = """
<ir_version: 8, opset_import: ["": 17]>
g (float[n, 3] x) => (float[n, 3] y) {
    size = Constant<value_ints = [1500, 1500]>()
    ones = ConstantOfShape(size)
    first = ReduceMean<keepdims = 1>(x)
    grown = Add(ones, first)
    a = MatMul(grown, grown)  b = MatMul(a, grown)  c = MatMul(b, grown)  d = MatMul(c, grown)
    e = MatMul(d, grown)  f = MatMul(e, grown)  h = MatMul(f, grown)  i = MatMul(h, grown)
    mean = ReduceMean<keepdims = 0>(i)
    none = Sub(mean, mean)
    y = Add(x, none)
}
"""
STRINGS = '<ir_version: 8, opset_import: ["": 17]> g (string[n, 1] s) => (string[n, 1] t) { t = Identity(s) }'
SLOW = """
import time
count = 0
def infer(*, x):
    global count
    count += len(x)
    time.sleep(0.3)
    return {"y": x * 0 + count}
"""
COUNTDOWN = """
def infer(*, x):
    for number in range(int(x[0, 0]), 0, -1):
        if number == 13:
            raise ValueError("x: 13 is refused")
        yield {"y": x * 0 + number}
"""
STRICT = """
import numpy as np
def infer(*, x):
    if (x < 0).any():
        raise ValueError("x: expected no negative numbers")
    if (x == 99).any():
        raise KeyError("/secret/path")
    if (x == 98).any():
        raise ValueError("operands could not be broadcast together in /secret/path")
    if (x == 97).any():
        return {"y": x[:0]}
    if (x == 96).any():
        return {"z": x}
    if (x == 95).any():
        return {"y": np.full(x.shape, "text")}
    return {"y": x * len(x)}
"""


class Pair(torch.nn.Module):
    def forward(self, left: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return left - right, left * right


def config(  # noqa: PLR0913 - a config has that many sides
    folder: Path, backend: str, extra: str = "", *, x: str = "", y: str = "", batch: int = 8, tensors: str = TENSORS
) -> Path:
    """Write config.pbtxt and return the version folder."""
    version = folder / "1"
    version.mkdir(parents=True)
    text = f'backend: "{backend}" max_batch_size: {batch}\n{tensors.format(x=x, y=y)}\n{extra}'
    (folder / "config.pbtxt").write_text(dedent(text))
    return version


def write_onnx(version: Path, graph: str) -> None:
    onnx.save(onnx.parser.parse_model(graph), version / "model.onnx")


def write_infer(version: Path, text: str) -> None:
    shutil.copyfile(ADAPTER, version / "model.py")
    (version / "infer.py").write_text(text)


HONOURED = {
    "affine": ('output { name: "z" data_type: TYPE_FP32 dims: [3] } dynamic_batching {} instance_group { count: 2 }', AFFINE),
    "tuned": (
        (
            'output { name: "z" data_type: TYPE_FP32 dims: [3] } optimization { graph { level: -1 } } '
            'parameters { key: "intra_op_thread_count" value { string_value: "1" } } '
            'parameters { key: "execution_mode" value { string_value: "1" } }'
        ),
        AFFINE,
    ),
}
REFUSED = {
    "state": "sequence_batching { state { input_name: 'a' output_name: 'b' data_type: TYPE_FP32 dims: [1] } }",
    "ragged": "batch_input { kind: BATCH_ELEMENT_COUNT target_name: 'c' data_type: TYPE_FP32 source_input: 'x' }",
    "level": "optimization { graph { level: 7 } }",
    "threads": 'parameters { key: "intra_op_thread_count" value { string_value: "many" } }',
    "decoupled": "model_transaction_policy { decoupled: true }",
    "unstated": "",
    "mistyped": "",
    "misshapen": "",
    "accelerated": "optimization { execution_accelerators { cpu_execution_accelerator { name: 'openvino' } } }",
}


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("repository")
    for name, (extra, graph) in HONOURED.items():
        write_onnx(config(root / name, "onnxruntime", extra), graph)
    changed = {"mistyped": ("FP32 dims: [3] {y}", "INT64 dims: [3] {y}"), "misshapen": ("dims: [3] {x}", "dims: [7] {x}")}
    for name, extra in REFUSED.items():
        graph = AFFINE.replace("float[n, 3] x)", "float[n, 3] x, float[n, 3] more)") if name == "unstated" else AFFINE
        write_onnx(config(root / name, "onnxruntime", extra, tensors=TENSORS.replace(*changed.get(name, ("", "")))), graph)
    write_onnx(config(root / "misnamed", "onnxruntime", tensors=TENSORS.replace('"x"', '"xx"')), AFFINE)
    config(root / "fileless", "onnxruntime")
    write_onnx(config(root / "reshaped", "onnxruntime", x="reshape { shape: [1, 3] }", y="reshape { shape: [3, 1] }"), INNER)
    free = TENSORS.replace("[3]", "[-1]")
    write_onnx(config(root / "freely_reshaped", "onnxruntime", x="reshape { shape: [1, -1] }", tensors=free), FLATTEN)
    write_onnx(config(root / "heavy", "onnxruntime", "instance_group { count: 1 }"), HEAVY)
    whole = TENSORS.replace("[3]", "[-1, 3]")
    write_onnx(config(root / "unbatched", "onnxruntime", batch=0, tensors=whole), AFFINE)
    text = 'input {{ name: "s" data_type: TYPE_STRING dims: [1] }} output {{ name: "t" data_type: TYPE_STRING dims: [1] }}'
    waiting = "dynamic_batching { max_queue_delay_microseconds: 200000 preferred_batch_size: [8] }"
    write_onnx(config(root / "strings", "onnxruntime", waiting, tensors=text), STRINGS)
    write_onnx(config(root / "planless", "tensorrt"), AFFINE)
    config(root / "nothing_beside", "tensorrt")
    write_torch(root)
    write_infer(config(root / "slow", "python"), SLOW)
    write_infer(config(root / "strict", "python", waiting), STRICT)
    uneven = config(root / "uneven", "python", waiting, x="allow_ragged_batch: true", tensors=TENSORS.replace("[3]", "[-1]"))
    write_infer(uneven, STRICT)
    write_infer(config(root / "countdown", "python", "model_transaction_policy { decoupled: true }"), COUNTDOWN)
    return root


def write_torch(root: Path) -> None:
    """Two modules: inputs by the names of forward's arguments (in another order), and by <name>__<index>."""
    only = 'output {{ name: "OUTPUT__1" data_type: TYPE_FP32 dims: [3] }}'
    pair = "".join(f'input {{{{ name: "{name}" data_type: TYPE_FP32 dims: [3] }}}}\n' for name in ("left", "right"))
    torch.jit.script(Pair()).save(config(root / "second_output", "pytorch", tensors=pair + only) / "model.pt")
    for name, left, right in (("named", "left", "right"), ("indexed", "INPUT__0", "INPUT__1")):
        tensors = "".join(f'input {{{{ name: "{one}" data_type: TYPE_FP32 dims: [3] }}}}\n' for one in (right, left))
        tensors += "".join(f'output {{{{ name: "OUTPUT__{index}" data_type: TYPE_FP32 dims: [3] }}}}\n' for index in (1, 0))
        version = config(root / name, "pytorch", "dynamic_batching {}", tensors=tensors)
        torch.jit.script(Pair()).save(version / "model.pt")
    wrong = 'input {{ name: "left" data_type: TYPE_STRING dims: [3] }} output {{ name: "y__0" data_type: TYPE_FP32 dims: [3] }}'
    torch.jit.script(Pair()).save(config(root / "text_to_torch", "pytorch", tensors=wrong) / "model.pt")


@pytest.fixture(scope="session")
def twin_server(repository, tmp_path_factory):
    flags = ("--exit-on-error=false", "--strict-readiness=false")
    with Server(repository, tmp_path_factory.mktemp("twins") / "server.log", flags=flags) as running:
        yield running


@pytest.fixture(scope="session")
def twins(twin_server):
    with Client(twin_server.grpc) as connected:
        yield connected


@pytest.fixture
def connect(twin_server):
    return lambda: AsyncClient(twin_server.grpc)


@pytest.fixture
def sleeper(tmp_path):
    """The folder of a model that sleeps for as many seconds as it is sent."""
    text = "import time\ndef infer(*, x):\n    time.sleep(float(x.max()))\n    return {'y': x}\n"
    write_infer(config(tmp_path / "sleeper", "python"), text)
    return tmp_path / "sleeper"
