package transporttest

import (
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// streamBuffer is what a Buffer of 0 means.
const streamBuffer = 64 << 10

// never is when what is on a stalled line arrives.
const never = 1000 * time.Hour

// link is a connection of a [Network].
type link struct {
	network *Network
	mu      sync.Mutex // guards its ends and lines; taken after the network's
	rng     *rand.Rand
	ends    [2]stream // the dialing one and the accepting one
	lines   [2]line   // from them
}

// line carries bytes one way.
type line struct {
	pieces  []piece
	size    int           // bytes of pieces
	last    time.Time     // when the last piece arrives, or the end if that was sent
	ended   bool          // nothing follows
	writing bool          // a Write is in progress
	changed chan struct{} // closed at the next change; nil if nothing waits
}

// piece is what a Write has put on the line, or a part of that.
type piece struct {
	data []byte
	at   time.Time // of arrival
}

// stream is one end of a link, a net.Conn. What changes is guarded by the link's mu.
type stream struct {
	link          *link
	in, out       *line
	peer          *stream
	local, remote name

	closed  bool
	resetAt time.Time // from when the connection is reset for this end; zero: it is not
	alone   bool      // the peer is gone without a notice
	losing  bool      // the next Write gets lost
	breaks  *Break    // what happens when so many more bytes were sent; nil: nothing
	cut     bool      // nothing follows either way, and who writes is reset
	stalled bool      // what is sent waits for ever
	readBy  time.Time // deadline; zero: none
	writeBy time.Time // deadline; zero: none
}

// newLink returns a connection from the client to the address.
func newLink(n *Network, address name, seed uint64) *link {
	l := &link{network: n, rng: rand.New(rand.NewPCG(seed, 1))}
	dialed, accepted := &l.ends[0], &l.ends[1]
	*dialed = stream{link: l, in: &l.lines[1], out: &l.lines[0], peer: accepted, local: "client:0", remote: address}
	*accepted = stream{link: l, in: &l.lines[0], out: &l.lines[1], peer: dialed, local: address, remote: "client:0"}
	return l
}

// ifSound calls do unless an end is closed or broken, or about to be, and reports
// whether it did.
func (l *link) ifSound(do func(*link)) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.ends {
		if s := &l.ends[i]; s.closed || s.alone || s.losing || s.stalled || s.cut || !s.resetAt.IsZero() {
			return false
		}
	}
	do(l)
	return true
}

// doom decides where the connection breaks.
func (l *link) doom(b *Break) {
	switch {
	case b == nil:
	case b.Down:
		l.ends[1].breaks = &Break{How: b.How, After: b.After}
	default:
		l.ends[0].breaks = &Break{How: b.How, After: b.After}
	}
}

// reset breaks the connection for both ends. The caller holds mu.
func (l *link) reset() {
	now := time.Now()
	l.ends[0].resetAt, l.ends[1].resetAt = now, now
	l.signal()
}

// signal wakes all that wait. The caller holds mu.
func (l *link) signal() {
	l.lines[0].signal()
	l.lines[1].signal()
}

// Read implements net.Conn.
func (s *stream) Read(p []byte) (int, error) {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	for {
		now := time.Now()
		if err := s.failure(now, s.readBy); err != nil {
			return 0, s.failed("read", err)
		}
		if len(p) == 0 {
			return 0, nil
		}
		var arrival time.Time
		switch waits := len(s.in.pieces) > 0; {
		case waits && !s.in.pieces[0].at.After(now):
			return s.in.take(p), nil
		case waits:
			arrival = s.in.pieces[0].at
		case s.in.ended && !s.in.last.After(now):
			return 0, io.EOF
		case s.in.ended:
			arrival = s.in.last
		}
		s.wait(s.in, now, arrival, s.resetAt, s.readBy)
	}
}

