"""Ways to break a repository; each returns whether it found something to break.

Named after what it does to the case's model. `poke` and `scramble` are random: a field set to a value of its type, a text with a token
changed; they find what nobody thought of.
"""

import re

from google.protobuf import text_format
from layout import graph

BREAKERS = []
WORDS = ("", "x", "x0", "y0", "in", "out", "a", "c", "zero", "1", "0", "nope", "model.py", "../x", "R")
NUMBERS = (-8, -2, -1, 0, 1, 2, 3, 7, 8, 9, 16, 64)


def breaker(function):
    BREAKERS.append(function)
    return function


def tensors(case):
    return [*case.main.input, *case.main.output]


def any_tensor(draw, case):
    return draw.pick(*tensors(case)) if tensors(case) else None


@breaker
def poke(draw, case):
    """Set a random field, somewhere in the config, to a random value of its type."""
    message = case.configs[draw.pick(*case.configs)]
    for _ in range(draw.number(0, 4)):
        below = [value for field, value in message.ListFields() if field.message_type and not field.is_repeated]
        below += [
            item
            for field, value in message.ListFields()
            if field.message_type and field.is_repeated and not field.message_type.GetOptions().map_entry
            for item in value
        ]
        if not below:
            break
        message = draw.pick(*below)
    fields = list(message.DESCRIPTOR.fields)  # a message such as version_policy.all has none
    return bool(fields) and set_field(draw, message, draw.pick(*fields))


def set_field(draw, message, field):
    if field.name in {"metric_tags", "cc_model_filenames", "default_model_filename", "runtime"} and not draw.chance(10):
        return False
    if field.message_type and field.message_type.GetOptions().map_entry:
        value = field.message_type.fields_by_name["value"]
        keys = draw.pick(*WORDS) if field.message_type.fields_by_name["key"].type == 9 else draw.pick(0, 1, 2, 9)
        if value.message_type:
            getattr(message, field.name)[keys].SetInParent()
        else:
            getattr(message, field.name)[keys] = draw.pick(*WORDS)
    elif field.is_repeated:
        target = getattr(message, field.name)
        if target and draw.chance(40):
            del target[-1]
        elif field.message_type:
            target.add()
        else:
            target.append(value_of(draw, field))
    elif field.message_type:
        getattr(message, field.name).SetInParent()
    else:
        setattr(message, field.name, value_of(draw, field))
    return True


def value_of(draw, field):
    if field.enum_type:
        return draw.pick(*field.enum_type.values_by_number)
    if field.type == 9:
        return draw.pick(*WORDS)
    if field.type == 8:
        return draw.pick(True, False)
    if field.type in {1, 2}:
        return draw.pick(-1.0, 0.0, 0.5, 1.0, 1.5)
    number = draw.pick(*NUMBERS)
    return abs(number) if field.type in {4, 13} else number


BREAKERS += [poke] * 12


@breaker
def scramble(draw, case):
    """Change a token of the text: take it out, write it twice, put another in its place."""
    name = draw.pick(*case.configs)
    text = text_format.MessageToString(case.configs[name])
    tokens = re.findall(r'\s+|"[^"]*"|[\w.-]+|.', text)
    spots = [number for number, token in enumerate(tokens) if not token.isspace()]
    spot = draw.pick(*spots) if spots else 0
    other = draw.pick(
        "",
        "",
        tokens[spot] * 2 if tokens else "",
        "{",
        "}",
        ":",
        "[",
        "]",
        '"',
        "foo: 1",
        "-",
        "1",
        "TYPE_FP32",
        "#",
        ",",
        ";",
        "\xff",
        "\0",
    )
    tokens[spot : spot + 1] = [other]
    case.files[f"{name}/config.pbtxt"] = "".join(tokens)
    return True


BREAKERS += [scramble] * 6


