// Package endpoint is what both ends of a Socket.IO connection do with events. It
// is for packages socketio and server, and not for programs: those find all they
// need in these two and in package event.
//
// [Handlers], [Acks] and [Inbox] are the state of a socket. EncodeEvent,
// EncodeConnectError, ConnectError and Reply are what is between package event and
// a [parser.Format].
package endpoint
