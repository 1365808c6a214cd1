"""The command line of delivery: a key, a published repository, a verified one, and what is refused."""

import pytest
from click.testing import CliRunner

from trireme.cli import cli


def ask(*words, root=None):
    return CliRunner().invoke(cli, [*(["--root", str(root)] if root else []), *map(str, words)])


def test_the_way_from_a_key_to_a_verified_repository(built, tmp_path):
    assert f"{tmp_path / 'key.pem'} signs (keep it secret)" in ask("keygen", tmp_path / "key.pem").output
    done = ask("publish", tmp_path / "out", "--key", tmp_path / "key.pem", root=built.root)
    assert "files, signed" in done.output
    assert ask("verify", tmp_path / "out", "--key", tmp_path / "key.pub").output == f"{tmp_path / 'out'}: as it was signed\n"
    first = ask("fetch", tmp_path / "out", tmp_path / "served", "--key", tmp_path / "key.pub")
    assert first.output == f"{tmp_path / 'served'}: fetched from {tmp_path / 'out'}, as it was signed\n"
    again = ask("fetch", tmp_path / "out", tmp_path / "served", "--key", tmp_path / "key.pub")
    assert again.output == f"{tmp_path / 'served'}: there already, as it was signed\n"


@pytest.mark.parametrize(
    "words",
    (
        ("verify", "x"),
        ("verify", "x", "--key", "k", "--identity", "me", "--issuer", "i"),
        ("verify", "x", "--identity", "me"),
        ("fetch", "x", "y"),
    ),
)
def test_whom_to_trust_has_to_be_said_once(words):
    done = ask(*words)
    assert done.exit_code == 2
    assert "say whom you trust: --key KEY.PUB, or --identity with --issuer" in done.output


@pytest.mark.parametrize("words", (("publish", "x"), ("publish", "x", "--key", "k", "--keyless")))
def test_who_signs_has_to_be_said_once(words, built):
    done = ask(*words, root=built.root)
    assert done.exit_code == 2
    assert "say who signs: --key KEY.PEM" in done.output
