#!/usr/bin/env bash
# Runs every test, on both runtimes, and fails on anything that failed or was skipped.
# With names of suites as arguments (imports native node chromium browser) only those.
set -euo pipefail
cd "$(dirname "$0")/.."

# The packages whose tests are compiled to wasm as well.
js_packages=(./transport/... ./transport_js/... ./socketio/... ./web/chat/...)

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/testreport" ./.ci/testreport
go build -o "$bin/wasmrun" ./browsertest/wasmrun

failed=()
suite() { # name, then the go test command line
	local name=$1
	shift
	echo "== $name"
	if ! "$@" -json 2>&1 | "$bin/testreport" -totals "$bin/totals"; then
		failed+=("$name")
	fi
}
js() { GOOS=js GOARCH=wasm go test "$@"; }

# The import rules come first: what breaks them breaks the design, and it takes a second.
imports() { suite "import rules" go test -count=1 -run TestImports ./socketio; }
native() {
	mapfile -t packages < <(go list ./... ./.ci/testreport | grep -v /browsertest)
	suite "native, with the race detector" go test -race -count=1 -timeout 8m "${packages[@]}"
}
node() { suite "js in Node" js -count=1 -timeout 5m -exec "$bin/wasmrun -node" "${js_packages[@]}"; }
chromium() { suite "js in Chromium" js -count=1 -timeout 5m -p 1 -exec "$bin/wasmrun" "${js_packages[@]}"; }
browser() { suite "browsers and official peers" go test -race -count=1 -timeout 10m -p 1 ./browsertest/...; }

start=$SECONDS
for s in "${@:-imports native node chromium browser}"; do
	for one in $s; do "$one"; done
done

echo "== $((SECONDS - start)) s"
awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' "$bin/totals"
if [ ${#failed[@]} -gt 0 ]; then
	printf 'failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
