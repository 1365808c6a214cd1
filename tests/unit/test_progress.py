from trireme.discover import discover
from trireme.progress import Progress


def test_where_there_is_no_terminal_an_artefact_is_one_line_when_it_is_made(project, capsys):
    model = discover(project).unit("double")
    with Progress() as watch:
        watch(model, model.versions[0], False)
        assert capsys.readouterr().out == ""
        watch(model, model.versions[0], True)
    assert capsys.readouterr().out == "made double version 1 in 0.0 s\n"
