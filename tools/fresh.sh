#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A bare Debian 12 in a folder, and README's two commands in it: as root, then as an
# ordinary user with sudo. Needs root and mmdebstrap. FRESH_DIR: where (some 3 GB).
set -eu
[ "$(id -u)" -eq 0 ] || { echo "only root can build a Debian in a folder" >&2; echo "run it as root: sudo make fresh" >&2; exit 2; }
command -v mmdebstrap >/dev/null || apt-get install -q -y --no-install-recommends mmdebstrap >/dev/null
root=$(mktemp -d "${FRESH_DIR:-/tmp}/fresh.XXXXXX")
end() {
    umount "$root/proc" "$root/dev/pts" "$root/dev" 2>/dev/null || true
    [ -n "${FRESH_KEEP:-}" ] || rm -rf --one-file-system "$root"
}
trap end EXIT
mirror=${FRESH_MIRROR:-http://deb.debian.org/debian}
echo "fresh: a bare Debian 12 in $root"
mmdebstrap --quiet --variant=apt --include=git,make,sudo,ca-certificates bookworm "$root" "$mirror" >/dev/null
for f in /etc/resolv.conf /etc/hosts; do cp -L "$f" "$root$f" 2>/dev/null || true; done
mount --bind /dev "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t proc proc "$root/proc"
git clone -q . "$root/root/nadir"
chroot "$root" useradd -m -s /bin/bash monday
echo 'monday ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/monday"
in_it() { chroot "$root" env -i HOME="$1" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin TERM=dumb LANG=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} sh -c "$2"; }
echo "fresh: make demo && make test, as root"
in_it /root 'cd /root/nadir && make demo && make test'
echo "fresh: the same as an ordinary user with sudo"
cp -r "$root/root/nadir/.git" "$root/home/monday/nadir.git"
chroot "$root" chown -R monday: /home/monday
in_it /root 'apt-get purge -q -y meson ninja-build >/dev/null 2>&1; su - monday -c "git clone -q nadir.git nadir && cd nadir && make demo && make test"'
echo "fresh: both are green"
