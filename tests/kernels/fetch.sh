#!/usr/bin/env bash
# Downloads one of Debian's cloud kernels as a package, without installing it
# or touching apt's own sources. Prints the file's path.
#
# usage: tests/kernels/fetch.sh SUITE DIRECTORY      suites: bullseye (5.10),
#        bookworm (6.1), trixie (6.12)
# exit code: 77 where this machine cannot get it
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: fetch.sh SUITE DIRECTORY" >&2; exit 2; }
suite=$1 to=$2
skip() { echo "skipped: $1"; exit 77; }
mkdir -p "$to"
have=("$to"/"$suite"-*.deb)
[ -f "${have[0]}" ] && { echo "${have[0]}"; exit 0; }
command -v apt-get >/dev/null || skip "no apt-get to download kernels with"

# The mirror that the system itself uses.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
  awk '$2 == "main" && $3 == "Debian" {print $1; exit}')
[ -n "$mirror" ] || skip "no Debian mirror is configured"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
  >"$work/kernels.list"
options=(-o Dir::Etc::sourcelist="$work/kernels.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State::lists="$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
apt-get "${options[@]}" update >/dev/null 2>&1 || skip "the suite $suite cannot be reached"
package=$(apt-cache "${options[@]}" depends linux-image-cloud-amd64 2>/dev/null |
  awk '/Depends: linux-image-[0-9]/ && !seen {print $2; seen = 1}') || true
[ -n "$package" ] || skip "the suite $suite has no cloud kernel for this machine"
(cd "$work" && apt-get "${options[@]}" download "$package" >/dev/null 2>&1) ||
  skip "$package cannot be downloaded"
mv "$work/$package"*.deb "$to/$suite-$package.deb"
echo "$to/$suite-$package.deb"
