import pytest

from trireme import kinds
from trireme.errors import ValueRefusedError


@pytest.mark.parametrize(("kind", "value"), [(kinds.table, []), (kinds.items, {}), (kinds.names, ["a", 1]), (kinds.names, "a")])
def test_a_value_of_another_kind_is_refused_at_its_place(kind, value):
    with pytest.raises(ValueRefusedError, match=r"a.toml: key: .* is refused; it is a "):
        kind(value, "a.toml: key")


def test_a_value_of_the_kind_is_returned():
    assert (kinds.table({"a": 1}, ""), kinds.items([1], ""), kinds.names(["a"], "")) == ({"a": 1}, [1], ("a",))
