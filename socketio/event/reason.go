package event

// Reason is why a socket was disconnected, in the words of the JavaScript implementation.
// https://socket.io/docs/v4/server-socket-instance/#disconnect
// https://socket.io/docs/v4/client-socket-instance/#disconnect
type Reason string

const (
	PingTimeout    Reason = "ping timeout"    // the peer was silent for longer than the heartbeat allows
	TransportClose Reason = "transport close" // the connection was closed by the peer, or lost
	TransportError Reason = "transport error" // the connection failed
	ParseError     Reason = "parse error"     // the peer sent something that is no packet

	// As the server tells them.

	ServerNamespaceDisconnect Reason = "server namespace disconnect" // Socket.Disconnect of the server
	ClientNamespaceDisconnect Reason = "client namespace disconnect" // the client left the namespace
	ServerShuttingDown        Reason = "server shutting down"        // Server.Shutdown or Close
	ForcedClose               Reason = "forced close"                // the peer sent an invalid packet
	ForcedServerClose         Reason = "forced server close"         // the client joined no namespace in time

	// As the client tells them.

	ServerDisconnect Reason = "io server disconnect" // the server disconnected the socket; it does not reconnect by itself
	ClientDisconnect Reason = "io client disconnect" // the socket was closed by its own program
)
