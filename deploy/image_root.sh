#!/bin/sh
# Fills a folder with what binaries need to run, and nothing else: themselves, the
# libraries that they load, their packages' licences, certificates.
#
# usage: image_root.sh FOLDER BINARY …      (deploy/Dockerfile runs it)
set -eu
root=$1
shift

mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/etc/ssl/certs" "$root/proc" "$root/sys" \
  "$root/dev" "$root/run" "$root/var/lib/netprobe" "$root/var/lib/dpkg/status.d"
mkdir -m 1777 "$root/tmp"
# As in the distribution: /lib is /usr/lib. The loader's path is /lib64 on some.
for folder in lib lib64; do
  [ -L "/$folder" ] && mkdir -p "$root/usr/$folder" && ln -s "usr/$folder" "$root/$folder"
done

# Loaded at run time, from where the agent looks (src/store/duckdb/library.cc).
if [ -e /out/libduckdb.so ]; then
  mkdir -p "$root/usr/lib/netprobe" "$root/usr/share/doc/libduckdb"
  cp /out/libduckdb.so "$root/usr/lib/netprobe/"
  [ ! -e /out/libduckdb.LICENSE ] || cp /out/libduckdb.LICENSE "$root/usr/share/doc/libduckdb/copyright"
fi

# The same of gRPC's (src/agent/agent_link.cc).
if [ -e /out/netprobe-link.so ]; then
  mkdir -p "$root/usr/lib/netprobe"
  cp /out/netprobe-link.so "$root/usr/lib/netprobe/"
fi

loaded=$(mktemp)
[ ! -e /out/netprobe-link.so ] || ldd /out/netprobe-link.so >>"$loaded"
[ ! -e /out/libduckdb.so ] || ldd /out/libduckdb.so >>"$loaded"
for binary in "$@"; do
  cp "$binary" "$root/usr/bin/"
  ldd "$binary" >>"$loaded"
done
if grep 'not found' "$loaded" >&2; then
  echo "image_root: these libraries have no package in deploy/Dockerfile's list" >&2
  exit 1
fi

# "libx.so.1 => /lib/…/libx.so.1 (0x…)", and the loader as "/lib64/ld-… (0x…)".
awk '{for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i}' "$loaded" | sort -u |
  while read -r library; do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
    # Packages name files as they did before /lib and /usr/lib became one.
    real=$(realpath "$library")
    package=$(dpkg -S "$real" "${real#/usr}" "$library" 2>/dev/null | sed -n '1s/:.*//p')
    [ -n "$package" ] || { echo "image_root: no package owns $library" >&2; exit 1; }
    mkdir -p "$root/usr/share/doc/$package"
    cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
    # What scanners of images read to know versions.
    dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
  done

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp /etc/os-release "$root/etc/"
echo 'root:x:0:0:root:/:/sbin/nologin' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

# The proof: it starts there.
for binary in "$@"; do
  chroot "$root" "/usr/bin/${binary##*/}" --help >/dev/null
done
