"""The command line of the simulation."""

from click.testing import CliRunner

from trireme.cli import cli

TOLD = ["--capacity", "50", "--latency", "20ms", "--cold-start", "30"]


def ask(*words):
    return CliRunner().invoke(cli, ["simulate-scaling", *words])


def test_it_prints_a_table_and_writes_a_picture(sources):
    done = ask("--trace", "spike", *TOLD)
    assert done.exit_code == 0
    assert "one replica: 50 requests/s, 20.0 ms alone, 30 s until it serves" in done.output
    assert (sources.root / ".trireme/scaling/spike.svg").read_text().endswith("</svg>\n")


def test_what_ships_is_the_cheapest_that_holds_the_goal_over_the_shipped_traces():
    done = ask("--search", "--capacity", "50", "--latency", "20ms", "--cold-start", "27")
    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == "cheapest that keeps all but 1%: shipped"


def test_a_time_that_is_none_is_refused():
    done = ask("--prometheus-away", "soon", *TOLD)
    assert done.exit_code == 2
    assert "'soon' is no time as 600-1200, in seconds" in done.output


def test_help_teaches():
    text = ask("--help").output
    assert "Replay a load trace" in text
    assert "70 % of" in text
