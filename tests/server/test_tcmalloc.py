"""The script that fetches tcmalloc: a set-up goes on without it, and says why."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "tcmalloc"


@pytest.fixture
def checkout(tmp_path):
    """A checkout with a virtual environment that holds nothing."""
    (tmp_path / ".venv" / "lib").mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    return tmp_path


def fetched(checkout, **environment):
    """Run the script; return what it said, and what it left."""
    line, whole = [checkout / "scripts" / "tcmalloc"], {**os.environ, **environment}
    ended = subprocess.run(line, capture_output=True, text=True, check=True, env=whole)  # noqa: S603 - this repository's
    return ended.stderr, [path.name for path in (checkout / ".venv" / "lib").iterdir()]


def test_a_system_without_apt_is_told_what_it_goes_without(checkout, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "dirname"):
        (programs / name).symlink_to(shutil.which(name))
    said, left = fetched(checkout, PATH=str(programs))
    assert said == "no tcmalloc here (it comes by apt): small requests take a tenth more CPU; see docs/load.md\n"
    assert left == []


@pytest.mark.skipif(not shutil.which("apt-get"), reason="there is no apt here")
def test_a_mirror_that_does_not_answer_is_named(checkout):
    said, left = fetched(checkout, http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert said.startswith("no tcmalloc here (")
    assert "127.0.0.1" in said
    assert left == []


def test_what_is_there_is_not_fetched_again(checkout):
    (checkout / ".venv" / "lib" / "libtcmalloc_minimal.so.4").write_bytes(b"mine")
    assert fetched(checkout) == ("", ["libtcmalloc_minimal.so.4"])
    assert (checkout / ".venv" / "lib" / "libtcmalloc_minimal.so.4").read_bytes() == b"mine"
