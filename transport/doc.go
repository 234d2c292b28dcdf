// Package transport is the contract between the Socket.IO protocol and the
// runtime it runs on.
//
// A runtime gives two verbs: open a pipe of messages ([Dialer], [Conn]) and do exactly
// one HTTP exchange ([RoundTripper]). Everything else, such as polling, probing,
// upgrading, heartbeat and reconnection, is protocol and is written once above
// them. The package names no type of net/http, so that it costs a browser
// program nothing.
//
// Implementations: [github.com/isosocket/isosocket/transport_native] (net/http, and
// frames of its own behind the handshake of coder/websocket),
// [github.com/isosocket/isosocket/transport_js] (the browser's WebSocket and fetch), and
// the in-memory pipe of
// [github.com/isosocket/isosocket/transport/transporttest], which also holds the
// conformance suite that all of them pass.
package transport
