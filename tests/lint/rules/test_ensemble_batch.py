def test_it_says_where_what_and_what_to_do(said):
    assert said("TR512") == [
        (
            "example/config.pbtxt:2:17: error TR512 max_batch_size is 64, and 'member' takes 8; lower it to 8, or "
            "raise the member's"
        ),
    ]
