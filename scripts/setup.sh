#!/usr/bin/env bash
# Installs what a build (and, with "test", the test suite) needs from the
# distribution's own packages. Safe to repeat: what is there already is left
# alone, and a machine that has everything is not touched at all.
#
# usage: scripts/setup.sh build|test
set -euo pipefail

what=${1:-build}
case $what in
  build | test) ;;
  *)
    echo "setup: unknown set '$what'; it is one of: build, test" >&2
    exit 2
    ;;
esac

# Compiler and BPF tool chain, then libraries, then what the agent's user
# meets on the command line.
build_packages=(
  clang-19 lld-19 llvm-19 cmake ninja-build ccache make git pkg-config
  libbpf-dev bpftool libelf-dev zlib1g-dev libzstd-dev
  libboost1.81-dev libboost-json1.81-dev libspdlog-dev libfmt-dev
  libcli11-dev libyaml-cpp-dev libsimdjson-dev libre2-dev libcurl4-openssl-dev libssl-dev libmnl-dev libpsl-dev
  libgrpc++-dev protobuf-compiler-grpc protobuf-compiler libprotobuf-dev
  librdkafka-dev
  libsnappy-dev libisal-dev
  iproute2 curl ca-certificates openssl
)
test_packages=(
  clang-format-19 clang-tidy-19 libclang-rt-19-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  iputils-ping iperf3 nginx-light dnsmasq-base bind9-dnsutils nftables ethtool
  nmap hping3 hydra slowhttptest iodine dsniff
  tshark nfdump prometheus prometheus-alertmanager jq procps netcat-openbsd socat python3 netsniff-ng
  qemu-system-x86 busybox-static cpio kmod xz-utils
  etcd-server clickhouse-server rsyslog rsyslog-openssl
  # The page, in a browser; names in Chinese have glyphs in its pictures.
  chromium fonts-noto-cjk
  # Receivers of OTLP are made of the official services.
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
  libopentelemetry-proto-dev
  # The agent's image, and Helm's templates without Helm.
  buildah mmdebstrap runc golang-go golang-github-masterminds-sprig-dev
  golang-github-xeipuuv-gojsonschema-dev golang-gopkg-yaml.v3-dev
)
# Some other kubectl will do, and Debian's cannot be installed beside it.
command -v kubectl >/dev/null || test_packages+=(kubernetes-client)

# Fetches history's library (scripts/duckdb.sh). Another npm will do, and Debian's
# cannot be installed beside it.
command -v npm >/dev/null || build_packages+=(npm)

packages=("${build_packages[@]}")
[ "$what" = test ] && packages+=("${test_packages[@]}")

# libbpf 1.3 brought TCX links. Where the release's own is older, these three
# come from the release's backports suite, because the backported libelf cannot
# be linked statically. One package more comes from there where the release has
# none at all: libopentelemetry-proto-dev, for tests.
readonly libbpf_floor=1.3
readonly from_backports=(libbpf-dev libbpf1 bpftool)

version_at_least() { # $1 = Debian version, with or without an epoch; $2 = floor
  dpkg --compare-versions "${1#*:}" ge "$2"
}
installed() {
  dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}
installed_version() {
  dpkg-query -W -f='${Version}' "$1" 2>/dev/null || true
}

missing=()
for package in "${packages[@]}"; do
  if [ "$package" = libbpf-dev ]; then
    have=$(installed_version libbpf-dev)
    [ -n "$have" ] && installed libbpf-dev && version_at_least "$have" "$libbpf_floor" && continue
  elif [ "$package" = bpftool ]; then
    have=$(installed_version bpftool)
    [ -n "$have" ] && installed bpftool && version_at_least "$have" 7.3 && continue
  elif installed "$package"; then
    continue
  fi
  missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup: this is not a Debian system (no apt-get); install these by hand and repeat: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: these packages are missing: ${missing[*]}; run again with sudo" >&2
  exit 1
fi

echo "setup: installing ${#missing[@]} packages (${missing[*]})"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq

# The backports suite lives on the same mirror as the release: ask apt where
# that is instead of naming a host. Every Debian mirror has it.
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
candidate=$(apt-cache policy libbpf-dev | awk '/Candidate:/ {print $2}')
has_candidate() {
  apt-cache policy "$1" | grep -q 'Candidate: [0-9]'
}
backports=()
if ! version_at_least "${candidate:-0}" "$libbpf_floor" ||
  { [[ " ${missing[*]} " == *" libopentelemetry-proto-dev "* ]] && ! has_candidate libopentelemetry-proto-dev; }; then
  suite=$codename-backports
  list=/etc/apt/sources.list.d/netprobe-backports.list
  if ! apt-cache policy | grep -q "a=[a-z-]*backports\|n=$suite"; then
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
      awk -v c="$codename" '$2 == c && $3 == "main" {print $1; exit}')
    if [ -z "$mirror" ]; then
      echo "setup: no mirror of $codename/main is configured; add $suite to apt's sources and repeat" >&2
      exit 1
    fi
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$keyring] $mirror $suite main" >"$list"
    apt-get update -qq
  fi
  for package in "${missing[@]}"; do
    [ "$package" = libbpf-dev ] && backports=("${from_backports[@]}")
    [ "$package" = bpftool ] && backports=("${from_backports[@]}")
  done
fi

# Tests start their own servers (etcd, nginx, Prometheus, Alertmanager, ClickHouse): none that
# is installed for them shall run as a service, neither now nor after the next boot.
services=()
for package in etcd-server nginx-light prometheus prometheus-alertmanager clickhouse-server \
  nfdump; do
  case $package in
    etcd-server | nginx-light) service=${package%-*} ;;
    *) service=$package ;;
  esac
  # One that is there already, from whatever package, is the user's.
  [ ! -e "/lib/systemd/system/$service.service" ] && [ ! -e "/etc/init.d/$service" ] || continue
  [[ " ${missing[*]} " != *" $package "* ]] || services+=("$service")
done
policy=/usr/sbin/policy-rc.d
if [ ${#services[@]} -gt 0 ] && [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\n# Of scripts/setup.sh, while it works.\nexit 101\n' >$policy
  chmod +x $policy
fi

quiet=(-y -qq -o Dpkg::Use-Pty=0 --no-install-recommends)
if [ ${#backports[@]} -gt 0 ]; then
  # Named with "/suite", not with -t, so that only these three come from there.
  apt-get install "${quiet[@]}" "${backports[@]/%//$codename-backports}" >/dev/null
fi
apt-get install "${quiet[@]}" "${missing[@]}" >/dev/null
for service in "${services[@]}"; do
  systemctl --no-reload disable "$service.service" >/dev/null 2>&1 || true # also where systemd does not run
  update-rc.d "$service" disable >/dev/null 2>&1 || true
done
echo "setup: done"
