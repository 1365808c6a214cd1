"""Repositories for the proof: valid ones, and ones broken in every way the rules know and in random ways.

A case is the files of a few models whose names begin with `@`; the proof puts a number there, so that hundreds of cases fit one
repository. Hypothesis draws the cases; a seed and a count give the same corpus again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import breakers_config  # noqa: F401 - adds its own to BREAKERS
import breakers_ensembles  # noqa: F401 - as above
from breakers import BREAKERS
from google.protobuf import text_format
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from layout import MODEL, graph

from trireme.lint.text import model_config

ModelConfig = model_config()
TYPES = (
    "TYPE_BOOL",
    "TYPE_UINT8",
    "TYPE_INT8",
    "TYPE_INT16",
    "TYPE_INT32",
    "TYPE_INT64",
    "TYPE_FP16",
    "TYPE_FP32",
    "TYPE_FP64",
    "TYPE_STRING",
)
COMPLETING = """
    @staticmethod
    def auto_complete_config(config):
        return config
"""
COMPLETES = """
    @staticmethod
    def auto_complete_config(config):
        return config
"""
AFFINE = "g (float[n, 3] x) => (float[n, 3] y) {{ y = Add(x, x) }}"


class Draw:
    """Hypothesis' draw with short words for what the generator needs."""

    def __init__(self, draw) -> None:
        self.draw = draw

    def number(self, least, most):
        return self.draw(st.integers(least, most))

    def pick(self, *values):
        return self.draw(st.sampled_from(values))

    def chance(self, percent):
        return self.draw(st.integers(0, 99)) >= 100 - percent  # shrinks towards «no»


@dataclass
class Case:
    """Models by name with their configs and files; broken says by what."""

    configs: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    broken: tuple = ()

    @property
    def main(self):
        """The config of the model that the case is about."""
        return self.configs["@"]

    def contents(self):
        """Return every file by its path; a text made by a breaker stands before the config's own."""
        written = {f"{name}/config.pbtxt": text_format.MessageToString(config) for name, config in self.configs.items()}
        return {path: text for path, text in {**written, **self.files}.items() if text is not None}


def add_tensor(draw, side, name):
    tensor = side.add(
        name=name, data_type=ModelConfig.DESCRIPTOR.file.enum_types_by_name["DataType"].values_by_name[draw.pick(*TYPES)].number
    )
    tensor.dims.extend(draw.pick(-1, 1, 2, 3, 8) for _ in range(draw.number(1, 3)))
    return tensor


def python_model(draw, case, name="@"):
    config = case.configs[name] = ModelConfig(backend="python", max_batch_size=draw.pick(0, 1, 8, 8, 16))
    for number in range(draw.number(1, 3)):
        add_tensor(draw, config.input, f"x{number}")
    for number in range(draw.number(1, 2)):
        add_tensor(draw, config.output, f"y{number}")
    if draw.chance(10):
        config.name = name
    case.files[f"{name}/1/model.py"] = MODEL + (COMPLETING if draw.chance(10) else "")
    return config


def decorate(draw, case):
    """Add features that belong to the model's kind, each of them valid."""
    config = case.main
    batch = config.max_batch_size
    for tensor in [*config.input, *config.output]:
        if draw.chance(15):
            dims = list(tensor.dims)
            tensor.reshape.shape.extend(draw.pick([1, *dims], [*dims, 1], dims))
    if draw.chance(20):
        config.output[0].label_filename = "labels.txt"
        case.files["@/labels.txt"] = "a\nb\n"
    if draw.chance(15):
        config.input[-1].optional = True
    if draw.chance(50):
        scheduler(draw, config)
    if draw.chance(30):
        group = config.instance_group.add(count=draw.number(1, 2), kind=draw.pick(0, 2, 3))
        if draw.chance(20):
            group.rate_limiter.resources.add(name="R", count=draw.number(1, 2))
    if draw.chance(25):
        getattr(config.version_policy, draw.pick("latest", "all", "specific")).SetInParent()
        config.version_policy.latest.num_versions = 1 if config.version_policy.HasField("latest") else 0
        if config.version_policy.WhichOneof("policy_choice") == "latest" and not config.version_policy.latest.num_versions:
            config.version_policy.all.SetInParent()
    if draw.chance(15) and not config.HasField("sequence_batching"):
        config.response_cache.enable = True
    if draw.chance(10):
        config.parameters["mode"].string_value = "fast"
    if draw.chance(20):
        warm_up(draw, config)
    if draw.chance(10):
        config.optimization.input_pinned_memory.enable = False
    if batch and draw.chance(5):
        config.metric_tags["team"] = "a"


