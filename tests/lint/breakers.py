"""Ways to break a repository; each returns whether it found something to break.

Named after what it does to the case's model. `poke` and `scramble` are random: a field set to a value of its type, a text
with a token changed; they find what nobody thought of.
"""

import re

from google.protobuf import text_format
from layout import graph

BREAKERS = []
WORDS = ("", "x", "x0", "y0", "in", "out", "a", "c", "zero", "1", "0", "nope", "model.py", "../x", "/x0", "R")
MARKS = (
    "{", "}", ":", "[", "]", '"', "foo: 1", "-", "1", "TYPE_FP32", "#", ",", ";", "\xff", "\0", "\xa0", "\x85", "1_0", "+8",
    "0b1000", "0o10", "010", "0x8", "08", "\u0663", '"C:\\models"', '"\\377"', "8.0", "1e1",
)  # fmt: skip
NUMBERS = (-8, -2, -1, 0, 1, 2, 3, 7, 8, 9, 16, 64)


def breaker(function):
    BREAKERS.append(function)
    return function


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
        "", "", tokens[spot] * 2 if tokens else "", f"- {tokens[spot]}" if tokens else "", *MARKS,
    )  # fmt: skip
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
def filename(draw, case):
    """Name the Python file otherwise: some names can be imported, some cannot."""
    if not case.files.get("@/1/model.py"):
        return False
    name = draw.pick(
        "m.py", "sub/m.py", "/sub/m.py", "my-m.py", "m.v2.py", "sub.d/m.py", "./m.py", "sub//m.py", "m.txt", "1.py", "json/m.py"
    )
    case.main.default_model_filename = name
    case.files[f"@/1/{name.lstrip('/')}"] = case.files["@/1/model.py"]
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
        graph("g (float[n, m] x) => (float[n, m] y) { y = Add(x, x) }"),
        graph("g (float[n, m] x) => (float[n, 3] y) { y = Add(x, x) }"),
        graph("g (float[n, 3] x) => (float[n, m] y) { y = Add(x, x) }"),
        graph("g (float x) => (float y) { y = Add(x, x) }"),
        graph("g (float[n, 3] x, float[3] w = {1, 1, 1}) => (float[n, 3] y) { y = Add(x, w) }"),
        b"",
        b"no graph at all",
        case.files[path][: len(case.files[path]) // 2],
        None,
    )
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
    what = draw.pick("tag", "number", "file", "shell", "below", "space")
    if what == "tag":
        case.main.metric_tags[draw.pick("a b", "1a", "__a", "ä")] = "v"
    elif what == "number":
        case.files["@/99999999999999999999/x"] = ""
    elif what == "below":
        case.main.version_policy.all.SetInParent()
        case.files["@/-1/model.py"] = case.files.get("@/1/model.py") or ""
    elif what == "space":
        case.files["@/ 7/model.py"] = case.files.get("@/1/model.py") or ""
    elif what == "shell" and case.files.get("@/1/model.py"):
        name = draw.pick("my model.py", "model(1).py", "a&b.py", "m*.py")
        case.main.default_model_filename = name
        case.files[f"@/1/{name}"] = case.files["@/1/model.py"]
    elif case.files.get("@/1/model.py"):
        case.files["@/1/other.py"] = case.files["@/1/model.py"]
        case.files["@/1/model.py"] = None
    return True
