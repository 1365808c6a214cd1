from trireme.latency.draw import lines, page
from trireme.latency.measure import Budget
from trireme.latency.parts import Bar, Parts

FOUND = Budget(
    "a<b",
    "grpc",
    "m",
    Parts(1.0, 1.0, 2.0, 5.0, 0.9, 10.0),
    (Bar("network", "request", 0, 1), Bar("forward", "m", 1, 6)),
    5.1,
    7,
)


def test_the_terminal_says_each_part_its_share_and_what_is_left():
    text = "\n".join(lines(FOUND))
    assert "forward            5.000 ms  50.0%" in text
    assert "unaccounted        0.100 ms   1.0%" in text
    assert "forward is m; Triton's statistics say 5.100 ms for it" in text


def test_the_page_needs_nothing_from_elsewhere_and_escapes_names():
    text = page(FOUND)
    assert "a&lt;b" in text
    assert "http" not in text
