// Package engineio is the wire format of Engine.IO protocol 4: packets, the
// payloads that polling joins them to, and the handshake.
package engineio
