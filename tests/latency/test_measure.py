"""The real server, traced: the parts of a request are the whole of it."""

import pytest

from trireme.errors import ValueRefusedError
from trireme.latency import draw
from trireme.latency.measure import measure

pytestmark = pytest.mark.alone


@pytest.mark.parametrize(("unit", "protocol"), [("text_classification", "grpc"), ("credit_risk", "http")])
def test_the_parts_add_up_to_within_a_twentieth_of_the_whole(sources, unit, protocol):
    found = measure(sources, unit, protocol, 240, "")
    assert abs(found.parts.left) < 0.05 * found.parts.whole
    assert min(found.parts.network, found.parts.queue, found.parts.forward) > 0
    assert found.computing in {"text_encoder", "credit_risk"}
    page = draw.page(found)
    assert page.count("<rect") == len(found.bars)
    assert f"forward: {found.computing}" in page


def test_a_variant_that_no_model_has_is_refused(sources):
    with pytest.raises(ValueRefusedError, match="--model-config-name: 'cpu-22' is refused; did you mean 'cpu-2'"):
        measure(sources, "credit_risk", "grpc", 1, "cpu-22")
