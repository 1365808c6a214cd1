"""Every rule's page: its bad examples have the finding, its good ones have none at all, and the real server agrees."""

import re
import shutil
import textwrap

import pytest
from layout import lay_out
from verdicts import verdicts

from trireme.lint import rule
from trireme.lint.finding import Severity
from trireme.lint.repository import Options
from trireme.lint.run import lint

EMBEDDED = Options(("24.10",), gpus=0, backends=("python", "onnxruntime", "pytorch", "tensorrt"), agents=(), shm_bytes=64 << 20)
UNTOLD = Options(("24.10",), gpus=0, agents=())
DEADLY = {"TR001", "TR104", "TR115", "TR118", "TR120", "TR619"}
"""Rules whose bad example ends the server, or keeps it from ever starting: asked one at a time."""
ELSEWHERE = {"TR110", "TR317", "TR617"}
"""Rules of what this server cannot show: the backends of NVIDIA's images, paths of another machine."""
RULES = rule.found()
CASES = [
    pytest.param(one, match["kind"], textwrap.dedent(match["body"]), id=f"{one.code}_{match['kind']}_{number}")
    for one in RULES.values()
    for number, match in enumerate(rule.BLOCK.finditer(one.page))
]


def findings(root, code):
    """What is found with the knowledge that the rule asks for: TR110 and TR111 differ in it."""
    return lint(root, UNTOLD if code == "TR110" else EMBEDDED)


@pytest.mark.parametrize(("one", "kind", "example"), CASES)
def test_an_example_has_the_finding_or_none(one, kind, example, tmp_path):
    found = findings(lay_out(example, tmp_path / "repository"), one.code)
    if kind == "Bad":
        assert one.code in {finding.code for finding in found}
    else:
        assert [finding for finding in found if finding.code == one.code or finding.severity is Severity.ERROR] == []


def test_every_rule_shows_a_bad_and_a_good_example():
    shown = {(case.values[0].code, case.values[1]) for case in CASES}
    assert shown == {(code, kind) for code in RULES for kind in ("Bad", "Good")}


def test_codes_are_given_once_and_names_are_the_files():
    assert all(re.fullmatch(r"TR[0-9]{3}", code) for code in RULES)
    assert len({one.name for one in RULES.values()}) == len(RULES)


@pytest.fixture(scope="session")
def server_says(tmp_path_factory):
    """The server's reasons by model; one repository holds every example, the case in front of each model's name."""
    root = tmp_path_factory.mktemp("examples")
    said = {}
    for case in CASES:
        one, _, example = case.values
        alone = one.code in DEADLY
        folder = lay_out(example, root / ("alone" if alone else "together"), prefix=f"{case.id}_")
        if alone:
            said.update(verdicts(folder, root / f"{case.id}.log", alone=True))
            shutil.rmtree(folder)
    return said | verdicts(root / "together", root / "together.log")


@pytest.mark.parametrize(("one", "kind", "example"), CASES)
def test_the_server_agrees(one, kind, example, server_says, request):
    case = request.node.callspec.id
    refused = {name: reason for name, reason in server_says.items() if name.startswith(f"{case}_")}
    if one.code in ELSEWHERE:
        pytest.skip("what the rule warns of is there, or not, on another server than this one")
    if 'backend: "tensorrt"' in example:
        pytest.skip("there is no TensorRT here to load a plan; a machine with a GPU has one")
    if one.severity is not Severity.ERROR or kind == "Good":
        assert refused == {}
    else:
        assert any(re.search(one.triton, reason) for reason in refused.values()), refused
