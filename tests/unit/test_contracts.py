import pytest

from trireme.discover import discover
from trireme.errors import SourceError
from trireme.plan import make_plan


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def infer(*, z): return {}\n", "infer(): unknown key 'z'; known are: x"),
        ("def infer(): return {}\n", "infer(): [] is refused; the config states the input 'x' too"),
        ("def inver(*, x): return {}\n", "['inver'] is refused; write `def infer(*, <input>) -> dict of outputs`"),
    ],
)
def test_infer_that_triton_could_not_call_is_refused_before_it_is_published(project, text, sentence):
    (project / "models/double/infer.py").write_text(text)
    with pytest.raises(SourceError) as caught:
        make_plan(discover(project))
    assert str(caught.value).startswith("models/double/infer.py: ")
    assert sentence in str(caught.value)


def test_infer_may_take_any_names(project):
    (project / "models/double/infer.py").write_text("def infer(**inputs): return {'y': inputs['x']}\n")
    make_plan(discover(project))
