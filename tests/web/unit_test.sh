#!/usr/bin/env bash
# The page's sources: types, accessibility as the compiler sees it, format, and the tests
# that stand beside them. Exits 77 (skipped) where its packages cannot be had.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
said=$("$root/scripts/page.sh" --packages 2>&1) || { echo "SKIPPED: ${said#page: }"; exit 77; }
cd "$root/web"
npm run --silent check
npm run --silent test
