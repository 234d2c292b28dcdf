#!/usr/bin/env bash
# Runs every test of every module, on both runtimes and both Go releases, and fails on
# anything that failed or was skipped. With names of suites as arguments (imports
# native node chromium browser world newest) only those.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/tree.sh

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -C .ci -o "$bin/" ./testreport
go build -o "$bin/" ./browsertest/wasmrun

failed=()
suite() { # name, module, then the arguments of go test
	local name=$1 m=$2
	shift 2
	[ "$m" = . ] || name+=", $m"
	echo "== $name"
	if ! go -C "$m" test -json -count=1 "$@" 2>&1 | "$bin/testreport" -totals "$bin/totals"; then
		failed+=("$name")
	fi
}
each() { # what prints packages of a module; then as for suite, without the module and the packages
	local packages m list=$1 name=$2
	shift 2
	for m in $(modules); do
		mapfile -t packages < <("$list" "$m")
		[ ${#packages[@]} = 0 ] || suite "$name" "$m" "$@" "${packages[@]}"
	done
}
library() { go -C "$1" list ./... | { grep -v "^$module/browsertest" || true; }; }
js_library() { js_packages "$1" -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}'; }
system() { go -C "$1" list ./... | { grep "^$module/browsertest" || true; } | { grep -v "^$module/browsertest/world" || true; }; }

# The import rules come first: what breaks them breaks the design, and it takes a second.
imports() { suite "import rules" . -run TestImports ./socketio; }
native() { each library "native, with the race detector" -race -timeout 8m; }
node() { GOOS=js GOARCH=wasm each js_library "js in Node" -timeout 5m -exec "$bin/wasmrun -node"; }
chromium() { GOOS=js GOARCH=wasm each js_library "js in Chromium" -timeout 5m -p 1 -exec "$bin/wasmrun"; }
browser() { each system "browsers and official peers" -race -timeout 10m; }
world() { suite "both ends in one world" . -race -timeout 8m ./browsertest/world; }
newest() {
	local -x GOTOOLCHAIN=$newest
	local m
	for m in $(modules); do
		go -C "$m" build -o /dev/null ./... || failed+=("build with $newest, $m")
	done
	each library "native, with $newest" -timeout 8m
}

start=$SECONDS
for s in "${@:-imports native node chromium browser world newest}"; do
	for one in $s; do "$one"; done
done

echo "== $((SECONDS - start)) s"
awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' "$bin/totals"
if [ ${#failed[@]} -gt 0 ]; then
	printf 'failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
