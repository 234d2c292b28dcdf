package socketio

import (
	"errors"
	"fmt"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
)

var (
	// ErrClosed is returned by the methods of a socket that is closed, or whose manager is.
	ErrClosed = errors.New("socketio: closed")

	// ErrBufferFull is returned by Emit and Request when what waits to be sent is
	// at the limit, see Options.SendBufferBytes. Nothing was sent then.
	ErrBufferFull = errors.New("socketio: send buffer full")

	// ErrVersion is matched by the error for a server of another protocol
	// revision, such as Socket.IO 2.
	ErrVersion = engineclient.ErrVersion

	// ErrNoTransport is matched by the error when the runtime lacks every
	// transport that Options.Transports names.
	ErrNoTransport = engineclient.ErrNoTransport
)

// Types that both ends share, by the names under which a client meets them.
type (
	// Message is an incoming event, or the answer to a Request.
	Message = event.Message
	// Handler receives one incoming event.
	Handler = event.Handler
	// Reason is why a socket was disconnected.
	Reason = event.Reason
	// ConnectError tells that the server refused a namespace.
	ConnectError = event.ConnectError
	// DisconnectError tells that a socket was disconnected.
	DisconnectError = event.DisconnectError
	// AckError is an error that the other side answered a request with.
	AckError = event.AckError

	// StatusError tells of an HTTP answer that is not the one wanted, with the
	// code and the message of the server if it gave them.
	StatusError = engineclient.StatusError
	// AnswerError tells that what answered is not a Socket.IO server.
	AnswerError = engineclient.AnswerError
)

// The reasons that a client meets. All but the first two are followed by
// automatic reconnection.
const (
	ServerDisconnect = event.ServerDisconnect // the server disconnected the socket
	ClientDisconnect = event.ClientDisconnect // Disconnect or Close was called
	PingTimeout      = event.PingTimeout      // the server was silent for longer than the heartbeat allows
	TransportClose   = event.TransportClose   // the connection was closed, or the network lost
	TransportError   = event.TransportError   // the connection failed
	ParseError       = event.ParseError       // the server sent something that is not Socket.IO
)

// final reports whether an attempt that failed with err is the last one. Before a
// namespace was joined that is so if the server speaks another protocol revision, or
// refuses the client (Engine.IO code 4 of an allowRequest). Whatever else answers may be a
// server that is being replaced, a proxy in its place or a network that wants a login
// first, and later on even these may be. A runtime does not get a transport it lacks.
func final(err error, joined bool) bool {
	if errors.Is(err, ErrNoTransport) {
		return true
	}
	status, ok := errors.AsType[*StatusError](err)
	return !joined && (errors.Is(err, ErrVersion) || ok && status.Code == engineio.CodeForbidden)
}

// errNoConnectAnswer is part of the error when ctx of Connect is done while the
// namespace is being joined.
var errNoConnectAnswer = errors.New("the connection is open, the server has not answered CONNECT yet")

// errBehind is reported once a socket.
var errBehind = errors.New("socketio: handlers are behind, nothing is read from the server until they are not")

// errUnanswered is part of the error when the server ends a connection at CONNECT.
var errUnanswered = errors.New("socketio: ended before the server answered CONNECT, as one with another parser does")

// errNetworkLost is the cause of a disconnect after transport.Offline.
var errNetworkLost = errors.New("socketio: network connection lost")

// errSuspended is the cause of a disconnect after transport.Suspended.
var errSuspended = errors.New("socketio: program suspended")

func connectFailed(namespace string, err error) error {
	return fmt.Errorf("socketio: connect to %s: %w", namespace, err)
}