// Write implements net.Conn. It waits while a buffer full of bytes is not read by the peer.
func (s *stream) Write(p []byte) (int, error) {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	for s.out.writing && s.failure(time.Now(), s.writeBy) == nil {
		s.wait(s.out, time.Now(), s.resetAt, s.writeBy)
	}
	if !s.out.writing {
		s.out.writing = true
		defer func() {
			s.out.writing = false
			s.out.signal()
		}()
	}
	buffer := s.link.network.Buffer
	if buffer == 0 {
		buffer = streamBuffer
	}
	for written := 0; ; {
		now := time.Now()
		err := s.failure(now, s.writeBy)
		if err == nil && s.out.ended && !s.cut {
			err = syscall.EPIPE
		}
		switch {
		case err != nil:
			return written, s.failed("write", err)
		case written == len(p):
			return written, nil
		case s.losing:
			s.link.reset()
			s.link.network.losses.Add(1)
			return len(p), nil
		case s.out.size >= buffer && s.stalled && !s.writeBy.IsZero():
			// The deadline is sure to come, and who waits for it with a lock held stops the
			// time of a bubble when another wants the lock.
			return written, s.failed("write", os.ErrDeadlineExceeded)
		case s.out.size >= buffer:
			s.wait(s.out, now, s.resetAt, s.writeBy)
		default:
			n := min(len(p)-written, buffer-s.out.size)
			s.send(now, p[written:written+n])
			written += n
		}
	}
}

// send puts bytes on the way, in one piece or in two, and breaks the connection where it
// is to break.
func (s *stream) send(now time.Time, p []byte) {
	b := s.breaks
	if b == nil || len(p) < b.After {
		s.carry(now, p)
		if b != nil {
			b.After -= len(p)
		}
		return
	}
	if b.After > 0 {
		s.carry(now, p[:b.After])
	}
	s.breaks, s.peer.breaks = nil, nil
	s.link.network.breaks[b.How].Add(1)
	s.breakNow(now, b.How)
	if b.After < len(p) {
		s.carry(now, p[b.After:])
	}
}

// breakNow breaks the connection behind what was sent.
func (s *stream) breakNow(now time.Time, how How) {
	told := s.arrival(now).Add(s.delay())
	for _, end := range [...]*stream{s, s.peer} {
		switch how {
		case Reset:
			end.alone = true
			end.resetBy(told)
		case Finish:
			if !end.out.ended {
				end.arrival(now)
				end.out.ended = true
			}
			end.cut = true
			end.out.signal()
		case Stall:
			end.stalled = true
		}
	}
}

// carry puts bytes on the way.
func (s *stream) carry(now time.Time, p []byte) {
	switch {
	case s.alone:
	case s.stalled:
		s.out.put(p, now.Add(never))
	case s.peer.closed, s.cut: // the peer's system does not know what to do with them
		s.resetBy(s.arrival(now).Add(s.delay()))
	case s.link.network.Rate > 0:
		s.sendSlowly(now, p)
	case len(p) > 1 && s.link.rng.IntN(4) == 0:
		n := 1 + s.link.rng.IntN(len(p)-1)
		s.out.put(p[:n], s.arrival(now))
		s.out.put(p[n:], s.arrival(now))
	default:
		s.out.put(p, s.arrival(now))
	}
}

// sendSlowly puts bytes on the way in pieces that arrive one after the other, as fast as
// the network is.
func (s *stream) sendSlowly(now time.Time, p []byte) {
	const piecesASecond = 20
	rate := s.link.network.Rate
	for len(p) > 0 {
		n := min(len(p), max(1, rate/piecesASecond))
		s.out.last = s.arrival(now).Add(time.Duration(n) * time.Second / time.Duration(rate))
		s.out.put(p[:n], s.out.last)
		p = p[n:]
	}
}

func (s *stream) delay() time.Duration { return s.link.network.delay(s.link.rng) }

// arrival returns when what is sent now arrives: not before what was sent earlier.
func (s *stream) arrival(now time.Time) time.Time {
	if at := now.Add(s.delay()); at.After(s.out.last) {
		s.out.last = at
	}
	return s.out.last
}

// CloseWrite ends the sending half of the connection, as that of a [net.TCPConn].
func (s *stream) CloseWrite() error {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	now := time.Now()
	if err := s.failure(now, time.Time{}); err != nil {
		return s.failed("close", err)
	}
	s.finish(now)
	return nil
}

