// Package chat is the contract of the demo's chat: its events and their types,
// declared once and imported by the server (web/host), by the browser program
// (wasm), and by the terminal client (web/terminal).
//
// A socket that has connected asks to [Join] a room, and is in one room at a
// time. It may then [Post], and gets what others do as [Posted], [Presence] and
// [Typed] events. Nothing is kept on disk: the server remembers a bounded number
// of messages of each room until it stops, and says in [Joined] when it cannot
// give what a reconnected client lacks.
package chat
