# make help lists the targets.
GO ?= go
BIN ?= bin

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

build: ## build bin/transom for this machine, static
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/transom ./cmd/transom

cross: ## build for every system that is promised
	@set -e; for target in linux/amd64 linux/386 linux/arm64 darwin/arm64 freebsd/amd64; do \
	  echo "build $$target"; CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build -o /dev/null ./cmd/transom; done

test: ## all hermetic tests: unit, golden, end to end; no root, no network
	$(GO) test ./...

race: ## the same under the race detector
	$(GO) test -race ./...

vet: ## go vet, for the systems that differ too
	$(GO) vet ./...
	GOOS=darwin $(GO) vet ./internal/... ./cmd/...
	$(GO) vet -tags system ./test/...

lint: ## gofmt and staticcheck
	@test -z "$$(gofmt -l cmd internal test)" || { gofmt -l cmd internal test; exit 1; }
	$(GO) run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./...

STATICCHECK = v0.8.2

generate: ## write the generated documents anew
	$(GO) test ./internal/docs -run TestGenerated -update
	$(GO) test ./internal/check -run TestDocument -update

fuzz: ## every fuzz target for FUZZTIME each
	@./test/fuzz.sh $(FUZZTIME)

FUZZTIME ?= 20s

system-deps: ## install the real parts that the system tests use (Debian, root)
	./test/install.sh

system-test: system-deps ## the oracle, a browser, a Shiny application, the 386 binary on an old kernel's surface
	$(GO) test -tags system -count=1 -timeout 40m ./test/...

bench: ## measure Transom beside nginx, HAProxy, httpd and others (Debian, root)
	cd test/bench && ./run.sh

instructions: build ## count the instructions of a request and a handshake beside nginx's (nginx, valgrind)
	cd test/bench && $(GO) run . instructions -transom ../../$(BIN)/transom -top 30

.PHONY: help build cross test race vet lint generate fuzz system-deps system-test bench instructions
