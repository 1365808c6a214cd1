"""The signature over a published repository: who signs, whom a pod trusts, and what a refusal says.

OpenSSF model signing (https://github.com/sigstore/model-transparency): one Sigstore bundle holds the digest of every file.
"""

from __future__ import annotations

import contextlib
import json
import os
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing import hashing, verifying
from model_signing import signing as upstream

from trireme.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SIGNATURE = "model.sig"
"""Its name, at the root of a published repository; Triton ignores files there."""
MOST_SHOWN = 3
"""Files that a refusal names of each kind."""


@dataclass(frozen=True)
class Signer:
    """Who signs: a private key (PEM, an elliptic curve's), or the identity that this job or machine has at Sigstore."""

    key: Path | None = None
    password: str | None = None

    def sign(self, folder: Path) -> None:
        """Write the signature over every file of a folder into it.

        Raises:
            DeliveryError: the key is none, or nobody vouches for an identity here.

        """
        chosen = upstream.Config().set_hashing_config(_hashing())
        try:
            if self.key is None:
                chosen.use_sigstore_signer(use_ambient_credentials=True)
            else:
                chosen.use_elliptic_key_signer(private_key=self.key, password=self.password)
            chosen.sign(folder, folder / SIGNATURE)
        except FileNotFoundError:
            raise DeliveryError(str(self.key), "there is no such key", "`trireme keygen` makes one") from None
        except Exception as error:  # noqa: BLE001 - each signer has errors of its own; none is ours to handle
            problem, remedy = f"nothing was signed: {_line(error)}", "give a PEM key of an elliptic curve: `trireme keygen`"
            raise DeliveryError(str(self.key or "keyless"), problem, remedy) from None


@dataclass(frozen=True)
class Trust:
    """Whose signature is taken: that of a public key (PEM), or of an identity that an OIDC issuer vouched for."""

    key: Path | None = None
    identity: str = ""
    issuer: str = ""

    def verify(self, folder: Path, *, beside: Sequence[str] = ()) -> None:
        """Compare every file of a folder with its signature, but for files beside it that are named.

        Raises:
            DeliveryError: it is not signed, not by whom we trust, or a file was changed, is missing, or was added.

        """
        signature = folder / SIGNATURE
        if not folder.is_dir():
            raise DeliveryError(str(folder), "there is no such folder", "name a published repository")
        if not signature.is_file():
            remedy = "publish it with `trireme publish`; what is not signed is not served"
            raise DeliveryError(str(folder), f"it is not signed (no {SIGNATURE})", remedy)
        chosen = verifying.Config().set_hashing_config(_hashing(beside))
        with self._refusals(folder):
            if self.key is not None:
                chosen.use_elliptic_key_verifier(public_key=self.key)
            else:
                chosen.use_sigstore_verifier(identity=self.identity, oidc_issuer=self.issuer)
            chosen.verify(folder, signature)
            _check_folders(folder)

    @contextlib.contextmanager
    def _refusals(self, folder: Path) -> Iterator[None]:
        """Write the sentence for what the library raises."""
        again = "fetch it again, or publish it again where it was made"
        try:
            yield
        except FileNotFoundError:
            raise DeliveryError(str(self.key), "there is no such key", "give the public key of whoever published") from None
        except InvalidSignature:
            raise DeliveryError(str(folder), f"{SIGNATURE} was changed after it was signed", again) from None
        except json.JSONDecodeError:
            raise DeliveryError(str(folder), f"{SIGNATURE} is no signature", again) from None
        except DeliveryError:
            raise
        except Exception as error:  # noqa: BLE001 - a bundle can be wrong in many ways, and each is a refusal
            text = str(error)
            if "Signature mismatch" in text:
                raise DeliveryError(str(folder), f"it is not what was signed: {_differences(folder, text)}", again) from None
            if "Key mismatch" in text:
                remedy = "give the public key of whoever published, or do not serve this"
                raise DeliveryError(str(folder), f"it was signed by another key than {self.key}", remedy) from None
            raise DeliveryError(str(folder), f"its signature cannot be verified: {_line(error)}", again) from None


def make_keys(path: Path) -> Path:
    """Write a new private key (PEM, P-256, readable by its owner alone) and its public half beside it; return that.

    Raises:
        DeliveryError: there is a key already.

    """
    public = path.with_suffix(".pub")
    if public == path:
        raise DeliveryError(str(path), "that is the name of the public half", "name the private key, as key.pem")
    for one in (path, public):
        if one.exists():
            raise DeliveryError(str(one), "there is a key already", "choose another name: a lost key cannot be made again")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(encoding, form))
    return public


def signed(folder: Path) -> set[str]:
    """Return the files that a signature names; what is not verified yet may name any."""
    bundle = json.loads((folder / SIGNATURE).read_text(encoding="utf-8"))
    payload = json.loads(b64decode(bundle["dsseEnvelope"]["payload"]))
    return {row["name"] for row in payload["predicate"]["resources"]}


def _hashing(beside: Sequence[str] = ()) -> hashing.Config:
    """Every file counts, but the signature itself and what is named; links are refused."""
    return hashing.Config().set_ignored_paths(paths=[SIGNATURE, *beside], ignore_git_paths=False)


def _check_folders(folder: Path) -> None:
    """Refuse folders without a file: no signature names them, and Triton would take one for a model."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not any(one.is_file() for one in path.rglob("*")):
            raise DeliveryError(
                str(folder), f"it is not what was signed: added {path.relative_to(folder)}/", "remove the folder"
            )


def _differences(folder: Path, text: str) -> str:
    """Say which files were added, are missing, or were changed, from the library's list of them."""
    wanted = signed(folder)
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {SIGNATURE}
    changed = [name for name in sorted(wanted & present) if f"Hash mismatch for '{name}'" in text]
    kinds = {"added": sorted(present - wanted), "missing": sorted(wanted - present), "changed": changed}
    return "; ".join(f"{kind} {_few(names)}" for kind, names in kinds.items() if names)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN]) + more


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
