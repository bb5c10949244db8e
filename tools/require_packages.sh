#!/bin/sh
# Debian packages the tests need, foreign programs and a browser: installed when root, else named. `tools/require_packages.sh PACKAGE …`
set -eu
missing=""
for package in "$@"; do
    case $package in
        chromium-headless-shell) command -v chromium-headless-shell >/dev/null ;;
        poppler-utils) command -v pdfsig >/dev/null && command -v pdftotext >/dev/null ;;
        *) dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ;;
    esac || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "安装（apt）Installing with apt:$missing …" >&2
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
fi
echo "测试需要以下软件包，请先安装： The tests need these packages. Install them first:" >&2
echo "    sudo apt install$missing" >&2
exit 1
