"""Routes, rollouts and scalers name what is there, and their weights are whole."""

import pytest

from trireme.cluster import references, traffic


def backends(table):
    return table["spec"]["rules"][0]["backendRefs"]


def strategy(table):
    return table["spec"]["strategy"]["canary"]


def served(table):
    return table["spec"]["predictor"]["model"]


CASES = {
    "a scaler of nothing": (
        *("prod", "ScaledObject", "triton", lambda t: t["spec"]["scaleTargetRef"].update(name="x")),
        "ScaledObject/triton: there is no Rollout/x to scale",
    ),
    "a scaler that is turned around": (
        *("prod", "ScaledObject", "triton", lambda t: t["spec"].update(minReplicaCount=20)),
        "ScaledObject/triton: it has at least 20 and at most 10 pods",
    ),
    "a number of replicas beside a scaler": (
        *("staging", "Deployment", "triton", lambda t: t["spec"].update(replicas=3)),
        "Deployment/triton: its replicas and HorizontalPodAutoscaler/triton would fight; leave replicas out",
    ),
    "weights that are not whole": (
        *("prod", "GRPCRoute", "triton", lambda t: backends(t)[0].update(weight=90)),
        "GRPCRoute/triton: the weights of its backends make 90, not 100",
    ),
    "a backend that is not there": (
        *("prod", "HTTPRoute", "triton", lambda t: backends(t)[0].update(name="x")),
        "HTTPRoute/triton: there is no Service/x",
    ),
    "a backend's port that is none": (
        *("prod", "GRPCRoute", "triton", lambda t: backends(t)[0].update(port=1)),
        "GRPCRoute/triton: Service/triton-stable has no port 1",
    ),
    "a listener that is not there": (
        *("prod", "GRPCRoute", "triton", lambda t: t["spec"]["parentRefs"][0].update(sectionName="x")),
        "GRPCRoute/triton: there is no listener triton/x",
    ),
    "options of a gateway that are not there": (
        *("prod", "Gateway", "triton", lambda t: t["spec"]["infrastructure"]["parametersRef"].update(name="x")),
        "Gateway/triton: there is no ConfigMap/x to lay over its pods",
    ),
    "a gateway's pods without a seccomp profile": (
        *("prod", "ConfigMap", "triton-gateway", lambda t: t["data"].update(deployment="spec: {replicas: 2}")),
        "Gateway/triton: nothing gives its pods a seccompProfile, and a restricted namespace refuses them",
    ),
    "a gateway's pods as they come": (
        *("prod", "Gateway", "triton", lambda t: t["spec"].pop("infrastructure")),
        "Gateway/triton: nothing gives its pods a seccompProfile, and a restricted namespace refuses them",
    ),
    "a rollout of how many": (
        *("blue-green", "Rollout", "triton", lambda t: t["spec"].pop("replicas")),
        "Rollout/triton: nothing says how many pods it has; state replicas, or put hpa or keda before it",
    ),
    "a rollout of nothing": (
        *("prod", "Rollout", "triton", lambda t: t["spec"]["workloadRef"].update(name="x")),
        "Rollout/triton: there is no Deployment/x to take pods from",
    ),
    "a deployment beside its rollout": (
        *("prod", "Deployment", "triton", lambda t: t["spec"].update(replicas=2)),
        "Deployment/triton: Rollout/triton makes its pods; its own replicas have to be 0",
    ),
    "steps that fall": (
        *("prod", "Rollout", "triton", lambda t: strategy(t)["steps"].insert(0, {"setWeight": 50})),
        "Rollout/triton: its steps are [50, 5, 25, 50, 100]; they rise to 100",
    ),
    "an analysis that is not there": (
        *("prod", "Rollout", "triton", lambda t: strategy(t)["analysis"].update(templates=[{"templateName": "x"}])),
        "Rollout/triton: there is no AnalysisTemplate/x",
    ),
    "an analysis without its argument": (
        *("prod", "Rollout", "triton", lambda t: strategy(t)["analysis"].update(args=[])),
        "Rollout/triton: AnalysisTemplate/triton-canary wants the argument canary-hash",
    ),
    "an analysis before the promotion that never ends": (
        *("blue-green", "AnalysisTemplate", "triton-promoted", lambda t: t["spec"]["metrics"][0].pop("count")),
        "Rollout/triton: AnalysisTemplate/triton-promoted runs indefinitely: failures has no count",
    ),
    "a rollout's replicas beside a scaler": (
        *("prod", "Rollout", "triton", lambda t: t["spec"].update(replicas=3)),
        "Rollout/triton: its replicas and ScaledObject/triton would fight; leave replicas out",
    ),
    "a route that a rollout would move and that is not there": (
        *("prod", "GRPCRoute", "triton", lambda t: t["metadata"].update(name="x")),
        "Rollout/triton: there is no GRPCRoute/triton",
    ),
}
ISTIO = {
    "a host that is no service": (
        *("DestinationRule", lambda t: t["spec"].update(host="x.y.svc")),
        "DestinationRule/triton: there is no Service/x",
    ),
    "a port that is none": (
        *("VirtualService", lambda t: t["spec"]["http"][0]["route"][0]["destination"]["port"].update(number=1)),
        "VirtualService/triton: Service/triton-mesh has no port 1",
    ),
}


KSERVE = {
    "a runtime that is not there": (
        *("InferenceService", "credit-risk", lambda t: served(t).update(runtime="x")),
        "InferenceService/credit-risk: there is no ClusterServingRuntime/x",
    ),
    "a format that it does not take": (
        *("InferenceService", "credit-risk", lambda t: served(t)["modelFormat"].update(version="1")),
        "InferenceService/credit-risk: ClusterServingRuntime/trireme-triton does not take triton 1",
    ),
    "a protocol that it does not speak": (
        *("InferenceService", "credit-risk", lambda t: served(t).update(protocolVersion="v1")),
        "InferenceService/credit-risk: ClusterServingRuntime/trireme-triton does not speak v1",
    ),
    "a token of a service account": (
        *("InferenceService", "credit-risk", lambda t: t["spec"]["predictor"].pop("automountServiceAccountToken")),
        "InferenceService/credit-risk: automountServiceAccountToken is not false",
    ),
    "a runtime's pod that may be root": (
        *(
            "ClusterServingRuntime",
            "trireme-triton",
            lambda t: t["spec"]["containers"][0]["securityContext"].pop("runAsNonRoot"),
        ),
        ("ClusterServingRuntime/trireme-triton: kserve-container does not say runAsNonRoot and seccompProfile RuntimeDefault"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused(case, broken):
    overlay, kind, name, change, said = CASES[case]
    objects = broken(f"k8s/overlays/{overlay}", kind, name, change)
    assert said in [problem for one in traffic.CHECKS for problem in one(objects)]


@pytest.mark.parametrize("case", ISTIO)
def test_of_istio_it_is_refused(case, broken):
    kind, change, said = ISTIO[case]
    objects = broken("tests/cluster/overlays/mig", kind, "triton", change)
    assert said in [problem for one in traffic.CHECKS for problem in one(objects)]


@pytest.mark.parametrize("case", KSERVE)
def test_of_kserve_it_is_refused(case, broken):
    kind, name, change, said = KSERVE[case]
    objects = broken("tests/cluster/overlays/kserve", kind, name, change)
    assert said in [problem for one in (*traffic.CHECKS, *references.CHECKS) for problem in one(objects)]
