#!/usr/bin/env bash
# Builds and runs every test that this machine can run, and says what it left
# out and why.
#
#   1. release build: the binaries that end-to-end tests start
#   2. asan build, all tests: AddressSanitizer and UndefinedBehaviorSanitizer
#   3. tsan build of tests with threads only: those whose label has "tsan"
#
# usage: scripts/test.sh [CTEST ARGUMENT …]   for instance: -L unit, -R flow
# environment: JOBS, tests and compilers at a time (number of CPUs)
#              NETPROBE_KUBE=off leaves out tests that need a Kubernetes API server
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
jobs=${JOBS:-$(nproc)}
# Where binaries under test are; tests fall back to this path themselves.
export NETPROBE_BIN=${NETPROBE_BIN:-$PWD/build/release}
# abort_on_error gives a signal, which ctest reports as a crash, not as a
# failed check. Leaks count: a monitor runs for months.
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}

reports=$(mktemp -d)
# shellcheck disable=SC2317 # by the trap
finish() {
  if [ -n "${kube_build:-}" ]; then kill "$kube_build" 2>/dev/null && wait "$kube_build"; fi
  rm -rf "$reports"
}
trap finish EXIT
status=0

if [ "$(id -u)" -ne 0 ]; then
  echo "test: not root: tests with label prog (they load BPF programs), netns and lab (they make"
  echo "test: network namespaces) will be skipped; use sudo make test to run them"
fi

# $1 preset; the others are ctest arguments.
run_preset() {
  local preset=$1 log=$reports/$1
  shift
  (cd "build/$preset" && ctest -j "$jobs" --output-on-failure --no-tests=ignore "$@") 2>&1 |
    tee "$log"
  [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
}

# Once on each machine, beside the builds of our own. Tests of label kube find it
# themselves, and are skipped where there is none.
kube_build='' kube_log=$reports/kube_apiserver
if [ "${NETPROBE_KUBE:-on}" = off ]; then
  echo "test: NETPROBE_KUBE=off: tests that need a Kubernetes API server will be skipped"
elif [[ -z $* || $* == *kube* ]] && ! scripts/kube_apiserver.sh >/dev/null 2>&1; then
  echo "test: building a kube-apiserver for tests of label kube: once, a few minutes; NETPROBE_KUBE=off leaves it out"
  nice scripts/kube_apiserver.sh --build >"$kube_log" 2>&1 &
  kube_build=$!
fi

echo "test: building release"
scripts/build.sh release >/dev/null || exit 1
echo "test: building asan"
scripts/build.sh asan >"$reports/build" || { tail -n 50 "$reports/build"; exit 1; }
if [ -n "$kube_build" ]; then
  echo "test: waiting for the kube-apiserver"
  wait "$kube_build" || { tail -n 5 "$kube_log"; echo "test: tests of label kube will be skipped"; }
  kube_build=''
fi
# Tests look in fewer places than the script does.
if [ "${NETPROBE_KUBE:-on}" != off ] && server=$(scripts/kube_apiserver.sh 2>/dev/null); then
  export NETPROBE_KUBE_APISERVER=$server
fi
run_preset asan "$@"

# Thread sanitizer cannot be combined with the others, and all its libraries
# would cost the time of a second full build: only labelled targets.
if cmake --preset tsan >/dev/null; then
  mapfile -t threaded < <(cd build/tsan && ctest -N -L tsan | sed -n 's/^ *Test *#[0-9]*: //p')
  if [ ${#threaded[@]} -gt 0 ]; then
    echo "test: building tsan (${#threaded[@]} tests with threads)"
    if scripts/build.sh tsan "${threaded[@]}" >"$reports/build"; then
      run_preset tsan -L tsan "$@"
    else
      tail -n 50 "$reports/build"
      status=1
    fi
  fi
fi

# The account: what ran by label, what was skipped and why.
echo
echo "test: tests by label"
for label in unit prog netns lab kube store web kernels check fuzz; do
  count=$(cd build/asan && ctest -N -L "^$label\$" | sed -n 's/^Total Tests: //p')
  [ "${count:-0}" -gt 0 ] && printf '  %-8s %s\n' "$label" "$count"
done
skipped_tests() {
  sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) .*\*\*\*(Skipped|Not Run).*/\1/p' "$reports"/*san
}
# GoogleTest prints "file:line: Skipped" and the reason on the next line;
# scripts print "skipped: reason".
skip_reasons() {
  awk '/: Skipped$/ {getline; print} /^(skipped|SKIPPED): / {sub("^[a-zA-Z]*: ", ""); print}' \
    build/*san/Testing/Temporary/LastTest.log 2>/dev/null | sort | uniq -c | sort -rn
}
if [ -n "$(skipped_tests)" ]; then
  echo "test: skipped, in whole or in part:"
  skipped_tests | sort -u | sed 's/^/  /'
  echo "test: because (times):"
  skip_reasons
fi
count() { grep -hcE "$1" "$reports"/*san 2>/dev/null | awk '{sum += $1} END {print sum + 0}'; }
passed=$(count '^ *[0-9]+/[0-9]+ Test .* Passed')
skipped=$(count '^ *[0-9]+/[0-9]+ Test .*\*\*\*(Skipped|Not Run)')
failed=$(count '^ *[0-9]+/[0-9]+ Test .*\*\*\*(Failed|Timeout|Exception)|^ *[0-9]+/[0-9]+ Test .*\*\*\*(Bus|SegFault|Abort)')
echo
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
