#!/usr/bin/env bash
# gofmt, go vet and staticcheck (pinned), each for native and for js.
set -euo pipefail
cd "$(dirname "$0")/.."

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2
js_packages=(./transport/... ./transport_js/... ./socketio/... ./wasm/... ./web/chat/... ./browsertest/scenario/... ./browsertest/bench/page/...)

unformatted=$(gofmt -l $(git ls-files '*.go'))
if [ -n "$unformatted" ]; then
	printf 'not gofmt-ed:\n%s\n' "$unformatted" >&2
	exit 1
fi
go mod tidy -diff
go vet ./... ./.ci/testreport
GOOS=js GOARCH=wasm go vet "${js_packages[@]}"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN=$bin go install "$staticcheck"
"$bin/staticcheck" ./... ./.ci/testreport
GOOS=js GOARCH=wasm "$bin/staticcheck" "${js_packages[@]}"
echo "lint: gofmt, go mod tidy, go vet and staticcheck found nothing, natively and for js"
