from trireme.lint.run import Choice, lint


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR307") == [
        (
            "example/config.pbtxt:5:42: error TR307 preserve_ordering is set, and a request that waited too long is "
            "put last (DELAY); use REJECT, or give up the order"
        ),
    ]


def test_a_policy_of_a_priority_is_found_at_its_own_place(tmp_path):
    (tmp_path / "m" / "1").mkdir(parents=True)
    (tmp_path / "m" / "config.pbtxt").write_text(
        'backend: "python"\nmax_batch_size: 8\ndynamic_batching {\n  preserve_ordering: true\n  priority_levels: 2\n'
        "  priority_queue_policy { key: 1 value { timeout_action: DELAY default_timeout_microseconds: 9 } }\n"
        "  priority_queue_policy { key: 2 value { timeout_action: REJECT } }\n}\n"
    )
    assert [found.line for found in lint(tmp_path, choice=Choice(("TR307",)))] == [6]
