#!/usr/bin/env bash
# Compiles the BPF programs and their skeletons; objects land in build/release/bpf.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh release netprobe-ebpf
ls -l build/release/bpf/*.bpf.o
