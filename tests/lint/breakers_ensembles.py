"""Ways to break an ensemble: its wiring, its members, its own settings."""

from breakers import BREAKERS, breaker


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