@breaker
def style(draw, case):
    """Write the same config in other words that mean the same: none of this is an error."""
    text = text_format.MessageToString(case.main)
    changed = draw.pick(
        text.replace(" {", ": {"),
        text.replace("\n", " "),
        text.replace("\n", "\r\n"),
        "# a comment\n" + text,
        re.sub(r"(\w+: [\w.-]+)\n", r"\1,\n", text),
        re.sub(r"(\w+: [\w.-]+)\n", r"\1;\n", text),
        text.replace('"', "'"),
        text.replace(" {", " <").replace("}", ">"),
        "\ufeff" + text,
        text + "\n\n",
    )
    case.files["@/config.pbtxt"] = changed
    return True


@breaker
def rename(draw, case):
    case.main.name = draw.pick("other", "@x", "@")
    return True


@breaker
def no_version(draw, case):
    for path in [path for path in case.files if path.startswith("@/1/")]:
        other = draw.pick(None, "01", "v1", "0", "2", "1.0")
        if other:
            case.files[path.replace("@/1/", f"@/{other}/")] = case.files[path]
        case.files[path] = None
        break
    return True


@breaker
def policy(draw, case):
    chosen = draw.pick("latest", "specific", "specific_none", "nothing")
    case.main.ClearField("version_policy")
    if chosen == "latest":
        case.main.version_policy.latest.num_versions = draw.pick(0, 2)
    elif chosen.startswith("specific"):
        case.main.version_policy.specific.versions.extend([] if "none" in chosen else [draw.pick(1, 2)])
        case.main.version_policy.specific.SetInParent()
    else:
        case.main.version_policy.SetInParent()
    return True


@breaker
def platform(draw, case):
    case.main.platform = draw.pick("python", "onnxruntime_onnx", "tensorrt_plan", "pytorch_libtorch", "foo", "ensemble")
    return True


@breaker
def backend(draw, case):
    case.main.backend = draw.pick("nosuch", "Python", "python", "", "onnxruntime", "ensemble")
    return case.main.backend != "onnxruntime" or "@/1/model.onnx" in case.files


@breaker
def batch_size(draw, case):
    case.main.max_batch_size = draw.pick(-1, 0, 1, 4, 1000)
    return True


@breaker
def tensor(draw, case):
    one = any_tensor(draw, case)
    if one is None:
        return False
    what = draw.pick("name", "data_type", "dims", "zero", "negative", "format", "shape", "linear", "twice", "label", "bf16")
    if what in {"name", "data_type", "dims"}:
        one.ClearField(what)
    elif what in {"zero", "negative"}:
        one.dims.append(0 if what == "zero" else -2)
    elif what == "format" and "format" in one.DESCRIPTOR.fields_by_name:
        one.format = draw.pick(1, 2)
    elif what == "shape":
        one.is_shape_tensor = True
    elif what == "linear":
        one.is_non_linear_format_io = True
    elif what == "twice":
        side = case.main.input if one in list(case.main.input) else case.main.output
        side.add().CopyFrom(one)
    elif what == "label" and "label_filename" in one.DESCRIPTOR.fields_by_name:
        one.label_filename = draw.pick("no.txt", "../no.txt", ".", "1")
    elif what == "bf16" and case.main.backend == "python":
        one.data_type = 14
    return True


@breaker
def reshape(draw, case):
    one = any_tensor(draw, case)
    if one is None:
        return False
    one.reshape.SetInParent()
    del one.reshape.shape[:]
    one.reshape.shape.extend(draw.pick([], [0], [-1], [1, 1], [2, -1], [6], [-1, -1], [3, 1], [-2]))
    return True


@breaker
def batch_io(draw, case):
    if draw.chance(60):
        entry = case.main.batch_input.add(kind=draw.number(0, 5), data_type=draw.pick(8, 11, 9))
        entry.target_name.append("t")
    else:
        entry = case.main.batch_output.add()
        entry.target_name.extend(draw.pick(["y0"], ["nope"], ["y0", "y0"], []))
    entry.source_input.extend(draw.pick([], ["x0"], ["nope"], ["x0", "x0"]))
    return True


