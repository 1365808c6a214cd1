"""The chart says what kustomize says: by helm, and by our own reading of its templates."""

import itertools
import random
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from trireme.cluster import chart, chartvalues, holes, images, kustomize, references, templates, traffic
from trireme.cluster.objects import Objects
from trireme.errors import ClusterError

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / chart.FOLDER
GIVEN = {
    "image.registry": holes.REGISTRY,
    "delivery.modelsUrl": "s3://models-url.set-me.invalid",
    "engines.plansUrl": "s3://plans-url.set-me.invalid",
    "vllm.volume": "llm-volume.set-me.invalid",
}


def tables(objects):
    """Return objects by their places; a Job of the chart without the digest of its work."""
    found = {}
    for one in objects.every:
        if one.kind != "Namespace":
            name = re.sub("-[0-9a-f]{8}$", "", one.name) if one.kind == "Job" else one.name
            found[one.kind, name] = {**one.table, "metadata": {**one.table["metadata"], "name": name}}
    return found


def nested(flat):
    """Return values by dotted names as the tables of a values file."""
    found = {}
    for name, value in flat.items():
        first, _, second = name.partition(".")
        if second:
            found.setdefault(first, {})[second] = value
        else:
            found[first] = value
    return found


def flat(values):
    """Yield (name, key, value) of a values file's tables, which go over what is given."""
    for name, value in values.items():
        yield from ((name, key, inner) for key, inner in value.items()) if isinstance(value, dict) else [(name, "", value)]


@pytest.fixture
def values(tmp_path):
    def written(**flat):
        path = tmp_path / "values.yaml"
        path.write_text(yaml.safe_dump(nested({**GIVEN, **flat})))
        return path

    return written


def helm(*files, namespace="trireme"):
    words = [word for file in files for word in ("--values", str(file))]
    line = [kustomize.tool(ROOT, "helm"), "template", "x", str(FOLDER), "--namespace", namespace, *words]
    return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603


def by_helm(*files, **options):
    done = helm(*files, **options)
    assert done.returncode == 0, done.stderr
    return tables(Objects.parse(done.stdout))


def mended(found):
    """Return a choice of every axis without what the chart refuses."""
    if found["rollout"] == "canary" and found["scaler"] == "none":
        found["scaler"] = "keda"
    if found["rollout"] == "blue-green":
        found["scaler"] = "none"
    if found["rollout"] not in {"canary", "manual"}:
        found["shadow.enabled"] = "false"
    if found["engines.enabled"] == "true" and found["gpu.name"] in {"none", "any"}:
        found["gpu.name"] = "h200"
    if found["vllmMonitoring.enabled"] == "true":
        found["vllm.enabled"] = "true"
    if found["monitoring.enabled"] == "true":
        found["gateway.enabled"] = "true"
    return found


def pairs(chosen):
    return set(itertools.combinations(sorted(chosen.items()), 2))


def covering():
    """Return choices in which every two are made together that can be: of many drawn, always those with the most new pairs."""
    draw = random.Random(1)  # noqa: S311 - cases, not keys
    axes = {name: list(choices) for name, choices in chartvalues.axes().items()}
    rows = [mended({name: draw.choice(choices) for name, choices in axes.items()}) for _ in range(800)]
    made = list(map(pairs, rows))
    left, found = set().union(*made), []
    while left:
        most = max(range(len(rows)), key=lambda number: len(made[number] & left))
        found.append(rows[most])
        left -= made[most]
    return found


COVERING = covering()


def test_it_is_as_the_components_say_now():
    fresh = chart.texts(ROOT)
    assert {path: (FOLDER / path).read_text() for path in fresh} == fresh
    assert {path.name for path in (FOLDER / "templates").iterdir()} == {Path(path).name for path in fresh if "/" in path}


@pytest.mark.parametrize("overlay", ("dev", "staging", "prod", "blue-green"))
def test_the_values_of_an_overlay_make_its_objects(overlay, render, values):
    ours = tables(render(f"k8s/overlays/{overlay}"))
    given = yaml.safe_load((FOLDER / f"ci/{overlay}-values.yaml").read_text())
    file = values(**{f"{name}.{key}" if key else name: value for name, key, value in flat(given)})
    text = yaml.safe_dump_all([dict(one) for one in ours.values()])
    for name in images.OURS:  # not every overlay sets their registry
        text = text.replace(f"image: {name}:", f"image: {holes.REGISTRY}/{name}:")
    wanted = tables(Objects.parse(text))
    assert tables(templates.render(FOLDER, file, namespace="trireme")) == wanted
    assert by_helm(file) == wanted


@pytest.mark.parametrize("number", range(len(COVERING)))
def test_of_any_two_choices_it_makes_what_their_components_make(number, values):
    chosen = COVERING[number]
    folder = ROOT / chart.WORK / f"covering-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    names = chartvalues.components(tuple(chosen.items()))
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(chart.overlay(names)))
    wanted = tables(kustomize.render(ROOT, folder))
    flags = {"true": True, "false": False}
    file = values(**{name: flags.get(choice, choice) for name, choice in chosen.items()})
    objects = templates.render(FOLDER, file, namespace="trireme")
    assert tables(objects) == wanted
    assert by_helm(file) == wanted
    assert not [said for one in (*references.CHECKS, *traffic.CHECKS) for said in one(objects)]


def test_by_default_it_states_replicas_and_denies_by_default(values):
    found = tables(templates.render(FOLDER, values(), namespace="trireme"))
    assert found["Deployment", "triton"]["spec"]["replicas"] == 2
    assert ("NetworkPolicy", "deny-all") in found


