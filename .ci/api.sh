#!/usr/bin/env bash
# Records the exported API of every public package in docs/api.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/tree.sh

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -C .ci -o "$bin/" ./api
rm -rf docs/api # with the files of packages that are gone
"$bin/api" docs/api $(modules)
