package session

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/queue"
)

// group is an item of the outbox: the messages of one packet, which nothing gets in
// between, or the end.
type group struct {
	messages []transport.Message
	last     bool // nothing follows: the session ends when this is reached
}

// Kind says what may become of messages that do not fit.
type Kind uint8

const (
	Ordinary Kind = iota // refused with ErrFull
	Volatile             // dropped with ErrDropped, also when the peer is not ready
	Control              // never refused: what a protocol cannot do without, which is small and of which there is little
)

// How many groups may wait before a volatile one is dropped. A client that keeps up
// with its server's broadcasts has a few of them waiting; what a client sends itself
// leaves at once, or is behind something that takes long.
const (
	volatileToClient = 64
	volatileToServer = 1
)

// Send queues the messages of one packet, which go out one after the other. It does
// not wait. The session keeps the slice, which must not be changed any more. A
// message that has a lead is a packet already; any other becomes a message packet.
//
// The error is ErrFull or ErrDropped, see [Kind], ErrClosed or ErrExpired. Nothing
// is sent then.
func (s *Session) Send(messages []transport.Message, kind Kind) error {
	size := transport.Held(messages)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != Open:
		return ErrClosed
	case len(messages) == 0:
		return nil
	case !s.heartbeat.sends && s.heartbeat.expired(time.Now()):
		s.hurry()
		return ErrExpired
	case kind == Volatile && !s.ready():
		return ErrDropped
	}
	var err error
	if kind == Control {
		err = s.outbox.Force(group{messages: messages}, size)
	} else {
		err = s.outbox.Put(group{messages: messages}, size)
	}
	switch err {
	case nil:
		s.transport.Queued()
		return nil
	case queue.ErrFull:
		if kind == Volatile {
			return ErrDropped
		}
		return ErrFull
	default:
		return ErrClosed
	}
}

// hurry makes tick run now. The caller holds the lock.
func (s *Session) hurry() {
	s.alarm = time.Now()
	s.timer.Reset(0)
}

// control sends a packet of the protocol itself. An error says that the session ends.
func (s *Session) control(messages []transport.Message) { _ = s.Send(messages, Control) }

// ready reports whether something volatile may be sent. The caller holds the lock.
func (s *Session) ready() bool {
	limit := volatileToServer
	if s.config.Server {
		limit = volatileToClient
	}
	return s.transport.Ready() && s.outbox.Len() < limit
}

// flushSize is how many bytes gather for one write to a WebSocket. What was written
// makes room at once: a peer that has taken it may cause as much again before the
// rest of a large batch is through, and must not seem to be slow.
const flushSize = 64 << 10

// batch is what drain joins groups in. It is not on the stack, see drain.
type batch struct {
	packets []transport.Message
	groups  int  // that they are of
	size    int  // that the groups hold
	last    bool // nothing follows them
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// drain writes the groups that wait to the transport.
//
// Everything from the queue down to the system call must fit in a new goroutine's
// 2 KB stack; growing it would add a fifth to the cost of a lone event. So what is
// needed after a write is in the batch, and the WebSocket is called without a
// function between.
func (s *Session) drain(groups []group) {
	s.mu.Lock()
	t := s.transport
	s.mu.Unlock()
	webSocket, _ := t.(*webSocket)
	for len(groups) > 0 {
		b := batches.Get().(*batch)
		var err error
		if webSocket == nil {
			b.fill(s.config.Revision, groups, math.MaxInt) // payloads as large as the peer allows
			err = t.(Poster).Post(b.packets, b.last)
		} else if b.fill(s.config.Revision, groups, flushSize); len(b.packets) > 0 {
			err = webSocket.conn.Write(context.Background(), b.packets...) // the session's end closes conn
		}
		clear(groups[:b.groups]) // what was written is not held while the rest is
		groups = groups[b.groups:]
		if s.written(b, err, len(groups) > 0) {
			return
		}
	}
}

// fill takes the packets of the first groups, about limit bytes of them.
func (b *batch) fill(r *engineio.Revision, groups []group, limit int) {
	for b.groups < len(groups) && b.size < limit {
		g := &groups[b.groups]
		for _, m := range g.messages {
			r.Frame(&m)
			b.packets = append(b.packets, m)
		}
		b.size += transport.Held(g.messages)
		b.last = g.last
		b.groups++
	}
}

// written says that a batch was written, or was not. It reports whether the session
// ends with that.
func (s *Session) written(b *batch, err error, more bool) (ended bool) {
	last := b.last
	if err == nil && more {
		s.outbox.Release(b.groups, b.size)
	}
	clear(b.packets)
	*b = batch{packets: b.packets[:0]}
	batches.Put(b)
	switch {
	case err != nil:
		s.writeFailed(err)
	case last:
		s.Abort(engineio.ForcedClose, nil)
	}
	return err != nil || last
}

// writeFailed leaves the end of a session on a WebSocket to the reader, who gets an
// error too, after what the peer had sent before. A reader that is held would not see it.
func (s *Session) writeFailed(err error) {
	s.mu.Lock()
	unread := s.heartbeat.held == 0 && s.On() == engineio.WebSocket
	s.mu.Unlock()
	if !unread {
		s.Fail("write", err)
	}
}

// Take removes from the outbox what fits into a payload of limit bytes, at least one
// group, and returns its packets. It is for a transport whose peer comes and takes.
// At the end of an orderly close it is the close packet, and last is true: alone,
// because clients act on it before the packets it arrives with.
func (s *Session) Take(limit int) (packets []transport.Message, last bool) {
	taken := s.outbox.Take(func(g group) bool {
		start := len(packets)
		if g.last {
			last = start == 0
			return last
		}
		for _, m := range g.messages {
			s.config.Revision.Frame(&m)
			limit -= 1 + s.config.Revision.PayloadSize(m)
			packets = append(packets, m)
		}
		if limit < 0 && start > 0 {
			packets = packets[:start]
			return false
		}
		return true
	}, func(g group) int { return transport.Held(g.messages) })
	clear(taken) // its array is that of what still waits
	if last {
		packets = []transport.Message{closePacket}
	}
	return packets, last
}

// Pending reports whether there is something to take. The caller holds the lock.
func (s *Session) Pending() bool { return s.outbox.Len() > 0 }
