import pytest

from trireme import artefacts
from trireme.discover import discover
from trireme.errors import ExportFailedError, GateFailedError
from trireme.new import create


def made(project, name="double"):
    model = discover(project).unit(name)
    return model, model.versions[-1], artefacts.make(model, model.versions[-1], project / ".trireme/artefacts")


def test_a_python_model_is_its_sources_and_the_adapter(project):
    _, _, artefact = made(project)
    assert sorted(artefact.files) == ["infer.py", "model.py"]
    assert (artefact.folder / "infer.py").read_text() == (project / "models/double/infer.py").read_text()


def test_an_exported_model_is_what_export_wrote_with_its_tensors(project):
    create(project, "graph", "onnxruntime")
    _, _, artefact = made(project, "graph")
    assert sorted(artefact.files) == ["model.onnx"]
    assert [str(tensor) for tensor in (*artefact.inputs, *artefact.outputs)] == ["x FP32[-1,1]", "y FP32[-1,1]"]


def test_a_made_artefact_is_found_until_its_sources_change(project):
    model, version, artefact = made(project)
    cache = project / ".trireme/artefacts"
    assert artefacts.find(model, version, cache) == artefact
    (project / "models/double/infer.py").write_text("def infer(*, x): return {'y': x}\n")
    assert artefacts.find(model, version, cache) is None


def test_a_change_of_what_export_takes_from_this_package_makes_it_anew(project, monkeypatch, tmp_path):
    create(project, "graph", "onnxruntime")
    export = project / "models/graph/export.py"
    export.write_text(f"from trireme import precision\n{export.read_text()}")
    model, version, artefact = made(project, "graph")
    assert artefacts.find(model, version, project / ".trireme/artefacts") == artefact
    monkeypatch.setattr(artefacts, "__file__", str(tmp_path / "artefacts.py"))
    (tmp_path / "precision.py").write_text("# another one\n")
    assert artefacts.find(model, version, project / ".trireme/artefacts") is None


def test_describing_a_model_does_not_make_it_anew(project):
    model, version, _ = made(project)
    (project / "models/double/README.md").write_text("# other words\n")
    assert artefacts.find(model, version, project / ".trireme/artefacts") is not None


def test_an_export_that_raises_is_told_by_its_last_line_and_leaves_nothing(project):
    create(project, "graph", "onnxruntime")
    (project / "models/graph/export.py").write_text("def export(out):\n    raise RuntimeError('no weights')\n")
    with pytest.raises(ExportFailedError, match=r"models/graph/export.py:2: RuntimeError: no weights; the whole output is in "):
        made(project, "graph")
    assert [path.name for path in (project / ".trireme/artefacts/graph").iterdir()] == ["1.log"]


def test_a_gate_that_does_not_hold_is_refused_with_the_measured_value(project):
    (project / "models/double/gate.py").write_text("def measure(folder):\n    return {'auc': 0.7}\n")
    toml = project / "models/double/model.toml"
    toml.write_text("gate = { auc = 0.8 }\n" + toml.read_text())
    model, version, artefact = made(project)
    with pytest.raises(GateFailedError, match=r"measured 0\.7, and at least 0.8 is asked for"):
        artefacts.check_gate(model, version, artefact)


def test_a_gate_that_nobody_measures_is_refused(project):
    toml = project / "models/double/model.toml"
    toml.write_text("gate = { auc = 0.8 }\n" + toml.read_text())
    model, version, artefact = made(project)
    with pytest.raises(GateFailedError, match="measured nan"):
        artefacts.check_gate(model, version, artefact)
