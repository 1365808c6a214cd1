"""The sidecar's command line."""

import pytest
from click.testing import CliRunner

from trireme.cli import cli


def ask(*words):
    return CliRunner().invoke(cli, ["medic", *map(str, words)])


def test_a_key_that_is_not_there_names_the_secret(tree):
    done = ask("--repository", tree / "model_repository", "--examples", tree / "models", "--admin-key-file", tree / "none")
    assert done.exit_code == 1
    assert "there is no key to read; the Secret triton-admin holds it" in done.output


@pytest.mark.parametrize("listen", ["9000", ":9000", "host:", "host:x"])
def test_where_it_listens_is_a_host_and_a_port(listen):
    done = ask("--listen", listen)
    assert done.exit_code == 2
    assert "is no HOST:PORT, such as 127.0.0.1:9000" in done.output
