#!/bin/sh
# Runs every fuzz target of the tree for a while each: test/fuzz.sh 20s
set -e
cd "$(dirname "$0")/.."
grep -rlE '^func Fuzz' --include='*_test.go' internal cmd | while read -r file; do
  pkg=./$(dirname "$file")
  for target in $(grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | cut -c6-); do
    echo "$pkg $target"
    go test "$pkg" -run XXX -fuzz "^$target\$" -fuzztime "${1:-20s}" </dev/null | tail -1
  done
done
