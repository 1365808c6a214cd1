# The life of a model, top to bottom. Every target sets up what it needs.
.DEFAULT_GOAL := help
.PHONY: help needs_M needs_KEY setup new train repo check serve gateway demo dev call test lint-proof docs bench bench-gateway bench-medic bench-overload engines gpu-wheels gpu-check bench-peers load budget latency tune tune-proof chaos lint fmt k8s cluster-tools dashboards publish image fleet simulate-scaling lock clean
PYTHON ?=
B ?= python
M ?=
SLO ?= 50ms
TARGET ?=
S ?= load
WHEELS ?=
FOR ?=
KEY ?=
I ?= tools
RELEASE ?=
export PYTHON

help:   ## print this life of a model
	@awk -F ':.*## ' '/^[a-z-]+:.*##/ { printf "  make %-28s %s\n", $$1, $$2 }' Makefile
	@echo "  M=<model> names the model, B=<backend> its backend, PYTHON=<python> the interpreter of a first set-up"

needs_M:
	@test -n "$(M)" || { echo "name the model: make $(MAKECMDGOALS) M=<model>" >&2; exit 2; }

needs_KEY:
	@test -n "$(KEY)" || { echo "name the private key: make $(MAKECMDGOALS) KEY=key.pem (trireme keygen key.pem makes one)" >&2; exit 2; }

setup:  ## make .venv from the lock (every target below does)
	@scripts/setup

new: needs_M setup    ## write a working model folder: make new M=<model> B=python
	@.venv/bin/trireme new $(M) --backend $(B)

train: needs_M setup  ## train a shipped model and print its metrics: make train M=<model>
	@.venv/bin/python models/$(M)/train.py

repo: setup   ## build model_repository/ from models/ and ensembles/
	@.venv/bin/trireme build

check: setup  ## build without changing a committed text, and check every byte and contract
	@.venv/bin/trireme build --locked
	@.venv/bin/trireme check

serve: repo   ## serve the repository on loopback until Ctrl-C
	@.venv/bin/trireme serve

gateway: setup  ## serve a typed REST API in front of `make serve`, without keys, on loopback
	@.venv/bin/trireme gateway --insecure

demo: setup   ## serve a page to try every model, beside `make serve` and `make gateway`
	@.venv/bin/trireme demo

dev: needs_M setup    ## serve one model from its sources, reloading: make dev M=<model>
	@.venv/bin/trireme dev $(M)

call: needs_M setup   ## call a served model with its examples: make call M=<model>
	@.venv/bin/trireme call $(M)

test: repo    ## run every test, the real server included
	@.venv/bin/python -m pytest -n 2 --dist loadfile -m "not (alone or chaos or goals)"
	@.venv/bin/python -m pytest -m "alone and not (chaos or goals)"

lint-proof: repo  ## compare the linter with the real server on 2,400 drawn repositories (about 25 minutes)
	@.venv/bin/python tests/lint/proof.py --cases 400 --seeds 1 2 3 4 5 6 --table docs/lint-proof.md

bench: repo   ## measure serving efficiency, overhead, start and memory, and print a table
	@.venv/bin/python -m trireme.bench

engines: repo  ## build TensorRT engines of all models that have some: make engines TARGET=sm86,sm89 (by default the GPU here)
	@.venv/bin/trireme engines $(addprefix --for=,$(TARGET))

gpu-wheels:   ## fetch what gpu-check needs on a machine without network: make gpu-wheels WHEELS=folder [FOR=3.12]
	@scripts/gpu-wheels $(WHEELS) $(FOR)

gpu-check:    ## check and measure CUDA graphs and batching on this machine's GPU: make gpu-check [WHEELS=folder]
	@$(if $(WHEELS),,$(MAKE) --no-print-directory setup)
	@scripts/gpu-check $(WHEELS)

load: needs_M repo   ## load a model at rates of its own: make load M=<model> S=smoke|load|stress|spike|soak|drain|overload
	@.venv/bin/trireme load $(M) --scenario $(S)

budget: needs_M repo ## take one request's time apart and draw it: make budget M=<model>
	@.venv/bin/trireme budget $(M)

latency: repo ## hold each model to the [latency] that its sources state
	@.venv/bin/python -m pytest -m goals tests/latency

bench-peers: repo    ## measure this repository beside FastAPI, LitServe, BentoML, Ray Serve and MLServer (about 25 minutes)
	@scripts/wrk
	@.venv/bin/python -m trireme.bench peers

tune: needs_M repo   ## tune a model for this machine: make tune M=<model> SLO=50ms
	@.venv/bin/trireme tune $(M) --slo-p99 $(SLO)

tune-proof: repo     ## hold the tuner against an exhaustive measured grid (about 25 minutes)
	@.venv/bin/python -m trireme.bench tune

bench-medic: repo    ## measure how soon the medic has a killed model back, and what others see of it (about 18 minutes)
	@.venv/bin/python -m trireme.bench medic

bench-overload: repo  ## measure what the gateway does at five times its capacity
	@.venv/bin/python -m trireme.bench overload

chaos: repo   ## break things behind and in front of the gateway (about 10 minutes)
	@.venv/bin/python -m pytest -m chaos

bench-gateway: repo  ## measure what the gateway adds to a call, and what it takes
	@.venv/bin/python -m trireme.bench gateway

k8s: repo cluster-tools ## generate, render and check the manifests, without a cluster; LOCKED=--locked fails on stale ones
	@.venv/bin/trireme k8s $(LOCKED) --out .trireme/k8s
	@.venv/bin/trireme k8s --out .trireme/k8s $(wildcard k8s/jobs/* tests/cluster/overlays/*)
	@.venv/bin/hadolint Dockerfile
	@scripts/checkov

cluster-tools: setup    ## install kubectl and helm into .trireme/bin, and Debian's Prometheus and nginx
	@.venv/bin/python scripts/cluster-tools

dashboards: setup       ## write the Grafana dashboards' JSON anew
	@.venv/bin/python scripts/dashboards

simulate-scaling: repo  ## replay load traces through the autoscaler's rules and draw what becomes of them
	@.venv/bin/trireme simulate-scaling

fleet: repo cluster-tools ## three Tritons behind NGINX under load: restart, swap and kill them, and count what is lost
	@.venv/bin/trireme fleet --prove

publish: needs_KEY repo ## write the repository to dist/, signed: make publish KEY=key.pem
	@.venv/bin/trireme publish dist --key $(KEY)

image: setup            ## build an image by Docker: make image I=tools|gateway|models|triton|triton-models|engines|vllm [RELEASE=1]
	@.venv/bin/python scripts/image $(I) $(if $(RELEASE),--release)

lint: setup   ## ruff and mypy
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/mypy

fmt: setup    ## format, and mend what ruff can mend
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

docs: setup   ## write the rules' pages anew, docs/rules/
	@.venv/bin/python scripts/docs

lock: setup   ## write requirements.lock anew from pyproject.toml
	@scripts/lock

clean:        ## remove what was built; .venv and the committed texts stay
	@rm -rf .trireme .pytest_cache .mypy_cache .ruff_cache model_repository/*/[0-9]*
