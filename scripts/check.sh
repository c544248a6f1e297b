#!/usr/bin/env bash
# The house's checks. Each says what it holds; the exit code is 1 if any failed.
#
# usage: scripts/check.sh [NAME …]     names: format layers licence shell length tidy
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

failed=()
tracked() { git ls-files -- "$@"; }

# Sources are as clang-format leaves them.
check_format() {
  scripts/format.sh --check
}

# Includes in src/ keep to cmake/layers.txt.
check_layers() {
  cmake -D SOURCES=src -D LAYERS=cmake/layers.txt -P cmake/CheckLayers.cmake
}

# The first lines of a source name its licence: GPL-2.0 OR BSD-2-Clause for what
# runs in the kernel (the verifier asks), Apache-2.0 for all else.
check_licence() {
  local file want bad=0
  while read -r file; do
    case $file in
      bpf/* | *.bpf.c) want='GPL-2.0 OR BSD-2-Clause' ;;
      *) want='Apache-2.0' ;;
    esac
    if ! head -n 2 "$file" | grep -qF "SPDX-License-Identifier: $want"; then
      echo "$file: no 'SPDX-License-Identifier: $want' in its first two lines"
      bad=1
    fi
  done < <(tracked 'include/*.h' 'include/*.h.in' 'examples/*.cc' 'examples/*.h' 'src/*.cc' 'src/*.h' 'src/*.c' 'bpf/*.h' 'bpf/*.c' 'tests/*.cc' 'tests/*.h' \
    'tests/*.c' 'bench/*.cc' 'bench/*.h' 'bench/*.c' 'web/*.ts' 'web/*.svelte' 'web/*.mjs' 'web/*.css')
  return $bad
}

# Scripts pass shellcheck, where it is installed.
check_shell() {
  if ! command -v shellcheck >/dev/null; then
    echo "skipped: shellcheck is not installed"
    return 0
  fi
  local file scripts=()
  while read -r file; do
    head -n 1 "$file" | grep -qE '^#!.*(bash|sh)$' && scripts+=("$file")
  done < <(tracked 'scripts/*' 'lab/*' '.ci/*' 'tests/*.sh' 'deploy/*.sh')
  [ ${#scripts[@]} -eq 0 ] || shellcheck --severity=warning --external-sources "${scripts[@]}"
}

# Long files ask to be two. A warning: splitting is a judgement.
check_length() {
  local file lines limit
  while read -r file; do
    lines=$(wc -l <"$file")
    limit=400
    [[ $file == *.bpf.c ]] && limit=300
    [ "$lines" -gt "$limit" ] && echo "warning: $file has $lines lines, more than $limit"
  done < <(tracked '*.cc' '*.h' '*.bpf.c')
  return 0
}

# clang-tidy over changed files; .clang-tidy says which checks and why.
check_tidy() {
  scripts/tidy.sh
}

all=(format layers licence shell length tidy)
[ $# -gt 0 ] && all=("$@")
for name in "${all[@]}"; do
  if ! declare -F "check_$name" >/dev/null; then
    echo "check: unknown check '$name'; it is one of: format layers licence shell length tidy" >&2
    exit 2
  fi
  echo "== $name"
  "check_$name" || failed+=("$name")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "check: failed: ${failed[*]}"
  exit 1
fi
echo "check: all passed"
