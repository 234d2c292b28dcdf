// Package event is what both ends of a Socket.IO connection share: declared events, messages, handlers and pending acknowledgements.
package event
