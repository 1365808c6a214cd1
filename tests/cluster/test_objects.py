"""Kubernetes objects as a stream of YAML."""

from trireme.cluster.objects import Objects, strings

TEXT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      initContainers: [{name: first, image: a}]
      containers: [{name: main, image: b, ports: [{name: http, containerPort: 80}]}]
---
---
apiVersion: v1
kind: ConfigMap
metadata: {name: bare}
"""


def test_empty_documents_are_left_out_and_what_makes_no_pods_has_none():
    objects = Objects.parse(TEXT)
    assert [one.place for one in objects.every] == ["Deployment/web", "ConfigMap/bare"]
    assert objects.find("ConfigMap", "bare").pod == {}
    assert objects.find("ConfigMap", "none") is None


def test_pods_are_selected_by_labels_and_have_ports_by_name_and_number():
    objects = Objects.parse(TEXT)
    (web,) = objects.selected({"app": "web"})
    assert objects.selected({"app": "web", "tier": "back"}) == []
    assert web.ports == {"http": 80, "80": 80}
    assert [one["name"] for one in web.containers] == ["first", "main"]
    assert web.replicas == 3


def test_what_is_written_reads_the_same():
    objects = Objects.parse(TEXT)
    assert [one.table for one in Objects.parse(objects.text()).every] == [one.table for one in objects.every]


def test_texts_are_found_by_their_paths_with_names_for_numbers():
    table = {"a": [{"name": "x", "b": "one"}, "two"], "c": {"d": 3, "e": "four"}}
    assert list(strings(table)) == [("a[x].name", "x"), ("a[x].b", "one"), ("a[1]", "two"), ("c.e", "four")]
