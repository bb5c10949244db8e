#!/bin/sh
# Make .venv with the locked packages: `tools/setup.sh product` or `tools/setup.sh develop`. Run by the Makefile.
set -eu
cd "$(dirname "$0")/.."
size=$1
case $size in product) lock=requirements.lock ;; develop) lock=requirements-dev.lock ;; *) exit 2 ;; esac

say() { printf '%s\n' "$*" >&2; }

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "需要 python3（3.11 或更高）。 python3, 3.11 or later, is needed: apt install python3 python3-venv"
    exit 1
fi

if [ ! -x .venv/bin/pip ]; then
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "安装 python3-venv（apt）。 Installing python3-venv with apt …"
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
        else
            say "缺少 python3-venv，请先安装： The package python3-venv is missing. Install it first:"
            say "    sudo apt install python3-venv"
            exit 1
        fi
    fi
    say "建立 .venv。 Making .venv …"
    python3 -m venv .venv
fi

say "安装软件包（$lock）。 Installing the packages of $lock …"
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock

# uv does not read pip's configuration: a mirror that is set for pip is meant for this as well.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    mirror=$(.venv/bin/pip config get global.index-url 2>/dev/null || true)
    if [ -n "$mirror" ]; then UV_DEFAULT_INDEX=$mirror; export UV_DEFAULT_INDEX; fi
fi
export VIRTUAL_ENV="$PWD/.venv"
if ! .venv/bin/uv pip sync --quiet --require-hashes "$lock"; then
    say "uv 未能安装，改用 pip（较慢）。 uv could not install them; trying pip, which is slower …"
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
fi
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
.venv/bin/zhengtong messages >/dev/null

# The bigger environment holds the smaller one; making the smaller one took away what only the bigger one has.
touch .venv/.product
if [ "$size" = develop ]; then touch .venv/.develop; else rm -f .venv/.develop; fi
