# syntax=docker/dockerfile:1
# `make image` gives the ARGs from versions.toml. Targets: triton, triton-models, tools, gateway, models, engines, vllm.
# The repository is built outside (`make repo`), published and signed (`trireme publish dist/`), and verified here.
ARG TRITON
ARG PYTHON
ARG VLLM

# --- what is installed, made where pip is; the last stages have no build tool ---
FROM ${PYTHON} AS wheels
COPY k8s/docker/tools.lock /build/
RUN python -m venv /opt/trireme && /opt/trireme/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r /build/tools.lock
COPY k8s/docker/build.lock /build/
RUN /opt/trireme/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: --target=/opt/build -r /build/build.lock
COPY pyproject.toml README.md versions.toml /build/
COPY src /build/src
COPY backends /build/backends
RUN PYTHONPATH=/opt/build /opt/trireme/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir=/wheel /build \
    && /opt/trireme/bin/pip install --no-cache-dir --no-deps /wheel/*.whl \
    && /opt/trireme/bin/pip uninstall --yes pip

# --- trireme itself: the gateway, the medic, fetch and verify ---
FROM ${PYTHON} AS tools
RUN python -m pip uninstall --yes pip && useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin trireme
COPY --from=wheels /opt/trireme /opt/trireme
ENV PATH=/opt/trireme/bin:$PATH PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 1000:1000
ENTRYPOINT ["trireme"]

FROM tools AS gateway
EXPOSE 8080
CMD ["gateway"]

# --- the repository, as `trireme publish dist/` wrote it: refused here when it is not what was signed ---
FROM tools AS models
COPY --chown=0:0 dist/ /repository/
COPY k8s/docker/key.pub /run/model-signing/key.pub
RUN ["trireme", "verify", "/repository", "--key=/run/model-signing/key.pub"]

# --- packages that the repository's Python models import, for the Python of Triton's image ---
FROM ${TRITON} AS triton-packages
COPY k8s/docker/triton.lock /build/
RUN pip install --no-cache-dir --require-hashes --only-binary=:all: --target=/opt/models -r /build/triton.lock

# --- Triton without a repository: it is delivered beside it ---
FROM ${TRITON} AS triton
COPY --from=triton-packages /opt/models /opt/models
ENV PYTHONPATH=/opt/models PYTHONDONTWRITEBYTECODE=1 ORT_DISABLE_TELEMETRY=1 OPENBLAS_NUM_THREADS=1 HOME=/tmp
USER 1000:1000
ENTRYPOINT ["tritonserver"]
CMD ["--model-repository=/models"]

# --- Triton with the repository inside ---
FROM triton AS triton-models
COPY --from=models /repository /models

# --- trireme for the Python of Triton's image ---
FROM ${TRITON} AS engines-packages
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
COPY k8s/docker/tools.lock /build/
COPY --from=wheels /wheel /wheel
RUN python3 -m venv --system-site-packages /opt/trireme \
    && /opt/trireme/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r /build/tools.lock \
    && /opt/trireme/bin/pip install --no-cache-dir --no-deps /wheel/*.whl \
    && /opt/trireme/bin/pip uninstall --yes pip

# --- builds TensorRT plans on a GPU of the kind that serves them: Triton's image, its TensorRT, and trireme ---
FROM ${TRITON} AS engines
RUN apt-get update \
    && apt-get install -y --no-install-recommends "python3-libnvinfer=$(dpkg-query --show --showformat='${Version}' libnvinfer10)" \
    && rm -rf /var/lib/apt/lists/*
COPY --from=engines-packages /opt/trireme /opt/trireme
COPY models /app/models
COPY ensembles /app/ensembles
ENV PATH=/opt/trireme/bin:$PATH HOME=/tmp
USER 1000:1000
ENTRYPOINT ["trireme"]

# --- vLLM as it is published, by a user that is not root and without a report of its use ---
FROM ${VLLM} AS vllm
ENV HOME=/tmp VLLM_NO_USAGE_STATS=1 HF_HUB_OFFLINE=1
USER 1000:1000
