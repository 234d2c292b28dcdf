// Package adapter is the contract of rooms and broadcast: what a server's
// namespace asks of the place that knows who is in which room.
//
// Package memory holds the default, for one server. An adapter for several
// servers keeps its local sockets the same way and publishes each broadcast to
// the others. Package adaptertest is the suite that every adapter must pass.
package adapter
