"""How a server is told to trace: OpenTelemetry over HTTP, and only the requests whose caller asks for it.

https://github.com/triton-inference-server/server/blob/main/docs/user_guide/trace.md
"""

from __future__ import annotations

ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
"""OpenTelemetry's own variable; the adapter's spans of model.py go there too."""
UNASKED = 2**31 - 1
"""One of so many requests without a traceparent is traced: none."""
DELAY_MS = 20
"""How long spans are gathered before they are sent."""


def flags(url: str) -> list[str]:
    """Return tritonserver's flags to send spans to an address."""
    settings = ("mode=opentelemetry", "level=TIMESTAMPS", f"rate={UNASKED}")
    own = (f"url={url}", f"bsp_schedule_delay={DELAY_MS}", "resource=service.name=triton")
    values = [*settings, *(f"opentelemetry,{setting}" for setting in own)]
    return [part for value in values for part in ("--trace-config", value)]