def scheduler(draw, config):
    batch = config.max_batch_size
    kind = draw.pick("dynamic", "dynamic", "direct", "oldest")
    if kind == "dynamic":
        batching = config.dynamic_batching
        batching.SetInParent()
        if batch and draw.chance(50):
            batching.preferred_batch_size.extend([batch])
        if draw.chance(40):
            batching.max_queue_delay_microseconds = draw.pick(100, 5000)
        if draw.chance(30):
            batching.priority_levels = draw.pick(1, 2, 3)
            batching.default_priority_level = 1
            if draw.chance(50):
                batching.priority_queue_policy[1].max_queue_size = 10
        elif draw.chance(30):
            batching.preserve_ordering = True
        if draw.chance(30):
            batching.default_queue_policy.default_timeout_microseconds = 100000
            batching.default_queue_policy.max_queue_size = draw.pick(0, 16)
        return
    batching = config.sequence_batching
    batching.SetInParent()
    if kind == "oldest":
        batching.oldest.max_candidate_sequences = draw.number(1, 4)
        if batch and draw.chance(50):
            batching.oldest.preferred_batch_size.append(batch)
    elif draw.chance(40):
        batching.direct.minimum_slot_utilization = draw.pick(0.0, 0.5, 1.0)
    for number in range(draw.number(0, 3)):
        control = batching.control_input.add(name=f"C{number}").control.add(kind=number)
        getattr(control, draw.pick("int32_false_true", "fp32_false_true", "bool_false_true")).extend([0, 1])
    if draw.chance(30):
        batching.control_input.add(name="ID").control.add(kind=3, data_type=draw.pick(4, 5, 8, 9))
    if draw.chance(20):
        state = batching.state.add(input_name="s", output_name="t", data_type=11, dims=[draw.pick(-1, 2)])
        if draw.chance(60):
            state.initial_state.add(name="zero", data_type=11, dims=[2], zero_data=True)


def warm_up(draw, config):
    """State every input; the model's code answers nothing, which a warm-up takes for an answer."""
    sample = config.model_warmup.add(name="one", batch_size=draw.pick(0, 1))
    for tensor in config.input:
        value = sample.inputs[tensor.name]
        value.data_type = tensor.data_type
        value.dims.extend(2 if dim == -1 else dim for dim in tensor.dims)
        setattr(value, draw.pick("zero_data", "random_data"), True)


def onnx_model(draw, case):
    config = case.configs["@"] = ModelConfig(backend=draw.pick("onnxruntime", ""), max_batch_size=draw.pick(0, 8))
    if not config.backend:
        config.platform = "onnxruntime_onnx"
    dims = [3] if config.max_batch_size else [-1, 3]
    config.input.add(name="x", data_type=11, dims=dims)
    config.output.add(name="y", data_type=11, dims=dims)
    if not config.max_batch_size and draw.chance(30):
        case.files["@/1/model.onnx"] = graph("g (float[n, 3] x, float[3] w = {1, 1, 1}) => (float[n, 3] y) { y = Add(x, w) }")
        if draw.chance(60):
            config.input.add(name="w", data_type=11, dims=[3], optional=True)
        return
    if config.max_batch_size and draw.chance(50):
        config.dynamic_batching.SetInParent()
    case.files["@/1/model.onnx"] = graph(AFFINE.replace("{{", "{").replace("}}", "}"))


def ensemble(draw, case):
    """Chain one to three members, or put two side by side."""
    length, batch = draw.number(1, 3), draw.pick(0, 8)
    kind, dims = 11, draw.pick([3], [2, -1])
    config = case.configs["@"] = ModelConfig(platform="ensemble", max_batch_size=batch)
    config.input.add(name="in", data_type=kind, dims=dims)
    name = "in"
    for number in range(length):
        member = case.configs[f"@m{number}"] = ModelConfig(backend="python", max_batch_size=batch * draw.pick(1, 2))
        member.input.add(name="a", data_type=kind, dims=dims)
        if draw.chance(20):
            member.input.add(name="b", data_type=kind, dims=[1], optional=True)
        member.output.add(name="c", data_type=kind, dims=dims)
        case.files[f"@m{number}/1/model.py"] = draw.pick(MODEL, MODEL, MODEL + COMPLETES)
        step = config.ensemble_scheduling.step.add(model_name=f"@m{number}", model_version=draw.pick(-1, -1, 1))
        made = "out" if number == length - 1 else f"t{number}"
        step.input_map["a"], step.output_map["c"] = name, made
        name = made
    config.output.add(name="out", data_type=kind, dims=dims)
    if draw.chance(30):
        step = config.ensemble_scheduling.step.add(model_name="@m0", model_version=-1)
        step.input_map["a"], step.output_map["c"] = "in", "side"
        config.output.add(name="side", data_type=kind, dims=dims)
    case.files["@/1/.keep"] = ""


@st.composite
def cases(draw_from):
    draw = Draw(draw_from)
    case = Case()
    kind = draw.pick("python", "python", "python", "onnx", "ensemble", "ensemble")
    if kind == "python":
        python_model(draw, case)
        decorate(draw, case)
    else:
        {"onnx": onnx_model, "ensemble": ensemble}[kind](draw, case)
    broken = []
    for _ in range(draw.pick(0, 1, 1, 1, 2)):
        breaker = draw.pick(*BREAKERS)
        if breaker(draw, case):
            broken.append(breaker.__name__)
    case.broken = tuple(broken)
    return case


def corpus(number, count):
    """Return the cases of a seed: the same ones whenever it is asked for.

    Hypothesis varies what it drew before, so that neighbours are alike; each case is the second that a seed of its own
    draws (the first is always the smallest there is).
    """
    return [_second(number * 1_000_000 + index) for index in range(count)]


def _second(number):
    found = []

    @seed(number)
    @settings(max_examples=2, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(cases())
    def collect(case):
        found.append(case)

    collect()
    return found[-1]
