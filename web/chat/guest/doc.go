// Package guest is a person's side of the chat, without a user interface: it
// joins the room again after every reconnection, keeps what was written until the
// server has it, and tells a [View] what to show. The browser program (wasm) and
// the terminal client (web/terminal) share it; web/static/js/guest.js is its twin
// in JavaScript.
package guest
