import json

from trireme.lint import output
from trireme.lint.finding import Finding, Severity

ONE = Finding("m/config.pbtxt", 3, 5, "TR302", Severity.ERROR, "m", "100% wrong", "mend it", at="x", releases=("24.10",))
TWO = Finding(".", 1, 1, "TR006", Severity.WARNING, "", "nothing here", "look")


def test_people_get_a_line_each_and_a_sum():
    assert output.text([ONE, TWO], "repo").splitlines() == [
        "repo/m/config.pbtxt:3:5: error TR302 100% wrong [24.10]; mend it",
        "repo:1:1: warning TR006 nothing here; look",
        "1 error, 1 warning",
    ]
    assert output.text([], "repo") == "nothing found"


def test_programs_get_every_part():
    row = json.loads(output.as_json([ONE], "repo"))[0]
    assert (row["path"], row["line"], row["code"], row["releases"], row["fixable"]) == (
        "repo/m/config.pbtxt", 3, "TR302", ["24.10"], False
    )  # fmt: skip


def test_sarif_has_its_version_its_rules_and_places():
    log = json.loads(output.sarif([ONE, TWO], "repo"))
    run = log["runs"][0]
    assert log["version"] == "2.1.0"
    assert {result["ruleId"] for result in run["results"]} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "repo/m/config.pbtxt"}, "region": {"startLine": 3, "startColumn": 5}}
    assert [result["level"] for result in run["results"]] == ["error", "warning"]


def test_github_gets_a_command_with_its_marks_escaped():
    assert output.github([ONE], "a,b") == (
        "::error file=a%2Cb/m/config.pbtxt,line=3,col=5,title=TR302::100%25 wrong [24.10]; mend it"
    )
