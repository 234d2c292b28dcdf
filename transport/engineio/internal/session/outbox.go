package session

import (
	"context"
	"errors"
	"math"
	"slices"
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
	shared   *Shared // nil unless it has the messages
	marks    marks
}

// marks are what is to be known of a group when it leaves.
type marks uint8

const (
	last    marks = 1 << iota // nothing follows: the session ends when this is reached
	beating                   // a ping or pong: the peer has its time for the next from when it has left
	parting                   // leaves when the peer has dealt with what was written before
	kept                      // given back by Unsent if it did not leave
)

// Kind says what may become of messages that do not fit.
type Kind uint8

const (
	Ordinary Kind = iota // refused with ErrFull
	Accepted             // never refused, because they were accepted before
	Volatile             // dropped with ErrDropped, also when the peer is not ready
	Control              // never refused: what a protocol cannot do without
	Answer               // like Control: acknowledgements
	Parting              // like Control, and leaves when the peer has dealt with what was sent before
	pinging              // the heartbeat's own
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
// Should the sessions of a server hold more than [Budget.Most] together with that, some
// are ended before Send returns: so it is not called under a lock that a Receiver takes
// when its session ends. Control ends none.
//
// The error is ErrFull or ErrDropped, see [Kind], ErrClosed or ErrExpired. Nothing
// is sent then.
func (s *Session) Send(messages []transport.Message, kind Kind) error {
	return s.sendGroup(group{messages: messages}, transport.Held(messages), kind)
}

// SendShared is Send of messages that other sessions are sent, too.
func (s *Session) SendShared(m *Shared, kind Kind) error {
	return s.sendGroup(group{messages: m.messages, shared: m}, m.size, kind)
}

func (s *Session) sendGroup(g group, size int, kind Kind) error {
	err := s.put(g, size, kind)
	if b := s.config.Budget; b != nil && err == nil && kind != Control && kind != pinging {
		b.look()
	}
	return err
}

func (s *Session) put(g group, size int, kind Kind) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != Open:
		return ErrClosed
	case len(g.messages) == 0:
		return nil
	case !s.heartbeat.sends && s.overdue(time.Now()):
		s.hurry()
		return ErrExpired
	case kind == Volatile && !s.ready():
		return ErrDropped
	}
	var err error
	switch kind {
	case Ordinary:
		g.marks = kept
		err = s.outbox.Put(g, size)
	case Volatile:
		err = s.outbox.Put(g, size)
	default:
		g.marks = s.marks(kind)
		err = s.outbox.Force(g, size)
	}
	switch err {
	case nil:
		s.config.Budget.hold(&g)
		if g.marks == kept {
			s.unsettled = true
		}
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

// marks returns those of a group that is never refused. The caller holds the lock.
func (s *Session) marks(kind Kind) marks {
	switch {
	case kind == Accepted:
		return kept
	case kind == pinging:
		return beating
	case kind == Parting && s.unsettled:
		s.unsettled = false
		return parting
	}
	return 0
}

// Buffered returns how many bytes are held of what waits to be sent.
func (s *Session) Buffered() int { return s.outbox.Bytes() }

// Moved returns how many bytes have left and arrived so far, as far as the transport
// knows, parts of messages included.
func (s *Session) Moved() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transport.Moved()
}

// AwaitBuffered returns nil when Buffered is not over most any more, ErrClosed when the
// session has ended, and the cause of ctx when that is done first.
func (s *Session) AwaitBuffered(ctx context.Context, most int) error {
	err := s.outbox.WaitBytes(ctx, most)
	if err == queue.ErrClosed {
		return ErrClosed
	}
	return err
}

// hurry makes tick run now. The caller holds the lock.
func (s *Session) hurry() {
	s.alarm = time.Now()
	s.timer.Reset(0)
}

// control sends a packet of the protocol itself. An error says that the session ends.
func (s *Session) control(messages []transport.Message, kind Kind) { _ = s.Send(messages, kind) }

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
	groups  int   // that they are of
	size    int   // that the groups hold
	marks   marks // of the groups
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
			err = t.(Poster).Post(b.packets, b.marks&last != 0)
		} else if b.fill(s.config.Revision, groups, flushSize); len(b.packets) > 0 {
			if b.marks&parting != 0 {
				s.settle(webSocket.conn)
			}
			err = webSocket.conn.Write(context.Background(), b.packets...) // the session's end closes conn
		}
		rest := groups[b.groups:]
		if s.written(b, groups, err) {
			return
		}
		groups = rest
	}
}

