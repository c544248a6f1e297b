#!/usr/bin/env bash
# Writes the table of rungs by kernel into docs/kernel-support.md, between its
# markers, from what the agent said of its probes under each kernel.
#
# usage: scripts/kernel_table.sh [--check] PROBES.json …
#   --check  changes nothing; exit code 1 where the document says otherwise
set -euo pipefail
cd "$(dirname "$0")/.."
check=no
[ "${1:-}" = --check ] && { check=yes; shift; }
[ $# -gt 0 ] || { echo "usage: kernel_table.sh [--check] PROBES.json …" >&2; exit 2; }
readonly doc=docs/kernel-support.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# By kernel major.minor: patch levels come and go.
mapfile -t files < <(for file in "$@"; do
  echo "$(jq -r '.kernel | capture("^(?<v>[0-9]+\\.[0-9]+)").v' "$file") $file"
done | sort -V | cut -d' ' -f2-)
{
  printf '| probe |'
  for file in "${files[@]}"; do jq -j '.kernel | capture("^(?<v>[0-9]+\\.[0-9]+)").v | " \(.) |"' "$file"; done
  printf '\n| --- |'
  for file in "${files[@]}"; do printf ' --- |'; done
  echo
  while read -r name; do
    printf '| %s |' "$name"
    for file in "${files[@]}"; do
      jq -j --arg name "$name" \
        '[.probes[] | select(.name == $name)] | first // {state: "off"}
         | if .state == "on" then " \(.rung) |" else " \(.state) |" end' "$file"
    done
    echo
  done < <(jq -r '.probes[].name' "${files[0]}")
} >"$work/table"
awk -v table="$work/table" '
  /^<!-- rungs -->$/ { print; while ((getline line < table) > 0) print line; skip = 1; next }
  /^<!-- end of rungs -->$/ { skip = 0 }
  !skip' "$doc" >"$work/doc"
if [ "$check" = yes ]; then
  diff -u "$doc" "$work/doc" || { echo "kernel_table: $doc is out of date: make test-kernels renews it" >&2; exit 1; }
else
  cp "$work/doc" "$doc"
fi
