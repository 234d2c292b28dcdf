//go:build js

// Program empty does nothing. `make wasm` measures the others against it.
package main

func main() {}
