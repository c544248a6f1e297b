#!/usr/bin/env bash
# Prints the path of a kube-apiserver for the lab and for tests, and builds one
# where there is none: Debian has its source, but no package of it.
#
#   scripts/kube_apiserver.sh           where it is; exit code 1 if there is none
#   scripts/kube_apiserver.sh --build   build one into the cache first, if need be
#
# The first of: $NETPROBE_KUBE_APISERVER, PATH, the cache
# (${XDG_CACHE_HOME:-~/.cache}/netprobe/kube/kube-apiserver).
#
# The build takes six minutes of CPU time (three minutes, where two cores have
# nothing else to do) and 3 GB of free disk meanwhile. It needs no root and installs
# nothing: Debian's source and Debian's Go are fetched from the mirror that apt
# uses, into a directory that is removed afterwards.
# environment: JOBS, compilers at a time (number of CPUs); NETPROBE_KUBE=off: as if
# there were none
set -euo pipefail

cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netprobe/kube
built=$cache/kube-apiserver
retry="scripts/kube_apiserver.sh --build"

fail() {
  echo "kube_apiserver: $*" >&2
  exit 1
}
say() { printf 'kube_apiserver: %d:%02d %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*" >&2; }

find_one() {
  local candidate home=''
  [ "${NETPROBE_KUBE:-on}" != off ] || fail "NETPROBE_KUBE=off leaves the Kubernetes API server out; unset it to have one"
  if [ -n "${NETPROBE_KUBE_APISERVER:-}" ]; then
    [[ -f $NETPROBE_KUBE_APISERVER && -x $NETPROBE_KUBE_APISERVER ]] ||
      fail "NETPROBE_KUBE_APISERVER names $NETPROBE_KUBE_APISERVER, which is not a program; set it right or unset it"
    echo "$NETPROBE_KUBE_APISERVER"
    return
  fi
  # Under sudo, that of whoever called it as well.
  [ -z "${SUDO_USER:-}" ] || home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
  for candidate in "$(command -v kube-apiserver || true)" "$built" "${home:+$home/.cache/netprobe/kube/kube-apiserver}"; do
    [ -z "$candidate" ] || [ ! -x "$candidate" ] || { echo "$candidate"; return; }
  done
  return 1
}

case ${1:-} in
  '')
    find_one || fail "there is no kube-apiserver on this machine; build one, which takes 3 minutes on two free cores: $retry"
    exit 0
    ;;
  --build) ;;
  -h | --help)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
    exit 0
    ;;
  *)
    echo "kube_apiserver: unknown argument '$1'; there is only --build" >&2
    exit 2
    ;;
esac
if path=$(find_one); then
  echo "$path"
  exit 0
fi
[ -z "${NETPROBE_KUBE_APISERVER:-}" ] || exit 1 # find_one has said why

for tool in apt-get dpkg-deb tar gzip flock; do
  command -v $tool >/dev/null || fail "the build needs $tool of Debian; put a kube-apiserver on PATH or name one in NETPROBE_KUBE_APISERVER instead"
done
mkdir -p "$cache"
free=$(df --output=avail -k "$cache" | tail -n 1)
[ "$free" -gt 3000000 ] || fail "the build needs 3 GB of disk for a while, and $cache has $((free / 1000)) MB; make room or set XDG_CACHE_HOME, and repeat: $retry"

# One build at a time; whoever waited finds its result.
exec 9>"$cache/lock"
if ! flock -n 9; then
  say "another build is at work; waiting for it"
  flock 9
  if [ -x "$built" ]; then
    echo "$built"
    exit 0
  fi
fi

