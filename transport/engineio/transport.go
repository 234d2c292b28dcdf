package engineio

// Transport names what carries a session, as the query of a request and the
// handshake do.
// https://socket.io/docs/v4/engine-io-protocol/#transports
type Transport string

const (
	Polling   Transport = "polling"   // HTTP long-polling: a GET that waits, and POSTs
	WebSocket Transport = "websocket" // one message a packet
)
