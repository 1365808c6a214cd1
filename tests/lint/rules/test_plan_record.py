def test_it_says_where_what_and_what_to_do(said):
    assert said("TR623") == [
        (
            "example/1/model.plan.json:1:1: warning TR623 the record of 1/model.plan: it is of another plan (sha256 "
            "differs); build the plan anew, with its record"
        ),
    ]
