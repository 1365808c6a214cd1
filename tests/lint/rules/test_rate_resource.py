def test_it_says_where_what_and_what_to_do(said):
    assert said("TR315") == [
        (
            "example/config.pbtxt:1:1: warning TR315 the resource 'R' of example is global on one side only (see "
            "example); state `global` alike everywhere"
        ),
    ]
