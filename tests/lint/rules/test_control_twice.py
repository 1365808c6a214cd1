def test_it_says_where_what_and_what_to_do(said):
    assert said("TR402") == [
        "example/config.pbtxt:5:25: error TR402 there are two control inputs 'A'; give each a name of its own",
        "example/config.pbtxt:5:45: error TR402 CONTROL_SEQUENCE_START is stated twice; state it once",
    ]