@breaker
def batching(draw, case):
    one = case.main.dynamic_batching
    one.SetInParent()
    what = draw.pick("preferred", "levels", "policy", "order", "delay", "default")
    if what == "preferred":
        one.preferred_batch_size.append(draw.pick(-1, 0, 1, 8, 9, 100))
    elif what == "levels":
        one.priority_levels, one.default_priority_level = draw.pick(0, 1, 2), draw.pick(0, 1, 3)
    elif what == "policy":
        one.priority_queue_policy[draw.pick(0, 1, 4)].timeout_action = draw.pick(0, 1)
    elif what == "order":
        one.preserve_ordering, one.priority_levels = True, draw.pick(0, 1, 2)
        one.default_priority_level = 1
    elif what == "delay":
        one.preserve_ordering = draw.pick(True, False)
        policy = draw.pick(one.default_queue_policy, one.priority_queue_policy[1])
        policy.timeout_action, policy.default_timeout_microseconds = 1, draw.pick(0, 10)
    else:
        one.default_queue_policy.allow_timeout_override = True
    return True


@breaker
def sequence(draw, case):
    case.main.ClearField("dynamic_batching")
    one = case.main.sequence_batching
    one.SetInParent()
    what = draw.pick(
        "name",
        "twice",
        "values",
        "both",
        "entries",
        "corrid",
        "corrid_values",
        "oldest",
        "direct",
        "state",
        "initial",
        "iterate",
    )
    if what in {"name", "twice", "values", "both", "entries"}:
        control = one.control_input.add(name="" if what == "name" else "S")
        entry = control.control.add(kind=draw.number(0, 2))
        if what != "values":
            entry.fp32_false_true.extend([0, 1] if what != "entries" else draw.pick([0], [0, 1, 2]))
        if what == "both":
            entry.int32_false_true.extend([0, 1])
        if what == "twice":
            one.control_input.add(name=draw.pick("S", "T")).control.add(kind=draw.number(0, 2)).bool_false_true.extend([0, 1])
    elif what.startswith("corrid"):
        entry = one.control_input.add(name="I").control.add(kind=3, data_type=draw.number(0, 13))
        entry.int32_false_true.extend([0, 1] if what == "corrid_values" else [])
    elif what == "oldest":
        one.oldest.preferred_batch_size.append(draw.pick(-1, 0, 4, 100))
    elif what == "direct":
        one.direct.minimum_slot_utilization = draw.pick(-0.1, 0.5, 1.1)
    elif what == "iterate":
        one.iterative_sequence = True
    else:
        states(draw, case, one)
    return True


def states(draw, case, one):
    state = one.state.add(input_name=draw.pick("s", "s", ""), output_name=draw.pick("t", ""), data_type=11, dims=[2])
    if draw.chance(80):
        first = state.initial_state.add(
            name=draw.pick("z", ""), data_type=draw.pick(11, 8), dims=draw.pick([2], [3], [-1], [2, 1])
        )
        what = draw.pick("zero", "none", "file", "short")
        if what == "zero":
            first.zero_data = True
        elif what in {"file", "short"}:
            first.data_file = "f"
        if what == "short":
            case.files["@/initial_state/f"] = "1234"
    if draw.chance(20):
        state.initial_state.add(name="second", data_type=11, dims=[2], zero_data=True)


@breaker
def instances(draw, case):
    group = case.main.instance_group.add(kind=draw.pick(0, 1, 2, 3), count=draw.pick(-1, 0, 1))
    if draw.chance(50):
        group.gpus.append(draw.pick(0, 1, -1))
    if draw.chance(20):
        group.profile.append(draw.pick("0", "x", ""))
    if draw.chance(20):
        group.passive = draw.pick(True, False)
    if draw.chance(20):
        group.secondary_devices.add(kind=0, device_id=draw.pick(0, 1))
    return True


@breaker
def cache(draw, case):
    case.main.response_cache.enable = True
    if draw.chance(60):
        case.main.model_transaction_policy.decoupled = True
    return True


