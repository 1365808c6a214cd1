def test_it_says_where_what_and_what_to_do(said):
    assert said("TR510") == [
        ("example/config.pbtxt:4:66: error TR510 'member' does not serve version 2 (it serves 1); write -1 for the latest"),
        ("example/config.pbtxt:4:23: error TR510 'member' does not serve version 0 (it serves 1); write -1 for the latest"),
    ]
