#!/usr/bin/env bash
# Installs what the tests need and a machine lacks: a browser, brotli, a C compiler, the
# official JavaScript client and server. With bench also what only the benchmarks need.
# Does nothing where all of it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v brotli >/dev/null || missing+=(brotli)
# The race detector links with C. A compiler alone is not enough, it needs the C library.
if ! echo 'int main(void) { return 0; }' | $(go env CC) -x c -o /dev/null - 2>/dev/null; then
	missing+=(gcc libc6-dev)
fi
if [ "${1:-}" = bench ] && ! command -v firefox-esr >/dev/null; then
	missing+=(firefox-esr)
fi
if [ ${#missing[@]} -gt 0 ]; then
	echo "installing ${missing[*]}"
	if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		echo "please install ${missing[*]} (Debian: apt-get install ${missing[*]}), then run this again" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# The fonts let screenshots and the demo show text and emoji.
	apt-get install -y -qq --no-install-recommends "${missing[@]}" fonts-dejavu-core fonts-noto-color-emoji >/dev/null
fi

node=browsertest/node
if ! cmp -s "$node/package-lock.json" "$node/node_modules/.installed"; then
	echo "installing the official Socket.IO packages"
	npm ci --prefix "$node" --no-audit --no-fund --loglevel=error
	cp "$node/package-lock.json" "$node/node_modules/.installed"
fi
