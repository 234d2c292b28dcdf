#!/usr/bin/env bash
# Checks the source of every module without running it: gofmt, go mod tidy, go vet of
# both Go releases and staticcheck, natively and for js; that docs/api holds the
# exported API; that nothing which is required has a known vulnerability.
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

# The database of https://vuln.go.dev is published as a module too, which so needs no
# other host than the rest. It is not pinned: an old database finds nothing new.
vulnerable() {
	local database=golang.org/x/vulndb@latest folder day
	go mod download "$database" &&
		read -r folder day < <(go list -m -f '{{.Dir}} {{.Time.Format "2006-01-02"}}' "$database") ||
		{ echo "vulnerabilities are not checked: there is no $database" && return 1; }
	scan() { "$tmp/govulncheck" -format json -db "file://$folder/data/osv" "$@"; }
	echo "vulnerabilities known on $day"
	for m in $(modules); do
		in_module "$m" scan ./... || exit
		mapfile -t packages < <(js_packages "$m")
		[ ${#packages[@]} = 0 ] || js in_module "$m" scan "${packages[@]}" || exit
	done | "$tmp/vulns"
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
check vulnerabilities vulnerable

if [ ${#failed[@]} -gt 0 ]; then
	printf 'lint failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
echo "lint: gofmt, go mod tidy, go vet, staticcheck, exported API and vulnerabilities are in order, natively and for js"
