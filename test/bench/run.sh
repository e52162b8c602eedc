#!/bin/sh
# Installs the peers (Debian, root), builds everything and measures. Arguments go to transom-bench: -quick, -only ...
set -e
cd "$(dirname "$0")"
../install.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd ../.. && CGO_ENABLED=0 go build -trimpath -o "$work/transom" ./cmd/transom)
gcc -O2 -Wall -o "$work/splice" splice/splice.c
go build -o "$work/transom-bench" .
"$work/transom-bench" -transom "$work/transom" -splice "$work/splice" "$@"
