#!/usr/bin/env bash
# Builds what the demo's pages need and puts it, with compressed copies, into
# web/static/built, which is not committed: the Go program as wasm, the wasm_exec.js of the
# same toolchain, and the official JavaScript client from npm.
set -euo pipefail
cd "$(dirname "$0")/.."
out=web/static/built
node=browsertest/node
mkdir -p "$out"

if ! command -v brotli >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
	echo "installing brotli"
	(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends brotli) >/dev/null || true
fi
command -v brotli >/dev/null || echo "brotli is not installed: the files are compressed with gzip only"

if ! cmp -s "$node/package-lock.json" "$node/node_modules/.installed"; then
	echo "installing the official JavaScript client"
	npm ci --prefix "$node" --no-audit --no-fund --silent
	cp "$node/package-lock.json" "$node/node_modules/.installed"
fi

# put copies a file into place with its compressed forms, unless it is there already.
put() { # from, name
	local to=$out/$2
	if cmp -s "$1" "$to" && [ -e "$to.gz" ] && { [ -e "$to.br" ] || ! command -v brotli >/dev/null; }; then
		return
	fi
	rm -f "$to" "$to.gz" "$to.br"
	gzip -9 -n -c "$1" >"$to.gz"
	! command -v brotli >/dev/null || brotli -q 11 -c "$1" >"$to.br"
	cp "$1" "$to"
	chmod 644 "$to"
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
GOOS=js GOARCH=wasm go build -trimpath -ldflags='-s -w' -o "$tmp/main.wasm" ./wasm
put "$tmp/main.wasm" main.wasm
put "$(go env GOROOT)/lib/wasm/wasm_exec.js" wasm_exec.js
put "$node/node_modules/socket.io-client/dist/socket.io.esm.min.js" socket.io.esm.min.js
