package server_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// blanks are nearly as many as a message may have.
var blanks = strings.Repeat(" ", 999_900)

// busy serves sockets whose handler of "work" never returns before the test ends, so that
// what comes behind it waits.
func busy(t *testing.T, options *server.Options) *rig {
	r := serve(t, options)
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	r.OnConnect(func(s *server.Socket) {
		s.On("work", func(context.Context, *event.Message) error { <-end; return nil })
	})
	return r
}

// flush returns when the server has read all that the client has sent, which is when it
// has the answer to a question that it asks now.
func flush(r *rig, c *raw, s *server.Socket) {
	r.Helper()
	answered := make(chan error, 1)
	go func() {
		_, err := s.Request(r.ctx, "there?")
		answered <- err
	}()
	question := string(c.read().Data)
	require.True(r, strings.HasSuffix(question, `["there?"]`), question)
	c.send("43" + strings.TrimSuffix(question[2:], `["there?"]`) + "[]")
	require.NoError(r, <-answered)
}

// What a client has the server keep is what it is counted for, whatever it was
// wrapped in.
func TestHeldOfEventsThatWait(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		events     int
		most       int64
	}{
		{"blanks behind", `42["x"]` + blanks, 60, 500_000},
		{"10,000 arguments", `42["x"` + strings.Repeat(",1", 9_999) + `]`, 40, 2 * 40 * 20_000},
		{"a handler asks for none of them", `42["x"` + strings.Repeat(`,""`, 9_999) + `]`, 25, 2 * 25 * 30_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := busy(t, nil)
			c, s := r.connect()
			c.send(`42["work"]`)
			flush(r, c, s)
			held := transporttest.Held(t, func() any {
				for range tt.events {
					c.send(tt.text)
				}
				flush(r, c, s)
				return nil
			})
			require.Less(t, held, tt.most+200_000)
		})
	}
	t.Run("blanks in a polling body", func(t *testing.T) {
		r := busy(t, nil)
		query := r.poll()
		post := func(body string) {
			_, answer := r.http("POST", query, body)
			require.Equal(t, "ok", answer)
		}
		post("40\x1e42[\"work\"]")
		held := transporttest.Held(t, func() any {
			for range 30 {
				post("42[\"x\"]\x1e6" + blanks)
				post("6" + blanks + "\x1e42[\"x\"]")
			}
			return nil
		})
		require.Less(t, held, int64(1_000_000))
	})
}

func TestHeldOfAuth(t *testing.T) {
	secret := strings.Repeat("s", 1000)
	for _, auth := range []string{
		`{"token":"` + secret + `"}` + blanks[:990_000],
		`{` + blanks[:990_000] + `"token" : "` + secret + `"}`,
	} {
		const clients = 20
		r := serve(t, nil)
		r.Use(func(_ context.Context, s *server.Socket) error {
			var got struct{ Token string }
			if err := s.Handshake().DecodeAuth(&got); err != nil || got.Token != secret {
				t.Errorf("auth: %q, %v", got.Token, err)
			}
			return nil
		})
		one := func() {
			c := r.dial()
			c.send("40" + auth)
			require.True(t, strings.HasPrefix(string(c.read().Data), "40{"))
		}
		one() // what is shared by all
		held := transporttest.Held(t, func() any {
			for range clients {
				one()
			}
			return nil
		})
		require.Less(t, held, int64(clients*100_000))
	}
}

func TestManyArguments(t *testing.T) {
	for _, text := range []string{`42["x"` + strings.Repeat(",1", 499_900) + `]`, `430[0` + strings.Repeat(",1", 499_900) + `]`} {
		r, reasons := echoing(t, nil)
		c, _ := r.join("/")
		c.send(text)
		c.wantClosed()
		require.Equal(r, event.ForcedClose, await(r, reasons))
	}
}

// An event whose attachments do not all come holds what has come, which is bounded.
func TestHeldOfAnIncompleteEvent(t *testing.T) {
	const size = 1_000_000
	r, reasons := echoing(t, &server.Options{MaxAttachments: 20})
	c, _ := r.join("/")
	data := make([]byte, size)
	held := transporttest.Held(t, func() any {
		c.send(`4511-["x"]`)
		for range 10 {
			c.sendBinary(data...)
		}
		return nil
	})
	require.Less(t, held, int64(12*size)) // the client has a buffer, too
	c.sendBinary(1)
	c.wantClosed()
	require.Equal(r, event.ForcedClose, await(r, reasons))
}
