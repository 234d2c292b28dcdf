# What the scripts know of the tree. They source it in the root of the repository.

# The newer of the two Go releases that are supported; go.mod names the older.
newest=go1.27.4

module=$(go list -m)

# What a browser runs: these folders and all below them, in whichever module.
browser_folders='transport|transport_js|socketio|wasm|web/chat|browsertest/scenario|browsertest/bench/page'

# modules prints the folder of every go.mod, the root first.
modules() { git ls-files --cached --others --exclude-standard -- go.mod '*/go.mod' | xargs -n1 dirname | sort; }

# js_packages prints the packages of the module in a folder that a browser runs. More
# arguments are flags of go list.
js_packages() { GOOS=js GOARCH=wasm go -C "$1" list -e "${@:2}" ./... | { grep -E "^$module/($browser_folders)(/|\$)" || true; }; }
