"""What no schema sees: each check, by the overlay it refuses."""

import pytest

from trireme.cluster import references

POD = ("spec", "template", "spec")


def pod(table):
    return table["spec"]["template"]["spec"]


def triton(table):
    return next(one for one in pod(table)["containers"] if one["name"] == "triton")


CASES = {
    "a service that selects nothing": (
        *("Service", "gateway", lambda t: t["spec"].update(selector={"app": "x"})),
        "Service/gateway: no pod has the labels {'app': 'x'}",
    ),
    "a service whose port goes nowhere": (
        *("Service", "gateway", lambda t: t["spec"]["ports"][0].update(targetPort="web")),
        "Service/gateway: port 80 goes to web, which Deployment/gateway has not",
    ),
    "a budget for nobody": (
        *("PodDisruptionBudget", "triton", lambda t: t["spec"]["selector"].update(matchLabels={"app": "x"})),
        "PodDisruptionBudget/triton: no pod has the labels {'app': 'x'}",
    ),
    "a selector that is not the pods'": (
        *("Deployment", "gateway", lambda t: t["spec"]["selector"]["matchLabels"].update(tier="web")),
        "Deployment/gateway: its selector {'app.kubernetes.io/name': 'gateway', 'tier': 'web'} is not what its pods have",
    ),
    "a policy for a port that is none": (
        *("NetworkPolicy", "triton", lambda t: t["spec"]["ingress"][0]["ports"][0].update(port="web")),
        "NetworkPolicy/triton: no pod that it is for has a port named web",
    ),
    "egress without DNS": (
        *("NetworkPolicy", "gateway", lambda t: t["spec"]["egress"].pop(0)),
        "NetworkPolicy/gateway: it shuts egress in, and DNS with it; allow port 53",
    ),
    "a mount without its volume": (
        *("Deployment", "triton", lambda t: triton(t)["volumeMounts"].append({"name": "x", "mountPath": "/x"})),
        "Deployment/triton: it mounts the volume x, which its pod has not",
    ),
    "a volume that is mounted nowhere": (
        *("Deployment", "triton", lambda t: pod(t)["volumes"].append({"name": "x", "emptyDir": {}})),
        "Deployment/triton: the volume x is mounted nowhere",
    ),
    "a probe of a port that is none": (
        *("Deployment", "triton", lambda t: triton(t)["livenessProbe"]["httpGet"].update(port=1234)),
        "Deployment/triton: triton.livenessProbe asks port 1234, which its pod has not",
    ),
    "a container without readiness": (
        *("Deployment", "triton", lambda t: triton(t).pop("readinessProbe")),
        "Deployment/triton: triton has no readinessProbe",
    ),
    "a token of a service account": (
        *("Deployment", "triton", lambda t: pod(t).pop("automountServiceAccountToken")),
        "Deployment/triton: automountServiceAccountToken is not false",
    ),
    "a pod that may be root": (
        *("Deployment", "triton", lambda t: pod(t)["securityContext"].pop("runAsNonRoot")),
        "Deployment/triton: triton does not say runAsNonRoot and seccompProfile RuntimeDefault",
    ),
    "a root that is written": (
        *("Deployment", "triton", lambda t: triton(t)["securityContext"].update(readOnlyRootFilesystem=False)),
        "Deployment/triton: triton is not read-only: readOnlyRootFilesystem is not true",
    ),
    "capabilities that stay": (
        *("Deployment", "triton", lambda t: triton(t)["securityContext"].pop("capabilities")),
        "Deployment/triton: triton keeps capabilities",
    ),
    "no memory limit": (
        *("Deployment", "triton", lambda t: triton(t)["resources"].pop("limits")),
        "Deployment/triton: triton has no memory limit",
    ),
    "a grace that is too short": (
        *("Deployment", "triton", lambda t: pod(t).update(terminationGracePeriodSeconds=60)),
        (
            "Deployment/triton: terminationGracePeriodSeconds is 60, and triton takes 15 s of preStop, 30 s of exit timeout "
            "and 20 s to unload"
        ),
    ),
    "shared memory beyond the limit": (
        *("Deployment", "triton", lambda t: triton(t)["resources"]["limits"].update(memory="128Mi")),
        "Deployment/triton: /dev/shm has 268435456 bytes of triton's 134217728",
    ),
    "an image without a tag": (
        *("Deployment", "triton", lambda t: triton(t).update(image="registry.example:5000/triton")),
        "Deployment/triton: triton runs registry.example:5000/triton, which has neither tag nor digest",
    ),
    "a budget that lets all go": (
        *("PodDisruptionBudget", "triton", lambda t: t["spec"].update(maxUnavailable=2)),
        "PodDisruptionBudget/triton: 2 of 2 pods may go at once",
    ),
    "a budget that lets none go": (
        *("PodDisruptionBudget", "gateway", lambda t: t["spec"].update(minAvailable=2)),
        "PodDisruptionBudget/gateway: none of 2 pods may ever go",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused(case, broken):
    kind, name, change, said = CASES[case]
    objects = broken("k8s/overlays/staging", kind, name, change)
    assert said in [problem for one in references.CHECKS for problem in one(objects)]


def test_every_check_has_a_case(broken):
    """A check that is removed leaves cases that fail; one that is added has to refuse something here."""
    silent = {one.__name__ for one in references.CHECKS}
    for kind, name, change, _ in CASES.values():
        objects = broken("k8s/overlays/staging", kind, name, change)
        silent -= {one.__name__ for one in references.CHECKS if list(one(objects))}
    assert silent == set()


@pytest.mark.parametrize(("text", "count"), (("512Mi", 512 << 20), ("2Gi", 2 << 30), ("100", 100), ("much", 0)))
def test_a_quantity_is_bytes(text, count):
    assert references.quantity(text) == count
