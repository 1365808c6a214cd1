from trireme.bench import startup


def test_building_starting_and_memory_are_measured(sources):
    idle, start, memory = startup.measure(sources, quick=True)
    assert idle[1].endswith(" s")
    assert start[1].endswith(" s")
    assert float(memory[1].removesuffix(" MB")) > 50
