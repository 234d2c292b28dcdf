package transporttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/isosocket/isosocket/transport"
)

func testConn(t *testing.T, s subject) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, subject)
	}{
		{"messages", testMessages},
		{"order", testOrder},
		{"group", testGroup},
		{"concurrent writers", testConcurrentWriters},
		{"data is shared", testDataShared},
		{"messages before a close", testMessagesBeforeClose},
		{"messages before a close while writing", testMessagesBeforeCloseWhileWriting},
		{"closed by peer", testClosedByPeer},
		{"closed by us", testClosedByUs},
		{"closed amid traffic", testClosedAmidTraffic},
		{"lost", testLost},
		{"limit", testLimit},
		{"invalid text", testInvalidText},
		{"context of Read", testReadContext},
		{"context of Write", testWriteContext},
		{"context has ended", testEndedContext},
		{"Close wakes Read", testCloseWakesRead},
		{"Close wakes Write", testCloseWakesWrite},
		{"after Close", testAfterClose},
	} {
		switch {
		case test.name == "lost" && !s.drops:
			continue
		case test.name == "messages before a close while writing" && s.losesUnread:
			continue
		}
		t.Run(test.name, func(t *testing.T) { test.run(t, s) })
	}
}

func testMessages(t *testing.T, s subject) {
	e := s.dial(t)
	e.ctx = context.Background() // which no implementation can have to watch
	for _, m := range []transport.Message{
		text(""),
		text("x"),
		text("hello, 世界 \U0001F600 \x00\x1e"),
		{Data: []byte{}, Binary: true},
		{Data: []byte{0}, Binary: true},
		{Data: []byte("\xff\x00\xfe"), Binary: true},
	} {
		e.send(m)
		e.want(m)
	}
	for _, m := range []transport.Message{text(""), text("hello"), {Data: []byte("\xff\x00"), Binary: true}} {
		m.Lead = '4'
		e.send(m, m) // alone a text may take another path than in a group
		for range 2 {
			e.want(transport.Message{Data: append([]byte{m.Lead}, m.Data...), Binary: m.Binary})
		}
		e.send(m)
		e.want(transport.Message{Data: append([]byte{m.Lead}, m.Data...), Binary: m.Binary})
	}
	// Around the lengths where a frame header or a buffer changes its form.
	for _, n := range []int{125, 126, 127, 1023, 1024, 1025, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 1 << 20} {
		pattern := make([]byte, n)
		for i := range pattern {
			pattern[i] = 'a' + byte(i%23)
		}
		for _, binary := range []bool{false, true} {
			m := transport.Message{Data: pattern, Binary: binary}
			e.send(m)
			e.want(m)
			e.send(transport.Message{Lead: pattern[0], Data: pattern[1:], Binary: binary})
			e.want(m)
		}
	}
}

func testOrder(t *testing.T, s subject) {
	e := s.dial(t)
	const n = 500
	message := func(i int) transport.Message {
		return transport.Message{Data: []byte(strings.Repeat(strconv.Itoa(i)+" ", i%300)), Binary: i%3 == 0}
	}
	done := make(chan error, 1)
	go func() { // sends to done
		for i := range n {
			if err := e.Write(e.ctx, message(i)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	received := make([]transport.Message, n)
	for i := range received {
		received[i] = e.receive()
	}
	// Compared at the end, because the caller of Read owns the data.
	for i, m := range received {
		if !same(m, message(i)) {
			t.Fatalf("message %d is %s", i, abbreviate(m))
		}
	}
	if err := <-done; err != nil {
		t.Fatalf("Write: %v", err)
	}
}

func testGroup(t *testing.T, s subject) {
	e := s.dial(t)
	for range 20 {
		group := []transport.Message{
			text("packet"),
			{Data: bytes.Repeat([]byte{1}, 10), Binary: true},
			{Data: bytes.Repeat([]byte{2}, 5000), Binary: true},
			{Data: bytes.Repeat([]byte{3}, 20000), Binary: true},
			{Data: []byte{}, Binary: true},
			text(""),
			text("end"),
		}
		e.send(group...)
		for _, m := range group {
			e.want(m)
		}
	}
	e.send() // nothing
	e.send(text("last"))
	e.want(text("last"))
}

func testConcurrentWriters(t *testing.T, s subject) {
	e := s.dial(t)
	const writers, groups, size = 8, 20, 4
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for g := range groups {
				group := make([]transport.Message, size)
				for i := range group {
					group[i] = text(fmt.Sprintf("%d %d %d %s", w, g, i, strings.Repeat("x", w*g*10)))
				}
				if err := e.Write(e.ctx, group...); err != nil {
					t.Errorf("Write: %v", err)
					return
				}
			}
		})
	}
	next := make([]int, writers)
	for range writers * groups {
		var writer int
		for i := range size {
			m := e.receive()
			var w, g, k int
			if _, err := fmt.Sscanf(string(m.Data), "%d %d %d", &w, &g, &k); err != nil {
				t.Fatalf("read %s: %v", abbreviate(m), err)
			}
			if i == 0 {
				writer = w
			}
			if w != writer || k != i || g != next[w] {
				t.Fatalf("message %d of group %d of writer %d within group %d of writer %d", k, g, w, next[writer], writer)
			}
		}
		next[writer]++
	}
	wait.Wait()
}

