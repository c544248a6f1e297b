# Verbs for people; CMake does the work. `make help` lists them.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PRESET ?= release
PREFIX ?= /usr/local

.PHONY: help build install build-ebpf run test test-kernels demo bench check format clean setup setup-test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:
	@scripts/setup.sh build

setup-test:
	@scripts/setup.sh test

build: setup ## everything, binaries in bin/
	@scripts/build.sh release
	@mkdir -p bin
	@ln -sf ../build/release/src/agent/netprobe-agent ../build/release/src/server/netprobe-server \
	  ../build/release/src/cli/netprobe bin/

install: build ## programs and libnetprobe below PREFIX (/usr/local)
	@cmake --install build/release --prefix $(PREFIX)

build-ebpf: setup ## compile the BPF programs only
	@scripts/build_ebpf.sh

run: build ## build and run the agent on this machine, observing only
	@scripts/run.sh

test: setup-test ## build and run every test this machine can run
	@scripts/test.sh

test-kernels: setup-test ## every probe under older kernels in microVMs; renews docs/kernel-support.md
	@scripts/test_kernels.sh

demo: build ## a small cluster network in namespaces, traffic, an agent on each node and the server
	@scripts/demo.sh

bench: setup-test ## measure; prints one table
	@scripts/bench.sh

check: setup-test ## format, tidy, layers
	@scripts/check.sh

format: ## apply .clang-format
	@scripts/format.sh

clean: ## remove everything that was built
	@rm -rf build bin
