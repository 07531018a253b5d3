#!/usr/bin/env bash
# Programs that the tests use for real, from the operating system's packages: installed where we may (as root, or
# with a sudo that asks nothing), otherwise named, and the tests that need them skip with that reason.
set -u
declare -A needs=(
  [mosquitto]="mosquitto"
  [ffmpeg]="ffmpeg"
  [gcc]="gcc libc6-dev"
  [systemd-analyze]="systemd"
  [nbdkit]="nbdkit nbdkit-plugin-python"
  [nbdfuse]="libnbd-bin"
  [fusermount3]="fuse3"
  [bmaptool]="bmap-tools"
  [dbus-daemon]="dbus"
  [debugfs]="e2fsprogs"
  [depmod]="kmod"
  [fsck.vfat]="dosfstools"
  [mcopy]="mtools"
  [mke2fs]="e2fsprogs"
  [mkfs.vfat]="dosfstools"
  [mksquashfs]="squashfs-tools"
  [rauc]="rauc"
  [sfdisk]="fdisk"
  [zstd]="zstd"
)
if [ "${1:-}" = long ]; then # what only the long tests need
  needs[systemd-nspawn]="systemd-container"
  needs[mmdebstrap]="mmdebstrap"
  needs[arch-test]="arch-test"
  needs[qemu-system-aarch64]="qemu-system-arm"
  needs[qemu-img]="qemu-utils"
  needs[mtype]="mtools"
  needs[qemu-aarch64-static]="qemu-user-static"
  needs[update-binfmts]="binfmt-support"
fi
missing=()
for program in "${!needs[@]}"; do
  command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing+=(${needs[$program]})
done
rtsp_packages="python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly"
probe='import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer'
/usr/bin/python3 -c "$probe" 2>/dev/null || missing+=($rtsp_packages)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "== not installed here, tests that need them skip: ${missing[*]}"
  exit 0
fi
if [ "$(id -u)" -eq 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else
  echo "== tests that need these packages skip; install them with: sudo apt-get install ${missing[*]}"
  exit 0
fi
echo "== installing system packages for the tests: ${missing[*]}"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
  || echo "== could not install: ${missing[*]}; tests that need them skip"
exit 0
