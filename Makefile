# make                    install what is missing, build, and leave the program at build/skewless
# make test               build and run every test
# make test-sanitizers    the same under Address-, UndefinedBehavior- and ThreadSanitizer
# make fuzz [SECONDS=3600] [ONLY=csv]  run each fuzzer, or one, coverage-guided, for that long
# make simulate [SEEDS=20000] [SEED=1] [WORLDS=remote|redis|redefined|edited|edited-redis|kafka]
#                   run the engine in so many simulated worlds, from that seed on
# make crash [KILLS=200]  kill the engine so often at random moments, and prove what it left
# make crash-live [KILLS=50]  the same live, with Redis and the broker going away, too
# make mutate [ONLY=regex]  break the program on purpose; some test must catch each break
# make demo               run the flights example
# make demo-live [RATE=2000] [SECONDS=30]  run the clicks example: a real Kafka in, a real Redis out
# make bench              measure it beside Flink, LMDB, Redis, DuckDB, Polars; BENCH_SMALL=1 or BENCH_FULL=1
# make bench-growth       measure how it grows with entities and events, and draw it
# make lint               layers, formatting, shellcheck, clang-tidy
# make format             format the C++ sources
# make install PREFIX=    install the program (default /usr/local)
# make clean              remove what was built, keep what was downloaded

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := all
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

.PHONY: all build test test-sanitizers asan tsan fuzz simulate crash crash-live mutate demo demo-live bench bench-growth lint format install clean help

all: build

build:
	tools/bootstrap
	tools/build release

test:
	tools/bootstrap --test
	tools/build release
	ctest --test-dir build/release --output-on-failure -j$(JOBS)

test-sanitizers:
	tools/bootstrap --test
	$(MAKE) asan
	$(MAKE) tsan

asan tsan:
	tools/build $@
	ctest --test-dir build/$@ --output-on-failure -j$(JOBS)

fuzz:
	tools/bootstrap --fuzz
	tools/build fuzz
	tools/fuzz --seconds $(or $(SECONDS),3600) --only "$(ONLY)"

simulate:
	tools/bootstrap --test
	tools/build release
	build/release/tests/simulation/simulation --seeds $(or $(SEEDS),20000) --first $(or $(SEED),1) $(addprefix --worlds ,$(WORLDS))

crash:
	tools/bootstrap --test
	tools/build release
	SKEWLESS_PROGRAM="$(CURDIR)/build/release/skewless" SKEWLESS_KILLS=$(or $(KILLS),200) \
	  build/deps/venv/bin/python tests/end_to_end/kill_test.py

crash-live:
	tools/bootstrap --test
	tools/build release
	build/deps/venv/bin/python examples/live/demo --folder build/crash-live --kill $(or $(KILLS),50) \
	  --redis-away 20 --redis-stall 10 --broker-kills 2

mutate:
	tools/bootstrap --test
	tests/mutations/run --only "$(ONLY)"

demo:
	tools/bootstrap --demo
	tools/build release
	examples/flights/demo

demo-live:
	tools/bootstrap --test
	tools/build release
	build/deps/venv/bin/python examples/live/demo --rate $(or $(RATE),2000) --seconds $(or $(SECONDS),30)

bench bench-growth:
	tools/bootstrap --bench
	tools/build release
	bench/$(if $(filter bench,$@),run,growth)

lint:
	tools/bootstrap --lint
	tools/lint

format:
	tools/bootstrap --lint
	tools/lint --fix-format

install: build
	cmake --install build/release --prefix "$(abspath $(PREFIX))"

clean:
	if [[ -d build ]]; then find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} +; fi

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile
