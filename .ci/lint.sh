#!/usr/bin/env bash
# Checks the source of every module without running it: gofmt, go mod tidy, go vet of
# both Go releases and staticcheck, natively and for js; that docs/api holds the
# exported API.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/tree.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
go build -C .ci -o "$tmp/" tool ./... # the versions of the tools are in .ci/go.mod

failed=()
check() { # what it is, then the command
	local what=$1
	shift
	"$@" || failed+=("$what")
}
in_module() { (cd "$1" && "${@:2}"); }
js() { GOOS=js GOARCH=wasm "$@"; }

formatted() {
	local files
	files=$(gofmt -l $(git ls-files '*.go')) && [ -z "$files" ] || { echo "not gofmt-ed: $files" && false; }
}

recorded() {
	"$tmp/api" "$tmp/docs" $(modules) || return
	diff -ruN docs/api "$tmp/docs" ||
		{ echo "the exported API is not what docs/api says: run make api, and commit what it changes" && false; }
}

examine() { # a module, and packages of it
	local m=$1 where="$1, ${GOOS:-native}"
	shift
	check "go vet in $where" in_module "$m" go vet "$@"
	check "go vet of $newest in $where" in_module "$m" env GOTOOLCHAIN=$newest go vet "$@"
	check "staticcheck in $where" in_module "$m" "$tmp/staticcheck" "$@"
}

check gofmt formatted
for m in $(modules); do
	check "go mod tidy in $m" in_module "$m" go mod tidy -diff
	examine "$m" ./...
	mapfile -t packages < <(js_packages "$m")
	[ ${#packages[@]} = 0 ] || js examine "$m" "${packages[@]}"
done
check "exported API" recorded

if [ ${#failed[@]} -gt 0 ]; then
	printf 'lint failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
echo "lint: gofmt, go mod tidy, go vet, staticcheck and exported API are in order, natively and for js"
