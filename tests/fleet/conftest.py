"""Two Tritons behind NGINX, watched by Prometheus."""

import pytest

from trireme.examples import read_examples
from trireme.fleet import prove
from trireme.fleet.fleet import Fleet
from trireme.tune.load import body


@pytest.fixture(scope="package")
def fleet(sources, tmp_path_factory):
    work = tmp_path_factory.mktemp("fleet")
    tree = prove.tree(sources, work)
    with Fleet(sources.root, tree, work, examples=(tree,), size=2) as running:
        yield running


@pytest.fixture(scope="package")
def bodies(sources, fleet):
    config = fleet.pods[0].medic.canaries[prove.MODEL].config
    rows = [one.inputs for one in read_examples(sources.unit(prove.MODEL).folder, config)]
    return [body(prove.MODEL, {name: array[None] for name, array in row.items()}) for row in rows]
