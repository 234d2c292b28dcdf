package transporttest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/isosocket/isosocket/transport"
)

// Dropper is a connection that can lose itself without a close frame, as by a
// broken network. The conformance suite asks it of the peer's end.
type Dropper interface {
	// Drop loses the connection at once, for both ends.
	Drop()
}

// Peer serves the other end of the connections that the conformance suite tests.
// It sends every message back, except a text message that begins with "!": that is a
// command for it. So the tests of a runtime that can only dial need nothing but a
// server that hands its connections to a Peer. The zero value is ready; all
// connections of one suite must be served by the same Peer.
//
//	!name N            the connection is called N
//	!ended N           answer with "code reason" once N has ended, as its peer saw it
//	!close C R         close with code C and reason R
//	!burst N C         send N numbered messages, each with its own Write, and close with code C
//	!batch N C         the same with one Write
//	!send N            send a binary message of N bytes
//	!invalid           send a text message that is not UTF-8
//	!flood             send messages until that fails
//	!deaf N            do not read until N is woken
//	!wake N            wake N
//	!drop              lose the connection, see Dropper
type Peer struct {
	mu     sync.Mutex
	events map[string]*event
}

// event is something that happens once to a connection with a name.
type event struct {
	once     sync.Once
	happened chan struct{} // closed once text is set
	text     string
}

func (p *Peer) event(name string) *event {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.events == nil {
		p.events = make(map[string]*event)
	}
	if p.events[name] == nil {
		p.events[name] = &event{happened: make(chan struct{})}
	}
	return p.events[name]
}

func (e *event) happen(text string) {
	e.once.Do(func() {
		e.text = text
		close(e.happened)
	})
}

func (e *event) await(ctx context.Context) string {
	select {
	case <-e.happened:
		return e.text
	case <-ctx.Done():
		return context.Cause(ctx).Error()
	}
}

// Serve does what the connection asks for until it has ended or ctx is over, and
// closes it then.
func (p *Peer) Serve(ctx context.Context, conn transport.Conn) {
	var floods sync.WaitGroup
	defer floods.Wait()
	defer conn.Close(0, "")
	name := ""
	for {
		m, err := conn.Read(ctx)
		if err != nil {
			p.event("ended " + name).happen(describe(err))
			return
		}
		command, is := strings.CutPrefix(string(m.Data), "!")
		if m.Binary || !is {
			_ = conn.Write(ctx, m) // if it failed, the next Read tells
			continue
		}
		verb, argument, _ := strings.Cut(command, " ")
		switch verb {
		case "name":
			name = argument
		case "flood":
			// Reading goes on, as in a server: a browser ends a connection only when it
			// gets its close frame back.
			floods.Go(func() { flood(ctx, conn) })
		default:
			p.obey(ctx, conn, verb, argument)
		}
	}
}

// obey carries out a command. A Write that fails is noticed by the next Read.
func (p *Peer) obey(ctx context.Context, conn transport.Conn, verb, argument string) {
	first, rest, _ := strings.Cut(argument, " ")
	n, _ := strconv.Atoi(first)
	switch verb {
	case "ended":
		_ = conn.Write(ctx, text(p.event("ended "+argument).await(ctx)))
	case "close":
		_ = conn.Close(n, rest)
	case "burst":
		for i := range n {
			_ = conn.Write(ctx, text(strconv.Itoa(i)))
		}
		code, _ := strconv.Atoi(rest)
		_ = conn.Close(code, "")
	case "batch":
		messages := make([]transport.Message, n)
		for i := range messages {
			messages[i] = text(strconv.Itoa(i))
		}
		_ = conn.Write(ctx, messages...)
		code, _ := strconv.Atoi(rest)
		_ = conn.Close(code, "")
	case "send":
		_ = conn.Write(ctx, transport.Message{Data: make([]byte, n), Binary: true})
	case "invalid":
		_ = conn.Write(ctx, text("\xff"))
	case "deaf":
		p.event("awake " + argument).await(ctx)
	case "wake":
		p.event("awake " + argument).happen("")
	case "drop":
		conn.(Dropper).Drop()
	default:
		_ = conn.Close(4000, "unknown command "+verb)
	}
}

func flood(ctx context.Context, conn transport.Conn) {
	for m := text(strings.Repeat("x", 20000)); ; {
		if conn.Write(ctx, m, m, m) != nil {
			return
		}
	}
}

// describe writes the error that ended a connection as the answer to !ended.
func describe(err error) string {
	var closed *transport.CloseError
	if errors.As(err, &closed) {
		return strings.TrimSpace(fmt.Sprintf("%d %s", closed.Code, closed.Reason))
	}
	return err.Error()
}

func text(s string) transport.Message { return transport.Message{Data: []byte(s)} }
