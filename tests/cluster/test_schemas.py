"""Objects against the schemas of three releases of Kubernetes, and of the custom resources in use."""

import json
from pathlib import Path

import jsonschema
import pytest

from trireme.cluster import schemas

ROOT = Path(__file__).parents[2]
CASES = {
    "a field that Kubernetes has not": (
        *("Deployment", "triton", lambda t: t["spec"].update(replica=2)),
        "Deployment/triton: spec: Additional properties are not allowed ('replica' was unexpected) (1.37.0)",
    ),
    "a field that a custom resource has not": (
        *("ScaledObject", "triton", lambda t: t["spec"].update(minReplicas=2)),
        "ScaledObject/triton: spec: Additional properties are not allowed ('minReplicas' was unexpected) (its CRD)",
    ),
    "a kind that nobody knows": (
        *("Rollout", "triton", lambda t: t.update(apiVersion="argoproj.io/v9")),
        "Rollout/triton: 1.37.0 knows no argoproj.io/v9 Rollout; write its schema into k8s/schemas",
    ),
    "a version of autoscaling that is gone": (
        *("Service", "gateway", lambda t: t.update(apiVersion="autoscaling/v2beta2", kind="HorizontalPodAutoscaler")),
        (
            "HorizontalPodAutoscaler/gateway: 1.37.0 knows no autoscaling/v2beta2 HorizontalPodAutoscaler; "
            "write its schema into k8s/schemas"
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused(case, broken):
    kind, name, change, said = CASES[case]
    assert said in list(schemas.problems(ROOT, broken("k8s/overlays/prod", kind, name, change)))


def test_the_three_newest_releases_are_asked():
    assert schemas.releases() == ["1.35.0", "1.36.0", "1.37.0"]


@pytest.mark.parametrize("path", sorted((ROOT / schemas.FOLDER).glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_is_one_and_is_closed(path):
    schema = json.loads(path.read_text())
    jsonschema.validators.validator_for(schema).check_schema(schema)
    kind, version = schema["properties"]["kind"]["const"], schema["properties"]["apiVersion"]["const"]
    assert path.stem == f"{kind.lower()}.{version.replace('/', '.')}"
    assert schema["additionalProperties"] is False
