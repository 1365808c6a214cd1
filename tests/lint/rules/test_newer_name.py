def test_it_says_where_what_and_what_to_do(said):
    assert said("TR004") == [
        (
            "example/config.pbtxt:2:1: error TR004 ModelConfig.model_metrics came with release 24.11, and 24.10 "
            "cannot parse it [24.10]; leave it out, or put it into configs/<name>.pbtxt"
        ),
        (
            "example/config.pbtxt:2:17: error TR004 ModelMetrics.metric_control came with release 24.11, and 24.10 "
            "cannot parse it [24.10]; leave it out, or put it into configs/<name>.pbtxt"
        ),
    ]


def test_only_the_releases_concerned_are_named(codes):
    config = 'backend: "python"\nmodel_metrics { metric_control { metric_identifier { family: "a" } } }'
    assert codes(config, releases=("24.11", "26.09")) == []
    assert codes(config, releases=("24.10", "26.09")) == ["TR004"]