// finish ends the sending half.
func (s *stream) finish(now time.Time) {
	if !s.out.ended && !s.alone && !s.stalled {
		s.arrival(now)
		s.out.ended = true
	}
	s.out.signal()
}

// Close implements net.Conn. What was written before still arrives, unless something
// that the peer has sent was not read: then the connection is reset, as by a system's TCP.
func (s *stream) Close() error {
	s.link.mu.Lock()
	if s.closed {
		s.link.mu.Unlock()
		return s.failed("close", net.ErrClosed)
	}
	now := time.Now()
	if s.failure(now, time.Time{}) == nil {
		s.finish(now)
		if unread := s.in.pieces; len(unread) > 0 && !s.stalled {
			s.peer.resetBy(latest(latest(now, unread[0].at).Add(s.delay()), s.out.last))
		}
	}
	s.closed = true
	s.in.clear()
	s.link.signal()
	last := s.peer.closed
	s.link.mu.Unlock()
	if last {
		s.link.network.forget(s.link)
	}
	return nil
}

// vanish resets the connection for this end, of which the other is not told.
func (s *stream) vanish() {
	s.resetAt = time.Now()
	s.peer.alone = true
	s.out.clear()
	s.in.clear() // nor does the other wait for room
	s.link.signal()
}

// resetBy resets the connection for this end at that time, or earlier.
func (s *stream) resetBy(t time.Time) {
	if s.resetAt.IsZero() || t.Before(s.resetAt) {
		s.resetAt = t
		s.link.signal()
	}
}

// failure returns what a call ends with at once, given its deadline.
func (s *stream) failure(now, deadline time.Time) error {
	passed := func(t time.Time) bool { return !t.IsZero() && !t.After(now) }
	switch {
	case s.closed:
		return net.ErrClosed
	case passed(s.resetAt):
		return syscall.ECONNRESET
	case passed(deadline):
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (s *stream) failed(operation string, err error) error {
	return &net.OpError{Op: operation, Net: "memory", Source: s.local, Addr: s.remote, Err: err}
}

// wait waits without the lock until the line changes or one of the times has come. A
// time that is zero never comes.
func (s *stream) wait(l *line, now time.Time, times ...time.Time) {
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	changed := l.changed
	var first time.Time
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	s.link.mu.Unlock()
	defer s.link.mu.Lock()
	if first.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(first.Sub(now))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

// put appends a piece.
func (l *line) put(p []byte, at time.Time) {
	l.pieces = append(l.pieces, piece{append([]byte(nil), p...), at})
	l.size += len(p)
	l.signal()
}

// take reads from the first piece, which has arrived.
func (l *line) take(p []byte) int {
	first := &l.pieces[0]
	n := copy(p, first.data)
	if first.data = first.data[n:]; len(first.data) == 0 {
		l.pieces = l.pieces[1:]
	}
	l.size -= n
	l.signal() // there is room
	return n
}

// clear drops what is on the line.
func (l *line) clear() { l.pieces, l.size, l.ended = nil, 0, false }

func (l *line) signal() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// LocalAddr implements net.Conn.
func (s *stream) LocalAddr() net.Addr { return s.local }

// RemoteAddr implements net.Conn.
func (s *stream) RemoteAddr() net.Addr { return s.remote }

// SetDeadline implements net.Conn.
func (s *stream) SetDeadline(t time.Time) error { return s.setDeadlines(t, &s.readBy, &s.writeBy) }

// SetReadDeadline implements net.Conn.
func (s *stream) SetReadDeadline(t time.Time) error { return s.setDeadlines(t, &s.readBy) }

// SetWriteDeadline implements net.Conn.
func (s *stream) SetWriteDeadline(t time.Time) error { return s.setDeadlines(t, &s.writeBy) }

func (s *stream) setDeadlines(t time.Time, deadlines ...*time.Time) error {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	if s.closed {
		return s.failed("set deadline", net.ErrClosed)
	}
	for _, d := range deadlines {
		*d = t
	}
	s.link.signal()
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
