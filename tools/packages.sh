#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings the Debian packages that are missing, or says in one line what to install.
# usage: packages.sh build|check
set -u
build='gcc libc6-dev meson ninja-build pkg-config gettext python3
libgdal-dev libproj-dev libxml2-dev libyaml-dev libmicrohttpd-dev libdeflate-dev libturbojpeg0-dev libdnnl-dev libzstd-dev'
check='clang-format clang-tidy clang libclang-rt-14-dev git'
case ${1:-build} in
build) want=$build ;;
check) want="$build $check" ;;
*) echo "packages.sh: $1 is no list of packages" >&2; echo "say build or check" >&2; exit 2 ;;
esac

missing=
for p in $want; do
    dpkg-query -W -f='${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    sudo=
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo=sudo
else
    echo "These Debian packages are missing, and only root can install them:" >&2
    echo "apt-get install --no-install-recommends$missing" >&2
    exit 2
fi
echo "installing$missing"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
if $sudo env DEBIAN_FRONTEND=noninteractive sh -c "
        apt-get update -q && apt-get install -q -y --no-install-recommends$missing" >"$log" 2>&1; then
    exit 0
fi

# apt's own cause, then the setting that mends it.
cause=$(grep -E '^(E:|Err:|W: Failed)|407|403|[Pp]roxy|Could not (resolve|connect)' "$log" | tail -n 3)
echo "apt could not install the packages:" >&2
echo "${cause:-$(tail -n 3 "$log")}" >&2
case $cause in
*407*) echo "the proxy wants a name and password: echo 'Acquire::http::Proxy \"http://NAME:PASSWORD@HOST:PORT\";' > /etc/apt/apt.conf.d/90proxy" >&2 ;;
*resolve*|*connect*|*onnection*) echo "if you are behind a proxy: echo 'Acquire::http::Proxy \"http://HOST:PORT\";' > /etc/apt/apt.conf.d/90proxy" >&2 ;;
*"Unable to locate"*) echo "this needs Debian 12 or later with its main archive: look at /etc/apt/sources.list" >&2 ;;
*certificate*|*Certificate*) echo "the proxy signs with its own certificate: put it into /usr/local/share/ca-certificates and run update-ca-certificates" >&2 ;;
*) echo "mend that, or install them by hand: apt-get install --no-install-recommends$missing" >&2 ;;
esac
exit 2