@breaker
def warmup(draw, case):
    sample = case.main.model_warmup.add(name=draw.pick("w", ""), batch_size=draw.pick(1, 1, 1, 9, 0), count=draw.pick(0, 1))
    for one in case.main.input:
        if draw.chance(10):
            continue
        value = sample.inputs[draw.pick(one.name, one.name, one.name, "q") or "q"]
        value.data_type = draw.pick(one.data_type, one.data_type, 8, 0)
        value.dims.extend(draw.pick([2 if dim == -1 else dim for dim in one.dims], list(one.dims), [5], []))
        what = draw.pick("zero_data", "random_data", "zero_data", "file", "none")
        if what == "file":
            value.input_data_file = draw.pick("f", "nope")
            case.files["@/warmup/f"] = draw.pick("1234", "x" * 4096)
        elif what != "none":
            setattr(value, what, True)
    return True


@breaker
def code(draw, case):
    path = "@/1/model.py"
    if path not in case.files or case.files[path] is None:
        return False
    case.files[path] = draw.pick(
        "class Model: pass\n",
        "class TritonPythonModel:\n  def execute(self, requests) return []\n",
        "class TritonPythonModel:\n    pass\n",
        "from missing_module import nothing\n" if draw.chance(10) else "import json\n",
        "\tx = 1\n",
        "from types import SimpleNamespace as TritonPythonModel\n"
        if draw.chance(10)
        else "TritonPythonModel = 3\n"
        if draw.chance(10)
        else "def TritonPythonModel(): pass\n",
        case.files[path].replace("[pb_utils", "[None, pb_utils"),
        "# \xff\n" + case.files[path],
    )
    return True


@breaker
def parameter(draw, case):
    if case.main.backend != "python":
        return False  # the stand-ins for other backends are written in Python, and would read the Python backend's parameters
    key, word = draw.pick(
        ("FORCE_CPU_ONLY_INPUT_TENSORS", "maybe"),
        ("FORCE_CPU_ONLY_INPUT_TENSORS", "yes"),
        ("FORCE_CPU_ONLY_INPUT_TENSORS", "No"),
        ("EXECUTION_ENV_PATH", "$$TRITON_MODEL_DIRECTORY/env.tar.gz"),
        ("TRITON_BATCH_STRATEGY_PATH", "/no/such"),
        ("x", ""),
    )
    case.main.parameters[key].string_value = word
    return True


@breaker
def agents(draw, case):
    case.main.model_repository_agents.agents.add(name=draw.pick("checksum", "x"))
    return True


