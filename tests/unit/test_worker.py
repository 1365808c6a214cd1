import json
import sys

from trireme import worker


def test_the_worker_writes_the_files_and_prints_the_measures_last(project, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (project / "models/double/gate.py").write_text(
        "print('noise')\ndef measure(folder):\n    return {'files': len(list(folder.iterdir()))}\n"
    )
    monkeypatch.setattr(
        sys, "argv", ["worker", str(project / "models/double"), str(out), str(project / "models/double/gate.py")]
    )
    worker.main()
    assert (out / "model.py").read_text() == worker.ADAPTER.read_text()
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"files": 1.0}


def test_without_a_gate_nothing_is_measured(tmp_path):
    assert worker.measure(tmp_path / "gate.py", tmp_path) == {}
