// Package web is the demo: a chat on one port, whose page runs either the Go
// client as wasm or the official JavaScript client.
//
// [NewDemo] is the whole of it as an http.Handler. The pages, loader and styles
// are in the folder static and are embedded; so is what build.sh puts into
// static/built. Without that the pages are served too, and say what is missing.
package web
