"""The page, as Streamlit runs it: from top to bottom at every change."""

from __future__ import annotations

import base64
import io
import json
import os
from typing import TYPE_CHECKING, Any

import httpx
import streamlit as st
from PIL import Image, ImageDraw

from trireme.demo.gateway import Gateway

if TYPE_CHECKING:
    from trireme.demo.gateway import Model, Reply

COLUMNS = 4
EVERY = "2s"
COLOURS = ("#d1495b", "#00798c", "#edae49", "#30638e", "#6a4c93")
OK = 200


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Trireme", layout="wide")
    st.title("Trireme")
    with st.sidebar:
        url = os.environ.get("TRIREME_GATEWAY", "http://127.0.0.1:8080")
        st.caption(f"gateway {url}")
        key = st.text_input("Key", type="password", placeholder="the page's own, where it has one") or os.environ.get(
            "TRIREME_KEY", ""
        )
    gateway = Gateway(url, key)
    try:
        models = gateway.models()
    except (httpx.HTTPError, KeyError, ValueError) as error:
        wanted = isinstance(error, httpx.HTTPStatusError) and error.response.status_code in {401, 403}
        st.error("The gateway wants a key." if wanted else f"No gateway answers at {url}: `make serve`, then `make gateway`.")
        return
    with st.sidebar:
        names = {model.name: model for model in models}
        model = names[st.radio("Model", list(names))]
        priority = st.selectbox("Priority", ["normal", "low", "high"])
        _load(gateway)
    st.subheader(model.name)
    st.caption(f"`POST {model.path}`   versions {', '.join(model.versions)}   {model.summary}")
    item, image = _form(model)
    if item is not None:
        st.session_state["reply"] = (model.name, gateway.ask(model.path, item, priority), image)
    if st.session_state.get("reply", ("",))[0] == model.name:
        _, reply, image = st.session_state["reply"]
        _answer(gateway, reply, image)


@st.fragment(run_every=EVERY)
def _load(gateway: Gateway) -> None:
    """Show what the gateway is doing now, by itself every two seconds."""
    st.divider()
    try:
        load = gateway.load()
    except httpx.HTTPError:
        load = {}
    if not load:
        st.caption("The load is shown to keys with the scope admin.")
        return
    cache = load.get("gateway_cache_total", {})
    shown = (
        ("running", load.get("gateway_running", {}).values()),
        ("waiting", load.get("gateway_waiting", {}).values()),
        ("shed", load.get("gateway_shed_total", {}).values()),
        ("cache hits", [cache.get("hit", 0)]),
    )
    for place, (name, values) in zip((*st.columns(2), *st.columns(2)), shown, strict=True):
        place.metric(name, f"{sum(values):.0f}")
    busy = {name: value for name, value in load.get("gateway_running", {}).items() if value}
    st.caption("   ".join(f"{name} {value:.0f}" for name, value in busy.items()) or "nothing is asked at the moment")


def _form(model: Model) -> tuple[dict[str, Any] | None, bytes | None]:
    """Show a field for each input; return the item when it is sent, and the image that was given."""
    item: dict[str, Any] = {}
    image: bytes | None = None
    faults = []
    with st.form(model.name):
        columns = st.columns(COLUMNS if len(model.inputs) > COLUMNS else 1)
        for number, (name, schema) in enumerate(model.inputs.items()):
            place, example = columns[number % len(columns)], model.example.get(name)
            kind = schema.get("type")
            if kind == "number":
                item[name] = place.number_input(name, value=float(example or 0), format="%.4g")
            elif kind == "integer":
                item[name] = int(place.number_input(name, value=int(example or 0), step=1))
            elif kind == "boolean":
                item[name] = place.checkbox(name, bool(example))
            elif kind == "array":
                given = place.text_area(name, json.dumps(example or []), help=schema.get("description"))
                try:
                    item[name] = json.loads(given)
                except ValueError:
                    faults.append(f"{name} is no JSON")
            else:
                file = place.file_uploader(f"{name}: a file", key=f"{model.name} {name}")
                words = example if isinstance(example, str) else ""
                given = place.text_area(f"{name}: or a text", words, key=f"{model.name} {name} text")
                if file is not None:
                    image = file.getvalue()
                item[name] = {"b64": base64.b64encode(image).decode()} if file is not None and image else given
        sent = st.form_submit_button("Ask", type="primary")
    for fault in faults:
        st.error(fault)
    return (item if sent and not faults else None), image


def _answer(gateway: Gateway, reply: Reply, image: bytes | None) -> None:
    """Show an answer, the image with what was found in it, and where the time went."""
    if reply.status != OK:
        st.error(f"{reply.body.get('title')}: {reply.body.get('detail')}")
        for error in reply.body.get("errors", []):
            st.caption(f"{error['field']}: {error['message']}")
        return
    found = reply.body["items"][0]
    left, right = st.columns(2)
    with left:
        if image is not None and "detection_boxes" in found:
            st.image(_drawn(image, found))
        st.caption(f"version {reply.body['version']}   request {reply.request_id}")
        st.json({name: _short(value) for name, value in found.items()})
    with right:
        if reply.timing:
            st.caption("where the time went, in ms")
            rows = [{"part": name, "ms": value} for name, value in reply.timing.items()]
            st.bar_chart(rows, x="part", y="ms", horizontal=True, sort=False, x_label="ms", y_label="", height=230)
    page = gateway.waterfall(reply.request_id)
    if page:
        st.iframe(page, height=700)


def _drawn(image: bytes, found: dict[str, Any]) -> Image.Image:
    """Return an image with the boxes, labels and scores of a detection."""
    picture = Image.open(io.BytesIO(image)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    labels = sorted(set(found["detection_labels"]))
    for box, label, score in zip(found["detection_boxes"], found["detection_labels"], found["detection_scores"], strict=True):
        colour = COLOURS[labels.index(label) % len(COLOURS)]
        pen.rectangle(box, outline=colour, width=3)
        words, at = f"{label} {score:.2f}", (box[0], max(box[1] - 13, 0))
        pen.rectangle(pen.textbbox(at, words), fill=colour)
        pen.text(at, words, fill="white")
    return picture


def _short(value: object) -> object:
    """Return a value, or the beginning of a long list of numbers."""
    most = 16
    if isinstance(value, list) and len(value) > most:
        return [*value[:most], f"... {len(value)} in all"]
    return value


main()
