"""Our reading of the chart's templates; that helm reads them alike, test_chart holds."""

import pytest

from trireme.cluster.templates import filled, render
from trireme.errors import ClusterError

NAMES = {"Values": {"a": "x", "on": True, "off": False, "none": ""}, "Release": {"Namespace": "ns"}, "File": "mine.yaml"}


def read(*lines):
    return list(filled(lines, NAMES))


@pytest.mark.parametrize(
    ("expression", "value"),
    (
        (".Values.a", "x"),
        (".Release.Namespace", "ns"),
        ('"{{"', "{{"),
        ('eq .Values.a "y" "x"', "True"),
        ('ne .Values.a "x"', "False"),
        ("not .Values.on", "False"),
        ("and .Values.on (not .Values.off)", "True"),
        ('trunc 4 (sha256sum (printf "%s %s" .Values.a .Values.none))', "2ac3"),
        ('default "d" .Values.none', "d"),
        ('default "d" .Values.a', "x"),
        ('required "said" .Values.a', "x"),
    ),
)
def test_a_hole_is_filled(expression, value):
    assert read(f"k: {{{{ {expression} }}}} end") == [f"k: {value} end"]


def test_one_branch_holds_and_what_is_in_the_others_is_not_asked():
    lines = [
        "{{- if .Values.off }}",
        '{{ fail "no" }}',
        '{{- else if eq .Values.a "x" }}',
        "second",
        "{{- if .Values.off }}",
        "inner",
        "{{- end }}",
        "{{- else if .Values.on }}",
        "third",
        "{{- else }}",
        "last",
        "{{- end }}",
        "after",
    ]
    assert read(*lines) == ["second", "after"]


def test_a_branch_inside_one_that_does_not_hold_does_not_hold():
    assert read("{{- if .Values.off }}", "{{- if .Values.on }}", "a", "{{- else }}", "b", "{{- end }}", "{{- end }}") == []


@pytest.mark.parametrize(
    ("line", "said"),
    (
        ("{{ .Values.unheard }}", r"\.Values\.unheard: no template of ours says this"),
        ("{{.Values.a}}", r"\{\{\.Values\.a\}\}: no template of ours says this"),
        ("  {{- if .Values.on }}", "no template of ours says this"),
        ("{{- range .Values.a }}", "no template of ours says this"),
        ("{{- end }}", "it closes no `if`"),
        ("{{- if .Values.on }}", "an `if` is open"),
    ),
)
def test_what_it_does_not_know_it_refuses(line, said):
    with pytest.raises(ClusterError, match=said):
        read(line)


@pytest.mark.parametrize("line", ('{{ required "said" .Values.none }}', '{{ fail "said" }}'))
def test_what_the_template_refuses_is_said_in_its_words(line):
    with pytest.raises(ClusterError, match=r"^mine\.yaml: said; set it there$"):
        read(line)


@pytest.mark.parametrize(
    ("text", "said"),
    (("false", "it is no table of values"), ("a: [", "it is no YAML document"), ("- 1", "it is no table of values")),
)
def test_a_file_that_holds_no_values_is_refused(text, said, tmp_path):
    file = tmp_path / "mine.yaml"
    (tmp_path / "values.yaml").write_text("a: 1")
    file.write_text(text)
    with pytest.raises(ClusterError, match=rf"mine\.yaml: {said}"):
        render(tmp_path, file, namespace="trireme")