# Whatever an earlier build left that was killed: we have the lock.
rm -rf "$cache"/build.*
work=$cache/build.$$
mkdir "$work"
compiler='' step=''
finish() {
  local code=$?
  trap '' INT TERM HUP
  # Only our own: the compiler and what it started are a process group.
  [ -z "$compiler" ] || kill -- "-$compiler" 2>/dev/null || true
  if [ "$code" -ge 128 ]; then
    say "interrupted; nothing is left of it"
  elif [ "$code" -ne 0 ]; then
    [ ! -s "$work/log" ] || tail -n 15 "$work/log" >&2
    [ -z "$step" ] || say "could not $step; nothing is left of it. Repeat: $retry"
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- sources and compiler ------------------------------------------------------

# In Debian 12, whatever this machine runs: all modules are in that source package,
# so it builds without a network, and with that release's Go.
suite=bookworm
step="fetch Debian's source package kubernetes and its Go"
say "fetching source and compiler"
mkdir -p "$work"/apt/{lists/partial,cache/archives/partial}
apt=(-qq -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root
  -o Acquire::Retries=3 -o Acquire::Languages=none)
# shellcheck disable=SC2016 # apt's own variables
debian_mirror() { # [APT OPTION...]
  apt-get "$@" indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk -v c="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" \
      '$3 == "main" && ($2 == c || $2 == "stable" || $4 == "Debian") {print $1; exit}'
}
mirror=$(debian_mirror)
if [ -z "$mirror" ]; then # apt tells of what it has lists of: a bare machine has none
  apt-get "${apt[@]}" update >"$work/log" 2>&1
  mirror=$(debian_mirror "${apt[@]}")
fi
if [ -z "$mirror" ]; then
  step=''
  fail "apt has no Debian mirror configured to fetch from; put a kube-apiserver on PATH or name one in NETPROBE_KUBE_APISERVER instead"
fi
printf 'deb%s [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' '' "$mirror" $suite \
  -src "$mirror" $suite >"$work/apt/sources.list"
apt+=(-o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null)
cd "$work"
{
  apt-get "${apt[@]}" update
  apt-get "${apt[@]}" source --download-only kubernetes
  apt-get "${apt[@]}" download golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev
} >log 2>&1

# Tests and their data are half of all files.
step="unpack the source"
tree=$work/go/src/k8s.io/kubernetes
mkdir -p "$tree" toolchain
leave_out=(--exclude='*_test.go' --exclude='*/testdata' --exclude=BUILD --anchored --no-wildcards-match-slash)
tar -xzf kubernetes_*.orig.tar.gz -C "$tree" --strip-components=1 "${leave_out[@]}" \
  --exclude='*/'{CHANGELOG,api,build,cluster,docs,hack,logo,test,translations}
for package in golang-*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C toolchain "${leave_out[@]}" --exclude='./usr/share/go-1.19/'{api,misc,test}
done
rm -rf apt ./*.deb ./*.orig.tar.gz
# The reflect2 of that time calls into Go's runtime as it was before Go 1.18, and
# overwrites memory with a later one; Debian has one that knows both.
reflect2=github.com/modern-go/reflect2
rm -r "$tree/vendor/$reflect2"
cp -r "toolchain/usr/share/gocode/src/$reflect2" "$tree/vendor/$reflect2"

# --- build -----------------------------------------------------------------------

export GOROOT=$work/toolchain/usr/lib/go-1.19 GOPATH=$work/go GOCACHE=$work/objects GOTMPDIR=$work
export GO111MODULE=off GOFLAGS='' CGO_ENABLED=0 # a static binary, which needs no C compiler
unset GOTOOLDIR
go=$GOROOT/bin/go
cd "$tree"
# Without the clients of cloud providers, which are a third of all code.
tags=providerless

# Of what `make generated_files` makes, the source package lacks one file only:
# the description of the API.
step="generate the description of the API"
say "generating the description of the API"
"$go" build -p "${JOBS:-$(nproc)}" -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen 2>"$work/log"
"$go" list -tags $tags -deps ./cmd/kube-apiserver 2>"$work/log" |
  sed -n 's|^k8s\.io/kubernetes/||p' >"$work/packages"
mapfile -t described < <(while read -r package; do
  case $package in vendor/k8s.io/kube-openapi/*) continue ;; esac
  ! grep -qsF -- '+k8s:openapi-gen=' "$package"/*.go || echo "k8s.io/kubernetes/$package"
done <"$work/packages")
"$work/openapi-gen" --go-header-file vendor/k8s.io/code-generator/hack/boilerplate.go.txt \
  --input-dirs "$(IFS=, && echo "${described[*]}")" --output-package k8s.io/kubernetes/pkg/generated/openapi \
  --output-file-base zz_generated.openapi --report-filename "$work/violations" 2>"$work/log"

step="compile kube-apiserver"
version=$(basename "$work"/kubernetes_*.dsc .dsc | sed 's/^kubernetes_//; s/.*really//; s/-.*//')
IFS=. read -r major minor _ <<<"$version"
flags='-s -w'
for package in k8s.io/kubernetes/vendor/k8s.io/{component-base,client-go/pkg}/version; do
  flags+=" -X $package.gitVersion=v$version -X $package.gitMajor=$major -X $package.gitMinor=$minor -X $package.gitTreeState=archive"
done
total=$(wc -l <"$work/packages")
say "compiling kube-apiserver $version ($total packages)"
set -m # a process group of its own
"$go" build -v -p "${JOBS:-$(nproc)}" -tags $tags -ldflags "$flags" -o "$work/kube-apiserver" ./cmd/kube-apiserver \
  9>&- 2>"$work/log" &
compiler=$!
set +m
for ((tick = 1; ; tick++)); do
  kill -0 $compiler 2>/dev/null || break
  sleep 1
  ((tick % 60)) || say "compiled $(wc -l <"$work/log") of about $total packages"
done
wait $compiler
compiler=''

step="start what was built"
"$work/kube-apiserver" --version >"$work/log"
step="put it into $cache"
mv -f "$work/kube-apiserver" "$built" # the same file system: all of it or nothing
say "built kube-apiserver $version: $built"
echo "$built"
