#!/usr/bin/env bash
# The page in a real Chromium, against an API that lies, fails, falls silent and has very
# many of everything (web/tests/fake_api.mjs). Exits 77 (skipped) without node or Chromium.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
[[ -x ${NETPROBE_CHROMIUM:-/usr/bin/chromium} ]] || { echo "SKIPPED: the page's tests need Chromium"; exit 77; }
said=$("$root/scripts/page.sh" --packages 2>&1) || { echo "SKIPPED: ${said#page: }"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
"$root/scripts/page.sh" "$work"
cd "$root/web"
NETPROBE_DIST=$work/dist timeout 840 node --test e2e/faults/*.test.mjs
