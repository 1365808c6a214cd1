"""What a signature refuses: each change by the file's name, and whoever we do not trust."""

import stat

import pytest

from trireme.delivery import signing
from trireme.delivery.signing import SIGNATURE, Signer, Trust, make_keys
from trireme.errors import DeliveryError


def refusal(trust, folder):
    with pytest.raises(DeliveryError) as error:
        trust.verify(folder)
    return str(error.value)


def test_what_was_published_is_as_it_was_signed(published, trust):
    trust.verify(published)


class AskedError(Exception):
    """What Sigstore would have been asked; nobody can reach it here."""


def test_without_a_key_the_identity_of_this_job_signs_or_nothing_is(tmp_path, monkeypatch):
    def ask(_, **how):
        raise AskedError(f"no ambient credentials for {how}")

    monkeypatch.setattr(signing.upstream.Config, "use_sigstore_signer", ask)
    said = r"keyless: nothing was signed: no ambient credentials for \{'use_ambient_credentials': True\}"
    with pytest.raises(DeliveryError, match=said):
        Signer().sign(tmp_path)
    assert not (tmp_path / SIGNATURE).exists()


def test_without_a_key_the_identity_and_who_vouches_for_it_are_asked_for(published, monkeypatch):
    def ask(_, **how):
        raise AskedError(f"nobody vouches for {sorted(how.items())}")

    monkeypatch.setattr(signing.verifying.Config, "use_sigstore_verifier", ask)
    said = refusal(Trust(identity="ci@example.org", issuer="https://issuer.example.org"), published)
    assert "nobody vouches for [('identity', 'ci@example.org'), ('oidc_issuer', 'https://issuer.example.org')]" in said


def test_a_changed_file_is_named(published, trust):
    path = published / "double/1/infer.py"
    path.write_text(path.read_text() + "# more\n")
    assert "changed double/1/infer.py;" in refusal(trust, published)


def test_a_missing_file_is_named(published, trust):
    (published / "double/config.pbtxt").unlink()
    assert "missing double/config.pbtxt;" in refusal(trust, published)


@pytest.mark.parametrize("name", ["double/1/extra.py", ".gitignore", "double/2/model.py"])
def test_a_file_that_was_added_is_named(published, trust, name):
    (published / name).parent.mkdir(exist_ok=True)
    (published / name).write_text("x")
    assert f"added {name};" in refusal(trust, published)


def test_a_folder_that_was_added_is_named_because_triton_would_take_it_for_a_model(published, trust):
    (published / "evil/1").mkdir(parents=True)
    assert "added evil/" in refusal(trust, published)


def test_a_link_is_refused(published, trust):
    (published / "double/1/link").symlink_to("/etc/passwd")
    assert "link" in refusal(trust, published)


def test_many_changes_are_counted(published, trust):
    for number in range(5):
        (published / f"double/1/{number}.bin").write_text("x")
    assert "added double/1/0.bin, double/1/1.bin, double/1/2.bin and 2 more" in refusal(trust, published)


def test_another_key_is_refused(published, tmp_path):
    other = make_keys(tmp_path / "other.pem")
    assert f"it was signed by another key than {other}" in refusal(Trust(other), published)


def test_a_key_that_is_not_there_or_none_is_named(published, tmp_path):
    assert "there is no such key" in refusal(Trust(tmp_path / "no.pub"), published)
    (tmp_path / "bad.pub").write_text("no key")
    assert "cannot be verified" in refusal(Trust(tmp_path / "bad.pub"), published)


def test_what_is_not_signed_is_not_served(published, trust):
    (published / SIGNATURE).unlink()
    assert f"it is not signed (no {SIGNATURE}); publish it with `trireme publish`" in refusal(trust, published)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "no json"])
def test_a_signature_that_is_none_is_refused(published, trust, text):
    (published / SIGNATURE).write_text(text)
    assert "signature" in refusal(trust, published).lower()


def test_a_signature_whose_list_was_changed_is_refused(published, trust):
    path = published / SIGNATURE
    text = path.read_text()
    at = text.index('"payload"') + 40
    path.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])
    assert "model.sig" in refusal(trust, published) or "signature" in refusal(trust, published)


def test_a_new_key_is_readable_by_its_owner_alone_and_is_never_overwritten(tmp_path):
    path = tmp_path / "key.pem"
    public = make_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public == tmp_path / "key.pub"
    with pytest.raises(DeliveryError, match="there is a key already"):
        make_keys(path)
    with pytest.raises(DeliveryError, match="that is the name of the public half"):
        make_keys(tmp_path / "other.pub")


def test_a_signer_without_a_key_says_how_to_make_one(published, tmp_path):
    with pytest.raises(DeliveryError, match="`trireme keygen`"):
        Signer(tmp_path / "no.pem").sign(published)
    (tmp_path / "bad.pem").write_text("no key")
    with pytest.raises(DeliveryError, match="nothing was signed"):
        Signer(tmp_path / "bad.pem").sign(published)
