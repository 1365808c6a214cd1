def test_it_says_where_what_and_what_to_do(said):
    assert said("TR708") == [
        (
            "example/config.pbtxt:1:1: warning TR708 the Python models need about 960 MiB of shared memory "
            "('example' the most), and there are 64 MiB; give the container 960 MiB (--shm-size), or lower batch "
            "sizes"
        ),
    ]
