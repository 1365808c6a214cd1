"""What sends requests and what counts pods: routes, rollouts and scalers name what is there, and their weights are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from trireme.cluster.objects import RUNTIMES, Object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.cluster.objects import Objects
    from trireme.cluster.references import Check

WHOLE = 100


def scalers(objects: Objects) -> Iterator[str]:
    """A scaler's target is there, has no other scaler, and states no number of its own."""
    seen: dict[str, str] = {}
    for scaler in objects.of("HorizontalPodAutoscaler", "ScaledObject"):
        reference = scaler.spec.get("scaleTargetRef", {})
        target = objects.find(reference.get("kind", "Deployment"), reference.get("name", ""))
        if target is None:
            yield f"{scaler.place}: there is no {reference.get('kind')}/{reference.get('name')} to scale"
            continue
        if target.place in seen:
            yield f"{scaler.place}: {seen[target.place]} scales {target.place} already"
        seen[target.place] = scaler.place
        if "replicas" in target.spec:
            yield f"{target.place}: its replicas and {scaler.place} would fight; leave replicas out"
        least, most = (
            scaler.spec.get(key, scaler.spec.get(f"{key[:3]}ReplicaCount", 0)) for key in ("minReplicas", "maxReplicas")
        )
        if least > most:
            yield f"{scaler.place}: it has at least {least} and at most {most} pods"


def gateways(objects: Objects) -> Iterator[str]:
    """What is laid over the pods that a Gateway makes is there, and lets them into a namespace that is «restricted»."""
    for gateway in objects.of("Gateway"):
        reference = gateway.spec.get("infrastructure", {}).get("parametersRef")
        options = objects.find(reference["kind"], reference["name"]) if reference else None
        if reference and options is None:
            yield f"{gateway.place}: there is no {reference['kind']}/{reference['name']} to lay over its pods"
            continue
        over = yaml.safe_load(options.table.get("data", {}).get("deployment", "")) if options else None
        pod = Object({"kind": "Deployment", **(over or {})}).pod
        if pod.get("securityContext", {}).get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{gateway.place}: nothing gives its pods a seccompProfile, and a restricted namespace refuses them"


def routes(objects: Objects) -> Iterator[str]:
    """A route of the Gateway API hangs on a listener, and its backends are services whose weights make 100."""
    for route in objects.of("GRPCRoute", "HTTPRoute"):
        for parent in route.spec.get("parentRefs", ()):
            gateway = objects.find("Gateway", parent["name"])
            listeners = {row["name"] for row in gateway.spec.get("listeners", ())} if gateway else set()
            if parent.get("sectionName") not in listeners:
                yield f"{route.place}: there is no listener {parent['name']}/{parent.get('sectionName')}"
        for rule in route.spec.get("rules", ()):
            backends = rule.get("backendRefs", ())
            mirrors = [row["requestMirror"]["backendRef"] for row in rule.get("filters", ()) if "requestMirror" in row]
            for backend in (*backends, *mirrors):
                yield from _service(objects, route, backend["name"], backend["port"])
            total = sum(backend.get("weight", 1) for backend in backends)
            if len(backends) > 1 and total != WHOLE:
                yield f"{route.place}: the weights of its backends make {total}, not {WHOLE}"


def istio(objects: Objects) -> Iterator[str]:
    """Istio's hosts are services here, and weights make 100."""
    for rule in objects.of("DestinationRule"):
        yield from _service(objects, rule, rule.spec.get("host", ""), None)
    for route in objects.of("VirtualService"):
        for row in route.spec.get("http", ()):
            targets = row.get("route", ())
            for target in targets:
                destination = target["destination"]
                yield from _service(objects, route, destination["host"], destination.get("port", {}).get("number"))
            total = sum(target.get("weight", 0) for target in targets)
            if len(targets) > 1 and total != WHOLE:
                yield f"{route.place}: the weights of {row.get('name', 'a route')} make {total}, not {WHOLE}"


