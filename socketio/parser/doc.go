// Package parser is the wire format of Socket.IO protocol 5: packets, and the
// attachments that carry their binary values.
package parser
