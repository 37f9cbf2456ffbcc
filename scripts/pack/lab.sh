#!/bin/sh
# Ropewalk's headless runner, from wherever this folder was unpacked: ./lab bench, ./lab train RECIPE.json --out DIR, ./lab --help
set -eu
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=${self%/*}/$link ;; esac
done
case $self in */*) here=${self%/*} ;; *) here=. ;; esac
here=$(cd "$here" && pwd)

# The system's own libraries come first: a GPU's driver was built against them. Ours step in where it has none.
has() {
  for folder in /lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib64 /usr/lib64 /usr/lib /usr/local/lib; do
    [ -e "$folder/$1" ] && return 0
  done
  return 1
}
libraries=${LD_LIBRARY_PATH:-}
for library in libvulkan.so.1 libstdc++.so.6 libgcc_s.so.1; do
  has "$library" || libraries=${libraries:+$libraries:}$here/lib/${library%%.so*}
done
[ -z "$libraries" ] || export LD_LIBRARY_PATH="$libraries"

# Containers often mount NVIDIA's driver without the file that tells the Vulkan loader of it.
if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] && ! ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json >/dev/null 2>&1; then
  if has libGLX_nvidia.so.0 || has libEGL_nvidia.so.0; then export VK_DRIVER_FILES="$here/nvidia_icd.json"; fi
fi

export LAB_ASSETS="${LAB_ASSETS:-$here/assets}"
exec "$here/bin/node" "$here/runner/lab.mjs" "$@"
