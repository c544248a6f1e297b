#!/usr/bin/env bash
# Builds the page (web/) and writes it as a table in C. Packages come from the npm
# registry that npm is configured for; web/package-lock.json fixes version and hash of each.
#
# usage: scripts/page.sh --packages        install what web/package-lock.json names, once
#        scripts/page.sh FOLDER            build; FOLDER/page_assets.c is the result
#
# Exit code 1, with one sentence: it cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../web"

fail() {
  echo "page: $1" >&2
  exit 1
}
[ $# = 1 ] || fail "usage: scripts/page.sh --packages, or scripts/page.sh FOLDER"
command -v npm >/dev/null || fail "npm is not installed, which builds the page: scripts/setup.sh build"

# Two builds at a time do no harm.
exec 9<package.json
flock 9
stamp=node_modules/.netprobe
if ! cmp -s package-lock.json "$stamp"; then
  log=$(mktemp)
  trap 'rm -f -- "$log"' EXIT
  for attempt in 1 2 3; do
    [ "$attempt" = 1 ] || sleep $((attempt * 3))
    if npm ci --no-progress >"$log" 2>&1; then break; fi
    [ "$attempt" != 3 ] || fail "its packages could not be fetched ($(grep -m 1 -i error "$log" || echo 'npm does not say why'))"
  done
  cp package-lock.json "$stamp"
fi
[ "$1" != --packages ] || exit 0

mkdir -p "$1"
folder=$(realpath "$1")
npm run --silent build -- --outDir "$folder/dist" --emptyOutDir --logLevel warn ||
  fail "the page does not build: see above"
node embed.mjs "$folder/dist" "$folder"
