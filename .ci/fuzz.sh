#!/usr/bin/env bash
# Runs every fuzz target of every module, one after the other, for a while each.
set -euo pipefail
cd "$(dirname "$0")/.."

for dir in $(git grep -l '^func Fuzz' -- '*_test.go' ':!*/testdata/*' | xargs -n1 dirname | sort -u); do
	for target in $(go -C "$dir" test -list '^Fuzz' . | grep '^Fuzz'); do
		echo "== $dir $target"
		go -C "$dir" test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-30s}" .
	done
done
