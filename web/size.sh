#!/usr/bin/env bash
# Prints what the client costs in a browser: the sizes of an empty Go program, one
# with fmt, encoding/json, context and syscall/js, a minimal chat client and the
# demo. Fails when the minimal client costs more than the ceiling, or reaches a
# package that a browser program should not pay for.
set -euo pipefail
cd "$(dirname "$0")/.."
# KB of brotli over the empty program. Two thirds of it are in wasm/json already: the
# client stands on encoding/json, fmt and context, and cannot cost less than those.
# Brotli itself answers to a changed line with up to 5 KB more or less.
ceiling=${CEILING:-515}
forbidden='net/http|crypto/tls|log/slog|testing'

if ! command -v brotli >/dev/null; then
	echo "brotli is needed to measure (Debian: apt-get install brotli)" >&2
	exit 1
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
kb() { echo $((($(wc -c <"$1") + 500) / 1000)); }

row='%-14s %8s %8s %8s %10s\n'
printf "$row" 'KB' raw gzip brotli '+brotli'
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

status=0
if [ "$minimal" -gt "$ceiling" ]; then
	echo "wasm/minimal costs $minimal KB over an empty program; the ceiling is $ceiling KB" >&2
	status=1
fi
if bad=$(GOOS=js GOARCH=wasm go list -deps ./wasm/minimal | grep -xE "$forbidden"); then
	echo "wasm/minimal reaches" $bad >&2
	status=1
fi
exit $status
