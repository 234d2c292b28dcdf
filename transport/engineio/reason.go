package engineio

// Reason says why a session ended, in the words of engine.io/lib/socket.ts and
// engine.io-client/lib/socket.ts.
type Reason string

const (
	PingTimeout    Reason = "ping timeout"    // the peer was silent for longer than the heartbeat allows
	TransportClose Reason = "transport close" // the peer, or the network, closed the connection
	TransportError Reason = "transport error" // the connection failed, or the peer misused it
	ParseError     Reason = "parse error"     // the peer sent something that is no packet
	ForcedClose    Reason = "forced close"    // this end closed
)
