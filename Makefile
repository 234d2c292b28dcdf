# Every target is one script or one command. `make help` lists them.

.DEFAULT_GOAL := help
ADDR ?= 127.0.0.1:3000

.PHONY: help run wasm build-demo test test-long world cuts lint fmt tidy api fuzz bench microbench profile deps clean

help: ## explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build-demo ## build and start the demo on http://127.0.0.1:3000 (ADDR=host:port for another address)
	@go build -o bin/demo ./web/demo
	@exec bin/demo -addr $(ADDR)

build-demo: ## build what the demo's pages need: the Go program as wasm, the official JavaScript client
	@web/build.sh

wasm: ## print the sizes of the browser programs with both Go releases, and fail above the ceilings (CEILING=485, CEILING_NEWEST=450 KB of brotli over an empty program)
	@web/size.sh

test: deps ## run every test: native under -race, js in Node and Chromium, browsers and official peers, both Go releases (SUITES="native node" for some)
	@.ci/test.sh $(SUITES)

test-long: world cuts ## what takes longer than make test may: many rounds of the world, thousands of cuts, each fuzz target for minutes
	@.ci/fuzz.sh 3m

ROUNDS ?= 100000
world: ## play random conversations of both ends, with faults, on fake time (ROUNDS=100000 of each kind)
	@go test -count=1 -timeout 0 -v ./browsertest/world -args -rounds $(ROUNDS)

CUTS ?= 2000
cuts: ## break connections at random bytes of a conversation, on fake time (CUTS=2000 of each transport)
	@go test -race -count=1 -timeout 0 -v -run TestCuts ./browsertest/world -args -cuts $(CUTS)

lint: ## gofmt, go mod tidy, go vet and staticcheck, natively and for js; exported API; known vulnerabilities
	@.ci/lint.sh

fmt: ## format the Go code
	@gofmt -w $$(git ls-files '*.go')

tidy: ## tidy the go.mod of every module
	@.ci/tidy.sh

api: ## record the exported API in docs/api
	@.ci/api.sh

fuzz: ## run every fuzz target for a while (FUZZTIME=30s each)
	@.ci/fuzz.sh $(FUZZTIME)

bench: ## measure our server and its peers under the same loads, and write docs/benchmarks.* (BENCH="-only echo" for some, BENCH=-quick for a smoke run)
	@.ci/deps.sh bench
	@go run -C browsertest/bench . $(BENCH)

microbench: ## run the Go benchmarks beside the code
	@go test -run '^$$' -bench . -benchmem ./transport/... ./transport_native/... ./socketio/... ./server/...

PROFILES ?= bin/profiles
profile: ## write CPU and heap profiles of the server under echo load to a directory, bin/profiles (LOAD="broadcast to 1,000" for another load)
	@go run -C browsertest/bench . -profile $(abspath $(PROFILES)) -only "$(or $(LOAD),echo 50 B text)"

deps: ## install what the tests need and the machine lacks
	@.ci/deps.sh

clean: ## remove what was built
	@rm -rf web/static/built bin browsertest/failures
