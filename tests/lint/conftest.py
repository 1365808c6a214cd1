"""What the tests of rules share: the findings of a page's bad examples, and of a text."""

import sys
import textwrap
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the suite's own modules: layout, verdicts, cases, proof

from layout import lay_out

from trireme.lint import rule
from trireme.lint.output import text
from trireme.lint.repository import Options
from trireme.lint.run import Choice, lint

EMBEDDED = Options(("24.10",), gpus=0, backends=("python", "onnxruntime", "pytorch", "tensorrt"), agents=())


@pytest.fixture
def said(tmp_path):
    """What a rule says of the bad examples of its page, an output line each."""

    def lines(code):
        found = []
        for number, match in enumerate(rule.BLOCK.finditer(rule.found()[code].page)):
            if match["kind"] == "Bad":
                root = lay_out(textwrap.dedent(match["body"]), tmp_path / str(number))
                options = Options(("24.10",), gpus=0, agents=()) if code == "TR110" else EMBEDDED
                found += [text([finding], "").splitlines()[0] for finding in lint(root, options, Choice((code,)))]
        return found

    return lines


@pytest.fixture
def codes(tmp_path):
    """The codes of what is found in an example, each once."""

    def found(example, **known):
        options = Options(**{"releases": ("24.10",), "gpus": 0, "agents": (), **known})
        return sorted({finding.code for finding in lint(lay_out(textwrap.dedent(example), tmp_path / "example"), options)})

    return found
