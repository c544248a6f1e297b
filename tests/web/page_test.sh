#!/usr/bin/env bash
# The page in a real Chromium, against the agents and the server of a lab of three nodes
# with Kubernetes and traffic. Needs root, etcd, a kube-apiserver, node and Chromium; exits
# 77 (skipped) without them.
#
#   sudo tests/web/page_test.sh PATH-OF-NETPROBE-AGENT PATH-OF-NETPROBE-SERVER
#
# NETPROBE_PICTURES=FOLDER: pictures of the views are put there.
# shellcheck disable=SC2016,SC2317,SC2034 # jq has variables; checks are called by name
set -euo pipefail

WEB=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../web" && pwd -P)
[[ -n $(command -v node || true) ]] || { echo "SKIPPED: the page's tests need node"; exit 77; }
[[ -x ${NETPROBE_CHROMIUM:-/usr/bin/chromium} ]] || { echo "SKIPPED: the page's tests need Chromium"; exit 77; }
[[ -d $WEB/node_modules/playwright-core ]] || { echo "SKIPPED: the page's packages are not there: scripts/page.sh --packages"; exit 77; }

NAME=w$$
# shellcheck source=tests/lab/server_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lab/server_lab.sh"

curl -sS --noproxy '*' -H 'Accept: text/html' "$SERVER/" | grep -q '<div id="page">' ||
  { echo "SKIPPED: the programs were built without the page"; exit 77; }
"$HERE/traffic" --name "$NAME"
# Names are there when flows have them.
named() { holds "$SERVER/api/flows?limit=1000" '[.flows[] | select(.src_pod != null and .dst_pod != null)] | length > 3'; }
eventually "flows have names" named
urls=()
read -ra urls <<<"$AGENTS"
cd "$WEB"
for file in e2e/*.test.mjs; do
  NETPROBE_AGENT=${urls[0]} NETPROBE_SERVER=$SERVER NETPROBE_LAB_NAME=$NAME \
    timeout 600 node --test "$file" || failures=$((failures + 1))
done
((failures == 0)) || { echo "$failures checks failed"; exit 1; }
