package server

import (
	"errors"

	"github.com/isosocket/isosocket/socketio/event"
)

// ConnectError refuses a connection to a namespace when a middleware returns it:
// the client sees its Message and its Data. The same type as in package socketio.
type ConnectError = event.ConnectError

// ErrNotConnected is returned for what a socket is asked to send before its
// connection was answered, as in a middleware.
var ErrNotConnected = errors.New("server: socket not connected yet")

// ErrBufferFull is returned by Emit and Request for what does not fit into the
// client's send buffer, see Options.SendBufferBytes. Nothing was sent then.
var ErrBufferFull = errors.New("server: send buffer full")

// Why the connection of a client was closed or refused, told in the log.
var (
	errInvalidState   = errors.New("server: packet for a namespace that the client is not in")
	errConnectError   = errors.New("server: CONNECT_ERROR packet from a client")
	errManyNamespaces = errors.New("server: too many namespaces")
	errCrowded        = errors.New("server: too many handlers of sockets that have left are at work")
	errNoNamespace    = errors.New("server: no namespace joined in time")
	errSlow           = errors.New("server: a broadcast does not fit into the send buffer")
	errClosed         = errors.New("server: closed")
	errAttachments    = errors.New("server: attachments missing")
)
