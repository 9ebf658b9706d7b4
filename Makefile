# Sluice. `make help` lists what there is.

GO        ?= go
BIN       := bin/sluice
PANEL     := ui/web/dist/index.html
VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
GOLANGCI  := v2.15.0
VULN      := v1.9.0
SBOM      := v1.10.0
IMAGE     ?= sluice
DOCKER    ?= docker
PANEL_SRC := $(shell find ui/web/src ui/web/public -type f 2>/dev/null) ui/web/index.html ui/web/vite.config.ts ui/web/tsconfig.json

.DEFAULT_GOAL := build
.PHONY: help demo build image test test-go test-web lint lint-deploy vuln sbom bench soak soak-day bench-go fuzz screenshots clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## install Sluice on a sandbox store and sync a catalogue (FEED=file.csv uses your own)
	$(BIN) demo $(if $(FEED),--feed "$(FEED)")

build: $(PANEL) ## build the panel and the program (bin/sluice)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./app

image: ## build the container image (IMAGE=name, sluice by default) with docker or what DOCKER names
	$(DOCKER) build --build-arg VERSION='$(VERSION)' --build-arg REVISION='$(shell git rev-parse HEAD 2>/dev/null || echo unknown)' -t '$(IMAGE):$(VERSION)' .

ui/web/node_modules/.package-lock.json: ui/web/package.json ui/web/package-lock.json
	cd ui/web && npm ci
	@touch $@

$(PANEL): ui/web/node_modules/.package-lock.json $(PANEL_SRC)
	cd ui/web && npm run build
	@touch $@

test: test-web test-go ## run every test, with the race detector

test-go: $(PANEL)
	$(GO) test -race -timeout 40m ./...
	cd internal/bench && $(GO) vet ./... && $(GO) test -race ./...

test-web: ui/web/node_modules/.package-lock.json
	cd ui/web && npm test && npm run budget
	node --test auth/customer/script/

lint: bin/golangci-lint-$(GOLANGCI) ui/web/node_modules/.package-lock.json ## check style, imports and types
	bin/golangci-lint-$(GOLANGCI) run ./...
	cd internal/bench && $(CURDIR)/bin/golangci-lint-$(GOLANGCI) run ./...
	cd ui/web && npm run lint
	$(MAKE) lint-deploy

lint-deploy: bin/golangci-lint-$(GOLANGCI) ## check Dockerfile, Helm chart and app.json, and carry the Dockerfile out
	cd internal/deploytest && $(CURDIR)/bin/golangci-lint-$(GOLANGCI) run ./...
	@# What it checks lies outside its module, where Go's cache of test results does not look.
	cd internal/deploytest && $(GO) test -count=1 -timeout 20m ./...

bin/golangci-lint-$(GOLANGCI):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv bin/golangci-lint $@

vuln: ## look for known holes in what is used, Go and npm (needs the network)
	@# Every database is asked, also when an earlier one found something.
	@failed=0; for module in . internal/bench internal/deploytest; do \
		echo "== $$module"; (cd $$module && $(GO) run golang.org/x/vuln/cmd/govulncheck@$(VULN) -test ./...) || failed=1; \
	done; \
	echo "== ui/web"; (cd ui/web && npm audit --package-lock-only) || failed=1; exit $$failed

sbom: ## list everything that is in the program: bin/sluice.cdx.json, CycloneDX
	mkdir -p bin
	$(GO) run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(SBOM) app -json -licenses -main app -output bin/sluice.cdx.json .

bench: ## compare with asynq and others and write BENCHMARKS.md (ROUNDS=5 SECONDS=2 ONLY=name)
	cd internal/bench && CGO_ENABLED=0 $(GO) build -trimpath -o $(CURDIR)/bin/bench .
	bin/bench -version '$(VERSION)' -out BENCHMARKS.md \
		$(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(SECONDS),-seconds $(SECONDS)) $(if $(ONLY),-only '$(ONLY)')

soak: $(PANEL) ## run what is timed, large or cruel at its whole size; figures go into BENCHMARKS.md (SEED=n SIZE=factor)
	rm -f bin/soak.jsonl
	SLUICE_SOAK=$(CURDIR)/bin/soak.jsonl SLUICE_SOAK_SIZE='$(SIZE)' SLUICE_TEST_SEED='$(SEED)' \
		$(GO) test -v -count=1 -p 1 -timeout 5h -run '^TestSoak' ./...
	cd internal/bench && $(GO) run . -soak $(CURDIR)/bin/soak.jsonl -version '$(VERSION)' -out $(CURDIR)/BENCHMARKS.md

soak-day: ## run only the queue's simulated day of ten thousand stores, whole; writes no figures (SEED=n)
	SLUICE_SOAK=/dev/null SLUICE_TEST_SEED='$(SEED)' \
		$(GO) test -v -count=1 -timeout 1h -run '^TestSoakADayOfManyStores$$' ./jobs/queue

bench-go: ## run the packages' own benchmarks: requests, round trips and allocations per unit of work
	$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz: ## fuzz everything parsed from outside, FUZZTIME each (default 20s)
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $${FUZZTIME:-20s} $$pkg || exit 1; \
		done; \
	done

screenshots: $(PANEL) ## take the documentation's pictures in Chromium
	E2E_IMAGES=$(CURDIR)/docs/images SLUICE_TEST_REQUIRE=redis,chromium $(GO) test -count=1 -timeout 30m -run 'Test(Outcome|Storefront|PanelWalk)InChromium' ./app

clean: ## delete what was built
	rm -rf bin ui/web/dist ui/web/node_modules
