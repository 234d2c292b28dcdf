// Package queue holds the one primitive that carries ordered work: a bounded
// queue drained by a goroutine that exists only while there is something to do.
//
// A session writes through one (a batch becomes one Conn.Write, or a few when it is
// large) and a socket delivers its events through one. An idle queue costs no goroutine,
// and no buffer but one of a single item.
package queue