@breaker
def onnx_file(draw, case):
    path = "@/1/model.onnx"
    if path not in case.files:
        return False
    case.files[path] = draw.pick(
        graph("g (double[n, 3] x) => (double[n, 3] y) { y = Add(x, x) }"),
        graph("g (float[n, 4] x) => (float[n, 4] y) { y = Add(x, x) }"),
        graph("g (float[n, 3] z) => (float[n, 3] y) { y = Add(z, z) }"),
        graph("g (float[n, 3] x) => (float[n, 3] w) { w = Add(x, x) }"),
        graph("g (float[n, 3] x, float[n, 3] z) => (float[n, 3] y) { y = Add(x, z) }"),
        graph("g (float[n, 3] x) => (float[n, 3] y, float[n, 3] z) { y = Add(x, x) z = Add(x, y) }"),
        graph("g (float[4, 3] x) => (float[4, 3] y) { y = Add(x, x) }"),
        graph("g (float[3] x) => (float[3] y) { y = Add(x, x) }"),
        b"",
        b"no graph at all",
        case.files[path][: len(case.files[path]) // 2],
        None,
    )
    return True


@breaker
def wiring(draw, case):
    if not case.main.ensemble_scheduling.step:
        return False
    step = draw.pick(*case.main.ensemble_scheduling.step)
    what = draw.pick(
        "name",
        "inputs",
        "outputs",
        "version",
        "unknown_in",
        "unknown_out",
        "rewire",
        "unused",
        "twice",
        "self",
        "extra_in",
        "extra_out",
    )
    if what == "name":
        step.model_name = draw.pick("", "nope", "@")
    elif what in {"inputs", "outputs"}:
        step.ClearField(f"{what[:-1]}_map")
    elif what == "version":
        step.model_version = draw.pick(0, 2, -2, 1)
    elif what == "unknown_in":
        step.input_map[draw.pick("z", "b")] = draw.pick("in", "t0", "zz")
    elif what == "unknown_out":
        step.output_map["z"] = "zz"
    elif what == "rewire":
        step.input_map["a"] = draw.pick("out", "t0", "t1", "in", "zz")
    elif what == "unused":
        step.output_map["c"] = draw.pick("out", "in", "t0", "zz")
    elif what == "twice":
        case.main.ensemble_scheduling.step.add().CopyFrom(step)
    elif what == "self":
        step.model_name = "@"
    elif what == "extra_in":
        case.main.input.add(name="more", data_type=11, dims=[3])
    else:
        case.main.output.add(name="more", data_type=11, dims=[3])
    return True


@breaker
def member(draw, case):
    members = [config for name, config in case.configs.items() if name != "@"]
    if not members:
        return False
    one = draw.pick(*members)
    what = draw.pick("type", "dims", "batch", "decoupled", "optional", "broken", "late", "rank", "output", "policy")
    if what == "type":
        draw.pick(one.input[0], one.output[0]).data_type = 8
    elif what == "dims":
        draw.pick(one.input[0], one.output[0]).dims[0] = draw.pick(-1, 5)
    elif what == "rank":
        draw.pick(one.input[0], one.output[0]).dims.insert(0, draw.pick(-1, 1, 8))
    elif what == "batch":
        one.max_batch_size = draw.pick(0, 1, 4)
    elif what == "decoupled":
        one.model_transaction_policy.decoupled = True
    elif what == "optional":
        one.input.add(name="o", data_type=11, dims=[3], optional=draw.pick(True, False))
    elif what == "broken":
        one.max_batch_size = -1
    elif what == "late":
        one.input[0].dims.append(0)
    elif what == "output":
        one.output[0].name = "d"
    else:
        one.version_policy.specific.versions.append(draw.pick(1, 2))
    return True


BREAKERS += [wiring, wiring, wiring, member, member, member]


@breaker
def ensemble_field(draw, case):
    if not case.main.ensemble_scheduling.step:
        return False
    what = draw.pick("instances", "optimization", "warmup", "platform", "backend", "steps", "scheduling", "batch")
    if what == "instances":
        case.main.instance_group.add()
    elif what == "optimization":
        case.main.optimization.SetInParent()
    elif what == "warmup":
        case.main.model_warmup.add(name="w")
    elif what in {"platform", "backend"}:
        setattr(case.main, what, draw.pick("", "python"))
    elif what == "steps":
        del case.main.ensemble_scheduling.step[:]
        case.main.ensemble_scheduling.SetInParent()
    elif what == "scheduling":
        case.main.ClearField("ensemble_scheduling")
    else:
        case.main.max_batch_size = draw.pick(0, 16, 32)
    return True


@breaker
def folders(draw, case):
    path = draw.pick("__pycache__/x.pyc", "notebooks/a.txt", ".hidden/a", "2/.keep", "1/sub/file", "configs/gpu.pbtxt", "00/a")
    case.files[f"@/{path}"] = ""
    return True


@breaker
def deadly(draw, case):
    """What ends the server or keeps it from starting; asked alone, so few of them are drawn."""
    if not draw.chance(5):
        return False
    what = draw.pick("tag", "number", "file")
    if what == "tag":
        case.main.metric_tags[draw.pick("a b", "1a", "__a", "ä")] = "v"
    elif what == "number":
        case.files["@/99999999999999999999/x"] = ""
    elif case.files.get("@/1/model.py"):
        case.files["@/1/other.py"] = case.files["@/1/model.py"]
        case.files["@/1/model.py"] = None
    return True
