#!/usr/bin/env bash
# Applies .clang-format to every tracked source; BPF C, wherever it stands,
# follows bpf/.clang-format.
#
# usage: scripts/format.sh [--check]   with --check: names what is not formatted
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t cxx < <(git ls-files '*.cc' '*.h' '*.c' ':!:bpf/*' ':!:*.bpf.c')
mapfile -t kernel < <(git ls-files 'bpf/*.h' 'bpf/*.c' '*.bpf.c')
format() {
  clang-format-19 --style=file:.clang-format "$@" "${cxx[@]}"
  [ ${#kernel[@]} -eq 0 ] || clang-format-19 --style=file:bpf/.clang-format "$@" "${kernel[@]}"
}

if [ "${1:-}" != --check ]; then
  format -i
  exit 0
fi
wrong=$(format --dry-run 2>&1 | sed -nE 's/^([^:]+):[0-9]+:[0-9]+: (warning|error):.*/\1/p' | sort -u)
if [ -n "$wrong" ]; then
  printf '%s\n' "$wrong" "format: these files are not formatted; make format does it"
  exit 1
fi
echo "format: $((${#cxx[@]} + ${#kernel[@]})) files"
