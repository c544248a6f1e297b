#!/usr/bin/env bash
# clang-tidy over C++ sources, with the compile commands of build/dev.
#
# usage: scripts/tidy.sh [--all | FILE …]
#   without arguments: the files that differ from the branch point with main,
#   and those not committed yet. JOBS sets how many run at once (2).
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -f build/dev/compile_commands.json ]; then
  cmake --preset dev >/dev/null
fi
# Sources include skeletons that the build makes.
cmake --build --preset dev --target netprobe-ebpf >/dev/null

case ${1:-} in
  --all) mapfile -t files < <(git ls-files 'src/*.cc' 'tests/*.cc' 'bench/*.cc') ;;
  '')
    base=$(git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
    mapfile -t files < <({
      git diff --name-only --diff-filter=d "$base" -- '*.cc'
      git ls-files --others --exclude-standard -- '*.cc'
    } | sort -u)
    ;;
  *) files=("$@") ;;
esac

# Only what the build compiles: clang-tidy guesses flags for anything else.
known=()
for file in "${files[@]}"; do
  grep -qF "/$file\"" build/dev/compile_commands.json && known+=("$file")
done
if [ ${#known[@]} -eq 0 ]; then
  echo "tidy: no source to look at"
  exit 0
fi
echo "tidy: ${#known[@]} files"
printf '%s\0' "${known[@]}" | xargs -0 -n 1 -P "${JOBS:-2}" clang-tidy-19 --quiet -p build/dev
