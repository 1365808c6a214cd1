"""What no schema sees: that what an object names is there, that ports and labels agree, that times and sizes add up.

Each check is a function of all objects that yields sentences; `CHECKS`, at the end, holds them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trireme.cluster.objects import RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trireme.cluster.objects import Object, Objects

    Check = Callable[[Objects], Iterator[str]]

OTHERS = "trireme/"
"""What the labels begin with that pods of other teams have: nothing here has to."""
SERVICE = "serving.kserve.io/inferenceservice"
"""The label of pods that an InferenceService of this name makes."""
GATEWAY = "gateway.networking.k8s.io/gateway-name"
"""The label of pods that a Gateway of this name makes (https://gateway-api.sigs.k8s.io/geps/gep-1762/)."""
UNLOAD_SECONDS = 20
"""What unloading models and ending stubs may take after the requests in flight have ended."""
UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}
NATIVE = {"restricted": ("allowPrivilegeEscalation", False), "read-only": ("readOnlyRootFilesystem", True)}


def services(objects: Objects) -> Iterator[str]:
    """A service selects pods, and its target ports are theirs."""
    for service in objects.of("Service"):
        chosen = objects.selected(service.spec.get("selector", {"": ""}))
        if not chosen:
            yield f"{service.place}: no pod has the labels {service.spec.get('selector')}"
        for port in service.spec.get("ports", ()):
            target = str(port.get("targetPort", port["port"]))
            for workload in chosen:
                if target not in workload.ports:
                    yield f"{service.place}: port {port['port']} goes to {target}, which {workload.place} has not"


def selectors(objects: Objects) -> Iterator[str]:
    """Budgets, network policies, monitors and workloads select pods that are there."""
    for one in objects.of("PodDisruptionBudget", "NetworkPolicy", "PodMonitor", *("Deployment", "StatefulSet", "DaemonSet")):
        selector = one.spec.get("podSelector" if one.kind == "NetworkPolicy" else "selector", {})
        labels = selector.get("matchLabels", {})
        if labels and not objects.selected(labels) and not _made_elsewhere(objects, labels):
            yield f"{one.place}: no pod has the labels {dict(labels)}"
        if one.pod and not labels.items() <= one.labels.items():
            yield f"{one.place}: its selector {dict(labels)} is not what its pods have"


def _made_elsewhere(objects: Objects, labels: Mapping[str, str]) -> bool:
    """Say whether a controller makes pods with these labels of an object here, or another team has them."""
    made = (("Gateway", GATEWAY), ("InferenceService", SERVICE))
    return all(key.startswith(OTHERS) for key in labels) or any(
        objects.find(kind, labels.get(key, "")) is not None for kind, key in made
    )


def policy_ports(objects: Objects) -> Iterator[str]:
    """A port that a network policy names is one of the pods that it is for."""
    for policy in objects.of("NetworkPolicy"):
        own = objects.selected(policy.spec.get("podSelector", {}).get("matchLabels", {}))
        for rule in policy.spec.get("ingress", ()):
            yield from _named_ports(policy, rule, own)
        for rule in policy.spec.get("egress", ()):
            for peer in rule.get("to", ()):
                if "namespaceSelector" not in peer:
                    labels = peer.get("podSelector", {}).get("matchLabels", {})
                    yield from _named_ports(policy, rule, objects.selected(labels))


def _named_ports(policy: Object, rule: Mapping[str, Any], pods: list[Object]) -> Iterator[str]:
    for port in rule.get("ports", ()):
        name = str(port.get("port", ""))
        if not name.isdigit() and not any(name in pod.ports for pod in pods):
            yield f"{policy.place}: no pod that it is for has a port named {name}"


def names(objects: Objects) -> Iterator[str]:
    """A policy that shuts egress in lets DNS out: without it a pod finds nobody by name."""
    for policy in objects.of("NetworkPolicy"):
        ports = {row.get("port") for rule in policy.spec.get("egress", ()) for row in rule.get("ports", ())}
        if policy.spec.get("egress") and 53 not in ports:  # noqa: PLR2004 - DNS
            yield f"{policy.place}: it shuts egress in, and DNS with it; allow port 53"


def mounts(objects: Objects) -> Iterator[str]:
    """A container mounts volumes of its pod, and each volume is mounted."""
    for workload in objects.workloads():
        volumes = {volume["name"] for volume in workload.pod.get("volumes", ())}
        used = {mount["name"] for container in workload.containers for mount in container.get("volumeMounts", ())}
        for name in sorted(used - volumes):
            yield f"{workload.place}: it mounts the volume {name}, which its pod has not"
        for name in sorted(volumes - used):
            yield f"{workload.place}: the volume {name} is mounted nowhere"


def probes(objects: Objects) -> Iterator[str]:
    """A probe asks a port of its pod; whoever serves has one for readiness, and takes leave before it ends."""
    for workload in objects.of("Deployment"):
        for container in workload.containers:
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                port = str(container.get(kind, {}).get("httpGet", {}).get("port", ""))
                if port and port not in workload.ports:
                    yield f"{workload.place}: {container['name']}.{kind} asks port {port}, which its pod has not"
        for container in workload.pod.get("containers", ()):
            for needed in ("readinessProbe", "livenessProbe", "lifecycle"):
                if needed not in container:
                    yield f"{workload.place}: {container['name']} has no {needed}"


