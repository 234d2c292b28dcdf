// Package memory is the adapter of a server that stands alone: its rooms are maps.
//
// Joining, leaving and sending to a room cost the same however many other rooms
// there are. A broadcast costs one delivery per receiver.
package memory
