package hostile

import (
	"encoding/base64"
	"iter"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/event"
)

// session is an Engine.IO session on the line of the row. Packets are as in a polling
// body: "42…" is text, "b" and base64 is binary.
type session struct {
	*stage
	polled *polled
	frames frames // where there is no polled
}

// open opens a session.
func (s *stage) open() *session {
	s.Helper()
	if s.line.websocket {
		return &session{stage: s, frames: s.webSocketQuietly().begin()}
	}
	return &session{stage: s, polled: s.poll()}
}

// webSocketQuietly opens a WebSocket without a place in the table.
func (s *stage) webSocketQuietly() frames {
	s.Helper()
	w := s.wire()
	w.write(head("GET", endpoint+"EIO=4&transport=websocket", upgradeHeader...))
	a := w.answer("GET")
	require.Equal(s, 101, a.status, "%v", a)
	return frames{w}
}

// join opens a session that has joined "/".
func (s *stage) join() *session {
	s.Helper()
	c := s.open()
	c.join("/")
	return c
}

func (c *session) join(namespace string) (id string) {
	c.Helper()
	name := ""
	if namespace != "/" {
		name = namespace + ","
	}
	c.send("40" + name)
	got := c.next()
	rest, found := strings.CutPrefix(got, "40"+name+`{"sid":"`)
	require.True(c, found, got)
	return strings.TrimSuffix(rest, `"}`)
}

// attachment is a binary message with the data.
func attachment(data string) string { return "b" + base64.StdEncoding.EncodeToString([]byte(data)) }

// send sends packets together: in one body, or in frames that are written at once.
func (c *session) send(packets ...string) {
	c.Helper()
	if c.polled != nil {
		a := c.quiet("POST", c.polled.query, strings.Join(packets, "\x1e"))
		require.Equal(c, "ok", a.body, "%v", a)
		return
	}
	var b strings.Builder
	for _, p := range packets {
		if data, is := strings.CutPrefix(p, "b"); is {
			decoded, err := base64.StdEncoding.DecodeString(data)
			require.NoError(c, err)
			b.WriteString(frame(fin|opBinary, string(decoded)))
		} else {
			b.WriteString(text(p))
		}
	}
	c.frames.write(b.String())
}

// next returns the next packet.
func (c *session) next() string {
	c.Helper()
	if c.polled != nil {
		return c.polled.next()
	}
	first, payload := c.frames.read()
	switch first {
	case fin | opText:
		return payload
	case fin | opBinary:
		return attachment(payload)
	}
	require.Fail(c, "a control frame", "%#x %q", first, payload)
	return ""
}

// want wants packets.
func (c *session) want(packets ...string) {
	c.Helper()
	for _, want := range packets {
		got := c.next()
		c.say("%s", got)
		require.Equal(c, want, got)
	}
}

// wantClosed wants that the session ends, for the reason, with nothing sent before: a
// WebSocket with a close frame without a code.
func (c *session) wantClosed(reason event.Reason) error {
	c.Helper()
	if c.polled != nil {
		require.Empty(c, c.polled.packets)
		c.polled.wantGone()
	} else {
		first, payload := c.frames.read()
		require.Equal(c, byte(fin|opClose), first, "%q", payload)
		require.Empty(c, payload)
		c.frames.wantEOF()
	}
	return c.wantEnd(reason)
}

// wantWorks wants that the session is there and nothing else was sent on it.
func (c *session) wantWorks() {
	c.Helper()
	c.send("40/unknown,")
	got := c.next()
	require.Equal(c, `44/unknown,{"message":"Invalid namespace"}`, got)
	c.say("goes on")
}

// untilWorks yields the packets that come until one shows that the session goes on and
// the server has read all that was sent.
func (c *session) untilWorks() iter.Seq[string] {
	return func(yield func(string) bool) {
		c.Helper()
		c.send("40/unknown,")
		for packet := c.next(); packet != `44/unknown,{"message":"Invalid namespace"}`; packet = c.next() {
			if !yield(packet) {
				return
			}
		}
		c.say("goes on")
	}
}
