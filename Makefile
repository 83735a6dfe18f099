# Tenantry's tasks; `make help` lists them. CI runs nothing that is not in here.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

golangci := .bin/golangci-lint
# Runs a command with one PostgreSQL for all of its test processes, and stops what it started.
with_postgres := .bin/withpostgres

# SQLite itself, C that was translated into Go, is kept from the race detector: it is not ours, it holds its own locks, and
# the tests take half as long without. What it shares with us is allocated and locked by modernc.org/libc, which is not
# kept from it. No package with generic code may be added: the linker could take its copy of a function for all others'.
undetected := -gcflags=modernc.org/sqlite/lib=-race=false

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: run
run: ## The service on this machine with sample data; tokens in test_tokens.json
	go run ./cmd/tenantry serve --demo

.PHONY: build
build: ## The binary, .bin/tenantry
	CGO_ENABLED=0 go build -trimpath -o .bin/tenantry ./cmd/tenantry

.PHONY: test
test: ## All tests, on SQLite and on PostgreSQL
	scripts/test

.PHONY: race
race: $(with_postgres) ## All tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(with_postgres) go test -race $(undetected) ./...

.PHONY: pg
pg: $(with_postgres) ## The tests of the storage engines alone
	$(with_postgres) go test ./internal/storage/...

.PHONY: contract
contract: build $(with_postgres) ## The built binary against its OpenAPI document, and the document against linters and client generators
	@scripts/ensure-node >/dev/null
	cd test/contract && TENANTRY_BINARY=$(CURDIR)/.bin/tenantry $(CURDIR)/$(with_postgres) go test -count=1 ./...

.PHONY: bucket
bucket: ## Files in a bucket, against a server program that speaks S3
	cd test/bucket && go test -count=1 ./...

.PHONY: prove
prove: $(with_postgres) ## Attack the server as it is, with layers taken out and with bugs planted; PROVE="-only NAME,..." some of it
	$(with_postgres) go run ./test/isolation/prove $(PROVE)

.PHONY: ui
ui: ## Build the web interface, internal/admin/dist, from ui/ (needs Node.js)
	scripts/ui build

.PHONY: browser
browser: build ## The web interface: its own tests, then in a real browser against the built binary; pictures in ui/screenshots
	TENANTRY_BINARY=$(CURDIR)/.bin/tenantry scripts/ui test

.PHONY: interleave
interleave: $(with_postgres) ## 100,000 requests of two tenants on shared connections, on each engine, with the race detector (needs a C compiler)
	CGO_ENABLED=1 TENANTRY_TEST_INTERLEAVED=100000 $(with_postgres) go test -race $(undetected) -count=1 -timeout 60m -v -run '^TestTenantsThatShareConnectionsStayApart$$' ./test/isolation

.PHONY: fuzz
fuzz: $(with_postgres) ## Every fuzz target for FUZZTIME (5s)
	$(with_postgres) scripts/fuzz

.PHONY: bench
bench: $(with_postgres) ## The server against the limit of this machine, as ratios; BENCH=--check fails below the targets
	$(with_postgres) go run ./bench $(BENCH)

.PHONY: microbench
microbench: $(with_postgres) ## Every benchmark of the packages
	$(with_postgres) go test -run '^$$' -bench . -benchmem ./...

.PHONY: lint
lint: $(golangci) ## golangci-lint: style, security, and the layers; types and format of the web interface
	$(golangci) run
	for module in test/contract test/bucket; do (cd $$module && $(CURDIR)/$(golangci) run); done
	scripts/ui lint

.PHONY: fmt
fmt: $(golangci) ## Format all Go code
	$(golangci) fmt

.PHONY: generate
generate: ## Everything that is generated from something else
	go generate ./...

.PHONY: verify
verify: ## Fail if generated files, vendored files, the built web interface or go.mod are stale
	scripts/verify

.PHONY: hooks
hooks: ## Check format, vet and tests of changed packages before each commit
	git config core.hooksPath .githooks

$(golangci): tools/go.mod tools/go.sum
	cd tools && go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# Always asked for: go's own cache knows whether there is anything to do.
.PHONY: $(with_postgres)
$(with_postgres):
	@scripts/ensure-postgres
	@scripts/ensure-pgbouncer
	@scripts/ensure-redis
	@go build -o $@ ./internal/storage/postgres/pgtest/withpostgres
