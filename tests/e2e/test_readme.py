"""The README's commands are run, against the shared server where they name the default ports."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def to_server(server):
    return lambda text: text.replace("8000", str(server.ports.http)).replace("8001", str(server.ports.grpc))


@pytest.mark.parametrize("block", [block for block in blocks("bash") if block.startswith("curl")])
def test_a_curl_block_is_answered(block, to_server):
    done = subprocess.run(["/bin/bash", "-c", to_server(block)], capture_output=True, text=True, check=True)  # noqa: S603
    assert '"data":["positive"]' in done.stdout


@pytest.mark.parametrize("block", blocks("python"))
def test_a_python_block_runs(block, to_server):
    command = [sys.executable, "-c", to_server(block)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert "b'positive'" in done.stdout
    assert "b'circle'" in done.stdout


def test_every_make_target_that_the_readme_names_is_one():
    named = set(re.findall(r"^make ([a-z ]+?)(?:\s+[A-Z]=|\s{2,}|\s#| &&|$)", "\n".join(blocks("bash")), flags=re.MULTILINE))
    targets = {target for names in named for target in names.split()}
    assert {"serve", "call", "repo", "check", "test", "bench", "new"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", MAKEFILE, flags=re.MULTILINE), target


def test_make_alone_prints_the_life_of_a_model():
    done = subprocess.run(["/usr/bin/make"], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ)
    targets = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make ")]
    assert targets[:7] == ["help", "setup", "new", "train", "repo", "check", "serve"]


def test_every_recipe_is_three_lines_or_less():
    for recipe in re.findall(r"^[a-z]+:.*\n((?:\t.*\n)*)", MAKEFILE, flags=re.MULTILINE):
        assert len(recipe.splitlines()) <= 3


def test_every_link_of_the_readme_leads_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
