#!/usr/bin/env bash
# Runs a packed archive in a root folder that holds nothing but it, glibc, a shell and a software Vulkan driver. Needs root (chroot).
#   scripts/pack/checkInEmptyRoot.sh ARCHIVE [ROOT]
# ROOT: a prepared system with its own Vulkan loader and driver to run in instead, e.g. a minimal Debian with mesa-vulkan-drivers.
set -euo pipefail
archive=$(readlink -f "$1")
root=${2:-}
[[ -n $root ]] || { root=$(mktemp -d); made=$root; }
place=$root/opt/ropewalk-check
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$place" ${made:+"$made"}' EXIT
mkdir -p "$place" "$root/proc" "$root/tmp"

if [[ -n ${made:-} ]]; then
  copy() { mkdir -p "$root$(dirname "$1")"; cp -L "$1" "$root$1"; }
  browser=/usr/lib/chromium
  # The shell, the tools that the launcher calls, the driver, and the parts of glibc that they and Node ask for; no C++ runtime, no loader.
  for program in /bin/sh /usr/bin/readlink /bin/ls; do copy "$program"; done
  mkdir -p "$root$browser" && cp -L $browser/libvk_swiftshader.so $browser/vk_swiftshader_icd.json "$root$browser"
  { ldd /bin/sh /usr/bin/readlink /bin/ls $browser/libvk_swiftshader.so "$(command -v node)"; } | sed -nE 's/^[[:space:]]+([^ ]+ => )?(\/[^ ]*) \(.*/\2/p' |
    grep -v 'libstdc++\|libgcc_s\|libvulkan' | sort -u | while read -r library; do copy "$library"; done
  export VK_DRIVER_FILES=$browser/vk_swiftshader_icd.json
fi
tar -C "$place" --strip-components=1 -xf "$archive"
mount -t proc proc "$root/proc" 2>/dev/null || true
inside() { echo "\$ ./lab $*"; chroot "$root" /bin/sh -c "cd /opt/ropewalk-check && ./lab $*"; }

inside devices
inside bench --lengths 256 --steps 2
inside train assets/recipes/pretrain-nano.json --out /tmp/run --steps 3
inside plan assets/recipes/27m-32k.json
