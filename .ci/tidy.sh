#!/usr/bin/env bash
# Tidies the go.mod of every module.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/tree.sh

for m in $(modules); do
	go -C "$m" mod tidy
done
