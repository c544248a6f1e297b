# What the tests of deploy/ share. Sets TREE, WORK; skips and ends with a reason.
# shellcheck shell=bash

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
WORK=$(mktemp -d)
failures=0

skip() {
  echo "skipped: $*"
  exit 77
}
need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || skip "needs $tool (scripts/setup.sh test)"
  done
}
passed() { printf 'ok      %s\n' "$*"; }
failed() {
  printf 'FAILED  %s\n' "$*"
  failures=$((failures + 1))
}
# $1: what is held; then a command. What it says is shown where it fails.
holds() {
  local what=$1 said
  shift
  if said=$("$@" 2>&1); then
    passed "$what"
  else
    failed "$what"
    printf '%s\n' "$said" | head -n 40 | sed 's/^/        | /'
  fi
}
# The same for what must be refused, with words that the refusal has.
refuses() {
  local what=$1 words=$2 said
  shift 2
  if said=$("$@" 2>&1); then
    failed "$what: was taken"
  elif [[ $said == *"$words"* ]]; then
    passed "$what"
  else
    failed "$what: '$words' is not in: ${said:0:500}"
  fi
}
# $1: what is awaited, $2: seconds at most; then a command.
eventually() {
  local what=$1 until=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= until)); then
      failed "$what"
      return 1
    fi
    sleep 0.3
  done
  passed "$what"
}
# Builds tests/deploy/manifests into $WORK/manifests.
build_manifests() {
  need go
  [ -d /usr/share/gocode/src/github.com/Masterminds/sprig ] &&
    [ -d /usr/share/gocode/src/github.com/xeipuuv/gojsonschema ] &&
    [ -d /usr/share/gocode/src/gopkg.in/yaml.v3 ] || skip "needs Go's libraries (scripts/setup.sh test)"
  (cd "$TREE/tests/deploy" && GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS=-buildvcs=false \
    go build -o "$WORK/manifests" ./manifests)
}
finish() {
  ((failures == 0)) || { echo "$(basename "$0"): $failures check(s) FAILED"; exit 1; }
  echo "$(basename "$0"): all checks passed"
}
