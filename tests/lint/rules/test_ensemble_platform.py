def test_it_says_where_what_and_what_to_do(said):
    assert said("TR501") == [
        'example/config.pbtxt:2:1: error TR501 the model has steps, and is no ensemble; add platform: "ensemble"',
        "example/config.pbtxt:1:11: error TR501 the ensemble has no steps; add ensemble_scheduling { step { ... } }",
    ]
