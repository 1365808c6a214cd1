import pytest

WHOLE = """\
==> example/config.pbtxt <==
backend: "python"
==> example/1/model.py <==
class TritonPythonModel:
    def execute(self, requests):
{}
"""


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR615") == [
        (
            "example/1/model.py:4:1: warning TR615 execute of version 1 may return None; return a list with a "
            "response for each request"
        ),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "        return []",
        "        if self.ready:\n            return []\n        else:\n            raise ValueError",
        "        with self.lock:\n            return []",
        "        while True:\n            return []",
        "        try:\n            return []\n        finally:\n            self.close()",
        "        def inner():\n            return\n        return [inner]",
        "        match 1:\n            case []:\n                return []\n            case _:\n                return [1]",
    ],
)
def test_a_path_that_always_answers_is_not_told(codes, body):
    assert codes(WHOLE.format(body)) == []


@pytest.mark.parametrize(
    "body",
    [
        "        pass",
        "        for request in requests:\n            return []",
        "        return None",
        "        try:\n            return []\n        except ValueError:\n            pass",
    ],
)
def test_a_path_that_may_not_is(codes, body):
    assert codes(WHOLE.format(body)) == ["TR615"]