// testDataShared writes one Data to several connections at once, as a broadcast does, and reuses it afterwards.
func testDataShared(t *testing.T, s subject) {
	original := strings.Repeat("shared ", 1000)
	shared := transport.Message{Data: []byte(original)}
	ends := make([]*end, 4)
	for i := range ends {
		ends[i] = s.dial(t)
	}
	var wait sync.WaitGroup
	for _, e := range ends {
		wait.Go(func() {
			if err := e.Write(e.ctx, shared, shared); err != nil {
				t.Errorf("Write: %v", err)
			}
		})
	}
	wait.Wait()
	if string(shared.Data) != original {
		t.Fatal("Write changed the data")
	}
	clear(shared.Data)
	for _, e := range ends {
		e.want(text(original))
		e.want(text(original))
	}
}

func testMessagesBeforeClose(t *testing.T, s subject) {
	for _, verb := range []string{"burst", "batch"} {
		for range 20 {
			e := s.dial(t)
			e.tell("%s 30 4001", verb)
			for i := range 30 {
				e.want(text(strconv.Itoa(i)))
			}
			e.wantClosed(4001, "")
		}
	}
}

// A Write that fails because the peer has closed does not lose what the peer sent before.
func testMessagesBeforeCloseWhileWriting(t *testing.T, s subject) {
	for range 10 {
		e := s.dial(t)
		e.tell("burst 30 4001")
		done := make(chan error, 1)
		go func() { done <- writeUntilError(e.ctx, e) }() // received below
		for i := range 30 {
			e.want(text(strconv.Itoa(i)))
		}
		e.wantClosed(4001, "")
		if err := <-done; errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write: %v", err)
		}
	}
}

func testClosedByPeer(t *testing.T, s subject) {
	for _, c := range closes {
		e := s.dial(t)
		e.tell("close %d %s", c.code, c.reason)
		e.wantClosed(c.seen, c.reason)
		if err := e.Write(e.ctx, text("too late")); err == nil {
			t.Errorf("Write after the peer closed with %d succeeded", c.code)
		}
		if err := e.Close(1000, ""); err != nil {
			t.Errorf("Close after the peer closed: %v", err)
		}
	}
}

var closes = []struct {
	code   int
	reason string
	seen   int
}{
	{0, "", 1005},
	{1000, "", 1000},
	{1000, "goodbye", 1000},
	{3000, "äöü", 3000},
	{4999, strings.Repeat("r", 123), 4999},
}

var names atomic.Int64

// name gives the connection a name that the peer knows it by.
func (e *end) name() string {
	e.t.Helper()
	name := fmt.Sprintf("connection %d", names.Add(1))
	e.tell("name %s", name)
	return name
}

// wantEnded demands what the peer saw of the end of another connection: a code,
// or a code and a reason.
func (s subject) wantEnded(t *testing.T, name, description string) {
	t.Helper()
	e := s.dial(t)
	e.tell("ended %s", name)
	got := string(e.receive().Data)
	if !strings.Contains(description, " ") {
		got, _, _ = strings.Cut(got, " ")
	}
	if got != description {
		t.Errorf("the peer saw %q, want %q", got, description)
	}
}

func testClosedByUs(t *testing.T, s subject) {
	for _, c := range closes {
		e := s.dial(t)
		name := e.name()
		if err := e.Close(c.code, c.reason); err != nil {
			t.Errorf("Close(%d, %q): %v", c.code, c.reason, err)
		}
		s.wantEnded(t, name, strings.TrimSpace(fmt.Sprintf("%d %s", c.seen, c.reason)))
	}
}

// testClosedAmidTraffic closes while unread messages of the peer arrive: the close frame must get through.
func testClosedAmidTraffic(t *testing.T, s subject) {
	for range 10 {
		e := s.dial(t)
		name := e.name()
		e.tell("flood")
		e.receive()
		if err := e.Close(4002, "enough"); err != nil {
			t.Errorf("Close: %v", err)
		}
		s.wantEnded(t, name, "4002 enough")
	}
}

func testLost(t *testing.T, s subject) {
	e := s.dial(t)
	e.send(text("before"))
	e.want(text("before"))
	e.tell("drop")
	e.wantClosed(1006, "")
	if err := e.Write(e.ctx, text("too late")); err == nil {
		t.Error("Write on a lost connection succeeded")
	}
}

