"""Two Tritons behind NGINX, watched by Prometheus."""

import pytest

from trireme.fleet import prove
from trireme.fleet.fleet import Fleet
from trireme.tune import load


@pytest.fixture(scope="package")
def fleet(sources, tmp_path_factory):
    work = tmp_path_factory.mktemp("fleet")
    tree = prove.tree(sources, work)
    with Fleet(sources.root, tree, work, examples=(tree,), size=2) as running:
        yield running


@pytest.fixture(scope="package")
def bodies(sources, fleet):
    config = fleet.pods[0].medic.canaries[prove.MODEL].config
    return load.bodies(sources.unit(prove.MODEL).folder, config)
