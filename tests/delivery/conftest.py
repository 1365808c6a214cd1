"""A small built project, keys, and the project published."""

import shutil

import pytest

from trireme.build import build
from trireme.delivery.publish import publish
from trireme.delivery.signing import Signer, Trust, make_keys
from trireme.discover import discover
from trireme.new import create


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """A private key and its public half."""
    path = tmp_path_factory.mktemp("keys") / "key.pem"
    return path, make_keys(path)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The sources of two models and a pipeline's empty version folder, built."""
    root = tmp_path_factory.mktemp("project")
    (root / "models").mkdir()
    create(root, "double", "python")
    readme = root / "models/double/README.md"
    readme.write_text("# double\n**Licence** Apache-2.0, as the repository.\n", encoding="utf-8")
    folder = root / "ensembles/twice"
    folder.mkdir(parents=True)
    shutil.copy(root / "models/double/examples.json", folder)
    (folder / "README.md").write_text("# twice\n**Licence** MIT\n", encoding="utf-8")
    table = 'inputs = ["x"]\noutputs = ["y"]\n[[step]]\nmodel = "double"\n'
    (folder / "ensemble.toml").write_text(table, encoding="utf-8")
    sources = discover(root)
    build(sources)
    return sources


@pytest.fixture(scope="session")
def original(built, keys, tmp_path_factory):
    """The project, published once."""
    target = tmp_path_factory.mktemp("published") / "tree"
    publish(built, str(target), Signer(keys[0]))
    return target


@pytest.fixture
def published(original, tmp_path):
    """A copy of what was published, to be tampered with."""
    return shutil.copytree(original, tmp_path / "tree")


@pytest.fixture
def trust(keys):
    """The trust in that key."""
    return Trust(keys[1])
