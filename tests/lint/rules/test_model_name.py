def test_it_says_where_what_and_what_to_do(said):
    assert said("TR101") == [
        (
            "example/config.pbtxt:1:7: error TR101 the name is 'resnet' and the folder is 'example'; leave the name "
            "out, or write the folder's"
        ),
    ]


def test_a_name_left_out_is_the_folders(codes):
    assert codes('backend: "python"') == []