def rollouts(objects: Objects) -> Iterator[str]:
    """A rollout's workload, services, routes and analyses are there; its steps rise; the deployment's pods stand aside."""
    scaled = {
        (reference.get("kind"), reference.get("name"))
        for scaler in objects.of("HorizontalPodAutoscaler", "ScaledObject")
        if (reference := scaler.spec.get("scaleTargetRef"))
    }
    for rollout in objects.of("Rollout"):
        if "replicas" not in rollout.spec and ("Rollout", rollout.name) not in scaled:
            yield f"{rollout.place}: nothing says how many pods it has; state replicas, or put hpa or keda before it"
        reference = rollout.spec.get("workloadRef", {})
        workload = objects.find(reference.get("kind", ""), reference.get("name", ""))
        if workload is None:
            yield f"{rollout.place}: there is no {reference.get('kind')}/{reference.get('name')} to take pods from"
        elif workload.spec.get("replicas") != 0:
            yield f"{workload.place}: {rollout.place} makes its pods; its own replicas have to be 0"
        for strategy in rollout.spec.get("strategy", {}).values():
            yield from _strategy(objects, rollout, strategy)


def _strategy(objects: Objects, rollout: Object, strategy: Mapping[str, Any]) -> Iterator[str]:
    for key in ("stableService", "canaryService", "activeService", "previewService"):
        if key in strategy:
            yield from _service(objects, rollout, strategy[key], None)
    plugin = strategy.get("trafficRouting", {}).get("plugins", {}).get("argoproj-labs/gatewayAPI", {})
    for kind, key in (("GRPCRoute", "grpcRoutes"), ("HTTPRoute", "httpRoutes")):
        for row in plugin.get(key, ()):
            if objects.find(kind, row["name"]) is None:
                yield f"{rollout.place}: there is no {kind}/{row['name']}"
    for key in ("analysis", "prePromotionAnalysis", "postPromotionAnalysis"):
        yield from _analysis(objects, rollout, strategy.get(key, {}), ends=key != "analysis")
    weights = [step["setWeight"] for step in strategy.get("steps", ()) if "setWeight" in step]
    if weights and (weights != sorted(set(weights)) or weights[-1] != WHOLE):
        yield f"{rollout.place}: its steps are {weights}; they rise to {WHOLE}"


def _analysis(objects: Objects, rollout: Object, analysis: Mapping[str, Any], *, ends: bool) -> Iterator[str]:
    """Look at the templates of one analysis; ends says that it may not run for ever."""
    given = {row["name"] for row in analysis.get("args", ())}
    for row in analysis.get("templates", ()):
        template = objects.find("AnalysisTemplate", row["templateName"])
        if template is None:
            yield f"{rollout.place}: there is no AnalysisTemplate/{row['templateName']}"
            continue
        for metric in template.spec.get("metrics", ()) if ends else ():
            if "interval" in metric and "count" not in metric:
                yield f"{rollout.place}: {template.place} runs indefinitely: {metric['name']} has no count"
        for argument in template.spec.get("args", ()):
            if "value" not in argument and argument["name"] not in given:
                yield f"{rollout.place}: {template.place} wants the argument {argument['name']}"


def runtimes(objects: Objects) -> Iterator[str]:
    """A runtime that one of KServe's services names is there, and takes its format and protocol; their pods have no token."""
    for service in objects.of("InferenceService"):
        predictor = service.spec["predictor"]
        model = predictor.get("model", {})
        if "runtime" in model:
            yield from _runtime(objects, service, model)
        if predictor.get("automountServiceAccountToken") is not False:
            yield f"{service.place}: automountServiceAccountToken is not false"


def _runtime(objects: Objects, service: Object, model: Mapping[str, Any]) -> Iterator[str]:
    runtime = next((found for kind in RUNTIMES if (found := objects.find(kind, model["runtime"]))), None)
    if runtime is None:
        yield f"{service.place}: there is no {RUNTIMES[0]}/{model['runtime']}"
        return
    wanted = model["modelFormat"]
    if not any(wanted.items() <= row.items() for row in runtime.spec.get("supportedModelFormats", ())):
        yield f"{service.place}: {runtime.place} does not take {' '.join(wanted.values())}"
    if "protocolVersion" in model and model["protocolVersion"] not in runtime.spec.get("protocolVersions", ()):
        yield f"{service.place}: {runtime.place} does not speak {model['protocolVersion']}"


def _service(objects: Objects, whose: Object, host: str, port: int | None) -> Iterator[str]:
    service = objects.find("Service", host.partition(".")[0])
    if service is None:
        yield f"{whose.place}: there is no Service/{host.partition('.')[0]}"
    elif port is not None and port not in {row["port"] for row in service.spec.get("ports", ())}:
        yield f"{whose.place}: {service.place} has no port {port}"


CHECKS: tuple[Check, ...] = (scalers, gateways, routes, istio, rollouts, runtimes)
