"""Ways to break the settings of one model: tensors, schedulers, instances, warm-up."""

from breakers import breaker


def tensors(case):
    return [*case.main.input, *case.main.output]


def any_tensor(draw, case):
    return draw.pick(*tensors(case)) if tensors(case) else None


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