// fill takes the packets of the first groups, about limit bytes of them. One that
// parts is the first.
func (b *batch) fill(r *engineio.Revision, groups []group, limit int) {
	for b.groups < len(groups) && b.size < limit {
		g := &groups[b.groups]
		if g.marks&parting != 0 && b.groups > 0 {
			return
		}
		for _, m := range g.messages {
			r.Frame(&m)
			b.packets = append(b.packets, m)
		}
		b.size += transport.Held(g.messages)
		b.marks |= g.marks
		b.groups++
	}
}

// settleTimeout bounds how long a peer is waited for that does not tell what it has
// received. A client that closes has time left then.
const settleTimeout = 4 * time.Second

// settle waits until the peer has dealt with what was written.
func (s *Session) settle(conn transport.Conn) {
	if c, ok := conn.(transport.Settler); ok {
		ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
		defer cancel()
		c.Settle(ctx)
	}
}

// written says that a batch, which is the first of the groups, was written, or was not.
// It reports whether the session ends with that.
func (s *Session) written(b *batch, groups []group, err error) (ended bool) {
	if err != nil {
		s.writeEnded(groups, b.groups, err)
	}
	marks, done := b.marks, groups[:b.groups]
	if err != nil {
		done = groups
	}
	s.config.Budget.release(done)
	clear(groups[:b.groups]) // what was written is not held while the rest is
	if err == nil && b.groups < len(groups) {
		s.outbox.Release(b.groups, b.size)
	}
	clear(b.packets)
	*b = batch{packets: b.packets[:0]}
	batches.Put(b)
	switch {
	case err != nil:
		s.writeFailed(err)
	case marks&last != 0:
		s.Abort(engineio.ForcedClose, nil)
	case marks&beating != 0:
		s.beatLeft()
	}
	return err != nil || marks&last != 0
}

// writeEnded closes the outbox after an error, and keeps the groups that did not leave: of
// the first, which were written with the error, those that it says did not, and all
// others.
func (s *Session) writeEnded(groups []group, written int, err error) {
	if unsent, ok := errors.AsType[*transport.UnsentError](err); ok {
		n := unsent.Messages
		for written > 0 && n >= len(groups[written-1].messages) {
			written--
			n -= len(groups[written].messages)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.config.Server {
		s.unsent = append(s.unsent, groups[written:]...)
	}
	s.closeOutbox()
}

// Unsent returns the packets that were accepted as Ordinary or Accepted and did not leave: nothing of
// them was handed to the transport. It is for a client whose session has ended, and Wait
// has returned.
func (s *Session) Unsent() (packets [][]transport.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, groups := range [...][]group{s.unsent, s.waiting} {
		for _, g := range groups {
			if g.marks&kept != 0 {
				packets = append(packets, g.messages)
			}
		}
	}
	s.unsent, s.waiting = nil, nil
	return packets
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

// Taken is what was taken from the outbox. It counts as held until it is released.
type Taken struct {
	Packets []transport.Message // in order
	End     bool                // the last packet is taken
	Bytes   int                 // held

	budget *Budget
	groups []group
}

// Release says that the packets are not held any more.
func (t *Taken) Release() { t.budget.release(t.groups) }

// Take removes from the outbox what fits into a payload of limit bytes, at least one
// group. It is for a transport whose peer comes and takes. At the end of an orderly close
// it is the close packet: alone, because clients act on it before the packets it arrives
// with. The caller holds the lock.
func (s *Session) Take(limit int) Taken {
	t := Taken{budget: s.config.Budget}
	taken := s.outbox.Take(func(g group) bool {
		start := len(t.Packets)
		if g.marks&last != 0 {
			t.End = start == 0
			return t.End
		}
		for _, m := range g.messages {
			s.config.Revision.Frame(&m)
			limit -= 1 + s.config.Revision.PayloadSize(m)
			t.Packets = append(t.Packets, m)
		}
		if limit < 0 && start > 0 {
			t.Packets = t.Packets[:start]
			return false
		}
		return true
	}, func(g group) int { return transport.Held(g.messages) })
	t.groups = slices.Clone(taken)
	clear(taken) // its array is that of what still waits
	for i := range t.groups {
		t.Bytes += transport.Held(t.groups[i].messages)
		if t.groups[i].marks&beating != 0 {
			s.heartbeat.left(time.Now())
		}
	}
	if t.End {
		t.Packets = []transport.Message{closePacket}
	}
	return t
}

// Pending reports whether there is something to take. The caller holds the lock.
func (s *Session) Pending() bool { return s.outbox.Len() > 0 }
