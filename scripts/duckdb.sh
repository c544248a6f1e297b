#!/usr/bin/env bash
# Fetches DuckDB's shared library, once, and prints where it is. It comes in a
# package of the npm registry that npm is configured for; the version and what the
# package must hash to are fixed here.
#
# Exit code 1, with one sentence: it cannot be had. Then the agent is built all the
# same, and runs without history.
#
# usage: scripts/duckdb.sh [x64|arm64]      NETPROBE_DUCKDB=FILE is taken as it is,
#                                           NETPROBE_DUCKDB=off leaves it out
set -euo pipefail

readonly version=1.5.6-r.1
declare -rA integrity=(
  [x64]='IXcrZJE6kEqM0Z4wwdVnGBHX/frOS33VPNAwDXQ/Q+Fs84b058Qe94chrCCIcNJlG8Y3UHIUU4eBeCQxW5mN1Q=='
  [arm64]='3jnUaDil1BrF/6vAZwVaInJ1xoBaWGHB4PDiUnzJWKCo8a8TLx9j7/gPyPl/UGRBftrYIuTihRZSfF4mWMgtWA=='
)

fail() {
  echo "duckdb: $1" >&2
  exit 1
}

case ${NETPROBE_DUCKDB:-} in
  '') ;;
  off) fail "NETPROBE_DUCKDB=off leaves history's library out; unset it to have one" ;;
  *)
    [ -f "$NETPROBE_DUCKDB" ] || fail "NETPROBE_DUCKDB names $NETPROBE_DUCKDB, which is not there; set it right or unset it"
    realpath "$NETPROBE_DUCKDB"
    exit 0
    ;;
esac

case ${1:-$(uname -m)} in
  x86_64 | x64) machine=x64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) fail "there is no DuckDB for ${1:-$(uname -m)}; install libduckdb.so and name it with NETPROBE_DUCKDB" ;;
esac
cache=${NETPROBE_CACHE:-${HOME:-/root}/.cache/netprobe}/duckdb
library=$cache/$version-$machine/libduckdb.so
if [ -s "$library" ]; then
  echo "$library"
  exit 0
fi

command -v npm >/dev/null || fail "npm is not installed, which fetches history's library: scripts/setup.sh build"
command -v openssl >/dev/null || fail "openssl is not installed, which checks what was fetched: scripts/setup.sh build"
mkdir -p "$cache"
# Its own folder beside the right one, moved there when it is whole: two builds
# at a time do no harm.
work=$(mktemp -d "$cache/.fetch.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
package=@duckdb/node-bindings-linux-$machine
for attempt in 1 2 3 4; do
  [ "$attempt" = 1 ] || sleep $((attempt * 3))
  if npm pack --silent --pack-destination "$work" "$package@$version" >"$work/log" 2>&1; then
    archive=$(echo "$work"/*.tgz)
    [ "$(openssl dgst -sha512 -binary "$archive" | base64 -w 0)" != "${integrity[$machine]}" ] || break
    echo "the package does not have the hash that it should have" >"$work/log"
  fi
  rm -f "$work"/*.tgz
  [ "$attempt" != 4 ] || fail "$package $version could not be fetched ($(grep -m 1 . "$work/log" || echo 'npm does not say why')); install libduckdb.so and name it with NETPROBE_DUCKDB"
done

mkdir "$work/new"
tar -xzf "$archive" -C "$work/new" --strip-components=1 --no-same-owner package/libduckdb.so package/LICENSE
mkdir -p "${library%/*}"
mv -f "$work/new/LICENSE" "${library%/*}/LICENSE"
mv -f "$work/new/libduckdb.so" "$library"
echo "$library"
