#!/usr/bin/env bash
# Prints what the client costs in a browser, with both Go releases: the sizes of an empty
# Go program, one with fmt, encoding/json, context and syscall/js, a minimal chat client
# and the demo. Fails when the minimal client costs more than the ceiling, or reaches a
# package that a browser program should not pay for.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/tree.sh
# KB of brotli over the empty program, with the Go of go.mod and with the newer one.
# Brotli itself answers to a changed line with up to 5 KB more or less.
ceiling=${CEILING:-485}
ceiling_newest=${CEILING_NEWEST:-450}
forbidden='net/http|crypto/tls|encoding/json|log/slog|testing'

if ! command -v brotli >/dev/null; then
	echo "brotli is needed to measure (Debian: apt-get install brotli)" >&2
	exit 1
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
kb() { echo $((($(wc -c <"$1") + 500) / 1000)); }

status=0
row='%-14s %8s %8s %8s %10s\n'
measure() { # ceiling
	local program file size empty minimal
	printf "$row" "$(go env GOVERSION), KB" raw gzip brotli '+brotli'
	for program in wasm/empty wasm/json wasm/minimal wasm; do
		file=$tmp/program.wasm
		GOOS=js GOARCH=wasm go build -trimpath -ldflags='-s -w' -o "$file" "./$program"
		gzip -9 -n -k -f "$file"
		brotli -q 11 -f "$file" -o "$file.br"
		size=$(kb "$file.br")
		[ "$program" != wasm/empty ] || empty=$size
		[ "$program" != wasm/minimal ] || minimal=$((size - empty))
		printf "$row" "$program" "$(kb "$file")" "$(kb "$file.gz")" "$size" "+$((size - empty))"
	done
	if [ "$minimal" -gt "$1" ]; then
		echo "wasm/minimal costs $minimal KB over an empty program; the ceiling is $1 KB" >&2
		status=1
	fi
}

measure "$ceiling"
GOTOOLCHAIN=$newest measure "$ceiling_newest"
if bad=$(GOOS=js GOARCH=wasm go list -deps ./wasm/minimal | grep -xE "$forbidden"); then
	echo "wasm/minimal reaches" $bad >&2
	status=1
fi
exit $status