def test_numbers_and_names_of_a_team_are_where_they_belong(values):
    file = values(
        **{
            "replicas": 5,
            "gateway.replicas": 3,
            "variant": "fp32",
            "image.tag": "7",
            "gpu.name": "h100",
            "gpu.resource": "nvidia.com/mig-1g.10gb",
        }
    )
    found = by_helm(file)
    triton = found["Deployment", "triton"]["spec"]
    container = triton["template"]["spec"]["containers"][0]
    assert (triton["replicas"], found["Deployment", "gateway"]["spec"]["replicas"]) == (5, 3)
    assert container["image"] == f"{holes.REGISTRY}/trireme-triton:7"
    assert {"name": "TRIREME_VARIANT", "value": "fp32"} in container["env"]
    assert container["resources"]["limits"]["nvidia.com/mig-1g.10gb"] == "1"
    assert "nvidia.com/gpu" not in container["resources"]["limits"]


def test_another_namespace_is_everywhere(values):
    file = values(**{"istio.enabled": True, "nginx.enabled": True, "scaler": "keda", "rollout": "canary"})
    found = by_helm(file, namespace="ml")
    assert ".trireme." not in yaml.safe_dump_all(found.values())
    assert {table["metadata"]["namespace"] for table in found.values()} == {"ml"}
    assert found["DestinationRule", "triton"]["spec"]["host"] == "triton-mesh.ml.svc.cluster.local"
    assert all('namespace="ml"' in one["metadata"]["query"] for one in found["ScaledObject", "triton"]["spec"]["triggers"])
    assert found == tables(templates.render(FOLDER, file, namespace="ml"))


def test_a_namespace_that_reads_as_a_number_stays_a_name(values):
    assert {table["metadata"]["namespace"] for table in by_helm(values(), namespace="1e3").values()} == {"1e3"}


def test_the_chart_makes_no_namespace(values):
    assert "Namespace" not in {one.kind for one in templates.render(FOLDER, values(), namespace="trireme").every}


def test_a_job_with_other_work_has_another_name_and_with_the_same_the_same(values):
    def name(**given):
        objects = templates.render(FOLDER, values(**{"delivery.road": "pvc", **given}), namespace="trireme")
        return next(one.name for one in objects.of("Job"))

    assert name() == name(replicas=3)
    assert name() != name(**{"delivery.modelsUrl": "s3://bucket/models/2"})


def test_nothing_is_rendered_when_nothing_changed(monkeypatch):
    chart.write(ROOT)
    monkeypatch.setattr(kustomize, "render", lambda *_args: pytest.fail("it was rendered"))
    assert chart.write(ROOT) == []


TANGLED = {
    "an object of two axes": ({(): ("a",), (("gpu.name", "any"),): ("a",)}, "whether it is there depends on"),
    "an object of two choices together": (
        {(("scaler", "hpa"), ("rollout", "canary")): ("a",)},
        "depends on two choices together",
    ),
}


@pytest.mark.parametrize("case", TANGLED)
def test_an_object_that_no_one_choice_makes_is_refused(case):
    views, said = TANGLED[case]
    with pytest.raises(ClusterError, match=said):
        chart._guard("X/x", views)  # noqa: SLF001 - no component of ours is so


def test_a_change_that_depends_on_another_choice_is_refused():
    views = {(): ("a",), (("scaler", "hpa"),): ("b",), (("scaler", "hpa"), ("rollout", "canary")): ("c",)}
    with pytest.raises(ClusterError, match="what rollout changes depends on scaler"):
        chart._template("X/x", views)  # noqa: SLF001 - no component of ours does so


REFUSALS = {
    "no registry": ({"image.registry": ""}, "image.registry is required"),
    "no volume for vllm": ({"vllm.enabled": True, "vllm.volume": ""}, "vllm.volume is required"),
    "no url": ({"delivery.modelsUrl": ""}, "delivery.modelsUrl is required"),
    "no url for plans": (
        {"engines.enabled": True, "gpu.name": "l4", "engines.plansUrl": ""},
        "engines.plansUrl is required",
    ),
    "engines for no kind of GPU": ({"engines.enabled": True, "gpu.name": "any"}, "set gpu.name to it"),
    "a road that is none": ({"delivery.road": "ftp"}, "pvc"),
    "a GPU that is none": ({"gpu.name": "l44"}, "l40s"),
    "a name that is no value": ({"replica": 3}, "replica"),
    "a number that is a word": ({"replicas": "two"}, "integer"),
    "a canary of how many": ({"rollout": "canary"}, "set scaler to hpa or keda"),
    "a scaler beside blue-green": ({"rollout": "blue-green", "scaler": "hpa"}, "set scaler to none"),
    "a shadow of no route": ({"shadow.enabled": True}, "set rollout to canary or manual"),
    "a monitor of no gateway": ({"monitoring.enabled": True, "gateway.enabled": False}, "set gateway.enabled"),
    "a part of no GPU": ({"gpu.resource": "nvidia.com/gpu.shared"}, "set gpu.name to its kind"),
    "a resource that is another's": ({"gpu.name": "any", "gpu.resource": "amd.com/gpu"}, "amd.com/gpu"),
    "a registry that is a URL": ({"image.registry": "https://registry.example.com"}, "https://registry"),
    "a tag that is none": ({"image.tag": "a b"}, "a b"),
    "no replicas": ({"replicas": 0}, "0"),
    "no scaler at all": ({"rollout": "canary", "scaler": None}, "scaler"),
    "no road at all": ({"delivery.road": None}, "road"),
    "a monitor of nothing": ({"vllmMonitoring.enabled": True}, "set vllm.enabled"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_it_refuses(case, values):
    given, said = REFUSALS[case]
    file = values(**given)
    done = helm(file)
    assert done.returncode != 0
    assert said in done.stderr
    with pytest.raises(ClusterError, match=said):
        templates.render(FOLDER, file, namespace="trireme")