func testLimit(t *testing.T, s subject) {
	const limit = 1000
	for _, size := range []int{limit + 1, 1 << 20} {
		e := s.dialLimited(t, limit)
		name := e.name()
		e.tell("send %d", limit)
		e.want(transport.Message{Data: make([]byte, limit), Binary: true})
		e.tell("send %d", size)
		e.wantError("Read", e.fails(), transport.ErrTooLarge)
		if err := e.Write(e.ctx, text("too late")); err == nil {
			t.Error("Write after a message over the limit succeeded")
		}
		s.wantEnded(t, name, strconv.Itoa(s.tooLarge))
	}
}

func testInvalidText(t *testing.T, s subject) {
	e := s.dial(t)
	e.tell("invalid")
	_ = e.fails()
}

func testReadContext(t *testing.T, s subject) {
	e := s.dial(t)
	name := e.name()
	cause := errors.New("no longer interested")
	ctx, cancel := context.WithCancelCause(e.ctx)
	e.send(text("x"))
	if _, err := e.Read(ctx); err != nil {
		t.Fatalf("Read: %v", err)
	}
	timer := time.AfterFunc(10*time.Millisecond, func() { cancel(cause) })
	defer timer.Stop()
	_, err := e.Read(ctx)
	e.wantError("Read", err, cause)
	_, err = e.Read(e.ctx)
	e.wantError("second Read", err, cause)
	e.wantError("Write", e.Write(e.ctx, text("x")), cause)
	if err := e.Close(1000, ""); err != nil {
		t.Errorf("Close: %v", err)
	}
	e = s.dial(t)
	e.tell("ended %s", name)
	e.receive() // whatever it saw, it saw the end

	// A context that ends between two Reads has nothing to do with the second.
	ctx, cancel = context.WithCancelCause(e.ctx)
	e.send(text("x"))
	if _, err := e.Read(ctx); err != nil {
		t.Fatalf("Read: %v", err)
	}
	cancel(cause)
	e.send(text("y"))
	e.want(text("y"))
}

func testWriteContext(t *testing.T, s subject) {
	e := s.dial(t)
	name := e.name()
	e.tell("deaf %s", name)
	ctx, cancel := context.WithTimeout(e.ctx, 50*time.Millisecond)
	defer cancel()
	err := writeUntilError(ctx, e)
	e.wantError("Write", err, context.DeadlineExceeded)
	e.wantError("second Write", e.Write(e.ctx, text("x")), context.DeadlineExceeded)
	_, err = e.Read(e.ctx)
	e.wantError("Read", err, context.DeadlineExceeded)
	s.dial(t).tell("wake %s", name)
}

// writeUntilError writes more than any buffer holds.
func writeUntilError(ctx context.Context, e *end) error {
	large := transport.Message{Data: make([]byte, 64<<10), Binary: true}
	for {
		if err := e.Write(ctx, large, large); err != nil {
			return err
		}
	}
}

func testEndedContext(t *testing.T, s subject) {
	cause := errors.New("over")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	e := s.dial(t)
	_, err := e.Read(ctx)
	e.wantError("Read", err, cause)
	e = s.dial(t)
	e.wantError("Write", e.Write(ctx, text("x")), cause)
	_, err = e.Read(e.ctx)
	e.wantError("Read", err, cause)
}

func testCloseWakesRead(t *testing.T, s subject) {
	for _, ctx := range []context.Context{context.Background(), within(t)} {
		e := s.dial(t)
		done := make(chan error, 1)
		go func() { // ends with e, sends to done
			_, err := e.Read(ctx)
			done <- err
		}()
		if err := e.Close(1000, ""); err != nil {
			t.Errorf("Close: %v", err)
		}
		e.wantError("Read", <-done, transport.ErrClosed)
	}
}

func testCloseWakesWrite(t *testing.T, s subject) {
	e := s.dial(t)
	name := e.name()
	e.tell("deaf %s", name)
	started, done := make(chan struct{}), make(chan error, 1)
	go func() { // ends with e, sends to done
		close(started)
		done <- writeUntilError(e.ctx, e)
	}()
	<-started
	if err := e.Close(1000, ""); err != nil {
		t.Errorf("Close: %v", err)
	}
	e.wantError("Write", <-done, transport.ErrClosed)
	s.dial(t).tell("wake %s", name)
}

func testAfterClose(t *testing.T, s subject) {
	e := s.dial(t)
	e.send(text("unread"))
	for range 3 {
		if err := e.Close(1000, "done"); err != nil {
			t.Errorf("Close: %v", err)
		}
		_, err := e.Read(e.ctx)
		e.wantError("Read", err, transport.ErrClosed)
		e.wantError("Write", e.Write(e.ctx, text("x")), transport.ErrClosed)
	}
	// Several closers at once.
	e = s.dial(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := e.Close(4003, ""); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	wait.Wait()
	_, err := e.Read(e.ctx)
	e.wantError("Read", err, transport.ErrClosed)
}
