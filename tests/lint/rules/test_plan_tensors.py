def test_it_says_where_what_and_what_to_do(said):
    assert said("TR624") == [
        "example/config.pbtxt:3:30: error TR624 'x' is TYPE_FP16, and 1/model.plan has TYPE_FP32; use the plan's type",
        ("example/config.pbtxt:3:48: error TR624 'x' has shape [-1,4], and 1/model.plan has [-1,3]; use the plan's sizes"),
        "example/config.pbtxt:4:16: error TR624 1/model.plan has no output 'z'; known are: y",
    ]