def hardened(objects: Objects) -> Iterator[str]:
    """Pods keep to Pod Security «restricted», with a read-only root and no token of a service account."""
    for workload in objects.workloads():
        pod = workload.pod
        if workload.kind not in RUNTIMES and pod.get("automountServiceAccountToken") is not False:
            yield f"{workload.place}: automountServiceAccountToken is not false"
        for container in workload.containers:
            own = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
            if not own.get("runAsNonRoot") or own.get("seccompProfile", {}).get("type") != "RuntimeDefault":
                yield f"{workload.place}: {container['name']} does not say runAsNonRoot and seccompProfile RuntimeDefault"
            for what, (key, wanted) in NATIVE.items():
                if own.get(key) is not wanted:
                    yield f"{workload.place}: {container['name']} is not {what}: {key} is not {str(wanted).lower()}"
            if own.get("capabilities", {}).get("drop") != ["ALL"]:
                yield f"{workload.place}: {container['name']} keeps capabilities"
            if "memory" not in container.get("resources", {}).get("limits", {}):
                yield f"{workload.place}: {container['name']} has no memory limit"


def grace(objects: Objects) -> Iterator[str]:
    """A pod's grace is longer than its preStop, what its server waits for requests in flight, and unloading."""
    for workload in objects.of("Deployment"):
        given = int(workload.pod.get("terminationGracePeriodSeconds", 30))
        for container in workload.pod.get("containers", ()):
            sleep = int(container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0))
            flags = re.findall(r"--exit-timeout-secs=(\d+)", " ".join(container.get("args", ())))
            needed = sleep + (int(flags[0]) + UNLOAD_SECONDS if flags else 0)
            if given <= needed:
                sums = (
                    f"{sleep} s of preStop, {flags[0]} s of exit timeout and {UNLOAD_SECONDS} s to unload"
                    if flags
                    else f"{sleep} s"
                )
                yield f"{workload.place}: terminationGracePeriodSeconds is {given}, and {container['name']} takes {sums}"


def memory(objects: Objects) -> Iterator[str]:
    """A volume in memory counts against the limit of the container that fills it, and has a limit of its own."""
    for workload in objects.workloads():
        volumes = {v["name"]: v["emptyDir"] for v in workload.pod.get("volumes", ()) if v.get("emptyDir", {}).get("medium")}
        for container in workload.pod.get("containers", ()):  # sidecars only look
            limit = quantity(container.get("resources", {}).get("limits", {}).get("memory", "0"))
            for mount in container.get("volumeMounts", ()):
                if mount["name"] in volumes:
                    size = quantity(volumes[mount["name"]].get("sizeLimit", "0"))
                    if not 0 < size < limit:
                        yield f"{workload.place}: {mount['mountPath']} has {size} bytes of {container['name']}'s {limit}"


def images(objects: Objects) -> Iterator[str]:
    """An image has a tag or a digest: what is pulled today is what is pulled tomorrow."""
    for workload in objects.workloads():
        for container in workload.containers:
            name = container.get("image", "").rpartition("/")[2]
            if not {":", "@"} & set(name) or name.endswith(":latest"):
                yield f"{workload.place}: {container['name']} runs {container.get('image')}, which has neither tag nor digest"


def budgets(objects: Objects) -> Iterator[str]:
    """A disruption budget leaves some pods and lets some go."""
    for budget in objects.of("PodDisruptionBudget"):
        for workload in objects.selected(budget.spec.get("selector", {}).get("matchLabels", {})):
            replicas = _replicas(objects, workload)
            may_go, stays = budget.spec.get("maxUnavailable"), budget.spec.get("minAvailable")
            if isinstance(may_go, int) and may_go >= replicas > 1:
                yield f"{budget.place}: {may_go} of {replicas} pods may go at once"
            if isinstance(stays, int) and stays >= replicas:
                yield f"{budget.place}: none of {replicas} pods may ever go"


def _replicas(objects: Objects, workload: Object) -> int:
    """Return how many pods a workload has at least: its scaler's, its rollout's, or its own number."""
    for scaler in objects.of("HorizontalPodAutoscaler", "ScaledObject"):
        if scaler.spec.get("scaleTargetRef", {}).get("name") == workload.name:
            return int(scaler.spec.get("minReplicas", scaler.spec.get("minReplicaCount", 1)))
    rollout = objects.find("Rollout", workload.name)
    return (rollout or workload).replicas


def quantity(text: str) -> int:
    """Return a quantity of memory, such as 512Mi, in bytes."""
    found = re.fullmatch(r"(\d+)([KMGT]i)?", str(text))
    return int(found[1]) * UNITS.get(found[2] or "", 1) if found else 0


CHECKS: tuple[Check, ...] = (services, selectors, policy_ports, names, mounts, probes, hardened, grace, memory, images, budgets)
