#!/usr/bin/env bash
# libnetprobe from an installed prefix: `cmake --install`, then the examples built
# out of the tree by find_package (with the project's compiler) and by pkg-config
# (with another, g++, where it is there), and both sets run by the test of examples.
#
# usage: install_test.sh BUILD_FOLDER TEST_PROGRAM
# environment: NETPROBE_BIN, a build folder to install instead; NETPROBE_SANITIZE,
# what BUILD_FOLDER was built with
set -euo pipefail

build=${NETPROBE_BIN:-$1}
test_program=$2
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
flags=()
[ -z "${NETPROBE_BIN:-}" ] && [ -n "${NETPROBE_SANITIZE:-}" ] && flags=("-fsanitize=$NETPROBE_SANITIZE")

if [ "$(id -u)" -ne 0 ]; then
  echo "skipped: the examples load BPF programs, which needs root"
  exit 77
fi
for program in cmake pkg-config clang++-19; do
  if ! command -v "$program" >/dev/null; then
    echo "skipped: needs the program $program"
    exit 77
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
# What is installed has to be built: in this folder the tests' own parts are.
cmake --build "$build" --target libnetprobe netprobe netprobe-agent >/dev/null
cmake --install "$build" --prefix "$prefix" >/dev/null
# Nothing may depend on where it was installed first.
mv "$prefix" "$work/moved"
prefix=$work/moved
lib=$(dirname "$(find "$prefix" -name libnetprobe.so)")

echo "== programs"
"$prefix/bin/netprobe-agent" --version
"$prefix/bin/netprobe" version

echo "== what the library shows"
shown=$(nm -DC --defined-only "$lib/libnetprobe.so" | sed -E 's/^[0-9a-f]+ [A-Za-z] //' |
  grep -vE '^NETPROBE_0' || true)
if [ -z "$shown" ] || grep -vE '^netprobe::v0::' <<<"$shown"; then
  echo "install_test: libnetprobe.so shows more than netprobe::v0 (above)"
  exit 1
fi

echo "== headers stand alone, for both compilers"
for header in "$prefix"/include/netprobe/*.h; do
  name=netprobe/$(basename "$header")
  for compiler in clang++-19 g++; do
    command -v "$compiler" >/dev/null || continue
    echo "#include <$name>" | "$compiler" -std=c++23 -Wall -Wextra -Wpedantic -Werror \
      -I"$prefix/include" -fsyntax-only -x c++ -
  done
  if grep -E '#include *"|<(boost|fmt|spdlog|bpf|linux)/' "$header"; then
    echo "install_test: $name needs more than the standard library"
    exit 1
  fi
done

echo "== find_package"
cmake -S "$source_dir/examples" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_CXX_FLAGS="${flags[*]:-}" >/dev/null
cmake --build "$work/cmake" >/dev/null
NETPROBE_EXAMPLES=$work/cmake "$test_program" --gtest_brief=1

echo "== pkg-config"
compiler=g++
if [ ${#flags[@]} -gt 0 ] || ! command -v g++ >/dev/null; then compiler=clang++-19; fi
export PKG_CONFIG_PATH=$lib/pkgconfig
pkg-config --exists 'netprobe >= 0.1'
mkdir "$work/pkg"
for example in "$source_dir"/examples/*.cc; do
  # shellcheck disable=SC2046  # it is a list of flags
  "$compiler" -std=c++23 -O1 "${flags[@]}" "$example" -o "$work/pkg/$(basename "$example" .cc)" \
    $(pkg-config --cflags --libs netprobe) -Wl,-rpath,"$lib"
done
NETPROBE_EXAMPLES=$work/pkg "$test_program" --gtest_brief=1
echo "install_test: passed"
