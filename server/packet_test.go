package server_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"net/http/httptest"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// echoing is a server whose namespaces "/" and "/admin" answer the event "echo"
// with its arguments, and record the reasons of disconnection.
func echoing(t *testing.T, options *server.Options) (*rig, <-chan event.Reason) {
	r := serve(t, options)
	return r, echo(r.Server)
}

func echo(sio *server.Server) <-chan event.Reason {
	reasons := make(chan event.Reason, 1000)
	for _, n := range []*server.Namespace{sio.Of("/"), sio.Of("/admin")} {
		n.OnConnect(func(s *server.Socket) {
			s.OnAny(func(_ context.Context, m *event.Message) error {
				args := make([]any, m.Len())
				targets := make([]any, m.Len())
				for i := range args {
					targets[i] = &args[i]
				}
				if err := m.Decode(targets...); err != nil {
					return err
				}
				if m.WantsAck() {
					return m.Ack(args...)
				}
				return s.Emit("was "+m.Name(), args...)
			})
			s.OnDisconnect(func(reason event.Reason) { reasons <- reason })
		})
	}
	return reasons
}

// https://socket.io/docs/v4/socket-io-protocol/
func TestInvalidPackets(t *testing.T) {
	long := strings.Repeat("9", 1<<20)
	for _, test := range []struct {
		name   string
		before bool // without having joined "/"
		send   []string
		binary bool // a binary message follows
	}{
		{"event before CONNECT", true, []string{`42["a"]`}, false},
		{"ack before CONNECT", true, []string{`430["a"]`}, false},
		{"DISCONNECT before CONNECT", true, []string{`41`}, false},
		{"CONNECT_ERROR before CONNECT", true, []string{`44{"message":"x"}`}, false},
		{"binary event before CONNECT", true, []string{`451-["a",{"_placeholder":true,"num":0}]`}, false},
		{"binary before CONNECT", true, nil, true},
		{"CONNECT with a space", true, []string{`40 {}`}, false},
		{"CONNECT with a string", true, []string{`40"x"`}, false},
		{"CONNECT with an array", true, []string{`40[]`}, false},
		{"CONNECT with null", true, []string{`40null`}, false},
		{"CONNECT with broken JSON", true, []string{`40{`}, false},
		{"DISCONNECT with payload", false, []string{`41{}`}, false},
		{"CONNECT_ERROR", false, []string{`44{"message":"x"}`}, false},
		{"event for a namespace not joined", false, []string{`42/admin,["a"]`}, false},
		{"binary event for a namespace not joined", false, []string{`451-/admin,["a",{"_placeholder":true,"num":0}]`}, false},
		{"event for an unknown namespace", false, []string{`42/never,["a"]`}, false},
		{"reserved connect", false, []string{`42["connect"]`}, false},
		{"reserved connect_error", false, []string{`42["connect_error"]`}, false},
		{"reserved disconnect", false, []string{`42["disconnect"]`}, false},
		{"reserved disconnecting", false, []string{`42["disconnecting"]`}, false},
		{"reserved newListener", false, []string{`42["newListener"]`}, false},
		{"reserved removeListener", false, []string{`42["removeListener"]`}, false},
		{"empty array", false, []string{`42[]`}, false},
		{"object", false, []string{`42{}`}, false},
		{"string", false, []string{`42"x"`}, false},
		{"null", false, []string{`42null`}, false},
		{"null as name", false, []string{`42[null]`}, false},
		{"object as name", false, []string{`42[{}]`}, false},
		{"object with toString as name", false, []string{`42[{"toString":"x"}]`}, false},
		{"true as name", false, []string{`42[true]`}, false},
		{"array as name", false, []string{`42[["a"]]`}, false},
		{"trailing text", false, []string{`42["a"]x`}, false},
		{"NaN", false, []string{`42["a",NaN]`}, false},
		{"unterminated", false, []string{`42["x"`}, false},
		{"event without payload", false, []string{`42`}, false},
		{"event with id without payload", false, []string{`421`}, false},
		{"ack without payload", false, []string{`43`}, false},
		{"ack with id without payload", false, []string{`430`}, false},
		{"space before payload", false, []string{`42 ["a"]`}, false},
		{"line break before payload", false, []string{"42\n[\"a\"]"}, false},
		{"id above 2^53-1", false, []string{`429007199254740993["a"]`}, false},
		{"id of 23 digits", false, []string{`4212345678901234567890123["a"]`}, false},
		{"id of 400 digits", false, []string{`42` + long[:400] + `["a"]`}, false},
		{"unknown type", false, []string{`49`}, false},
		{"no type", false, []string{`4`}, false},
		{"11 attachments", false, []string{`4511-["a"]`}, false},
		{"0 attachments", false, []string{`450-["a"]`}, false},
		{"many attachments", false, []string{`459999999-["a"]`}, false},
		{"endless attachment count", false, []string{`45` + long[:900_000]}, false},
		{"no attachment count", false, []string{`45-["a"]`}, false},
		{"no dash", false, []string{`45["a"]`}, false},
		{"count, no payload", false, []string{`45-1-`}, false},
		{"exponent as count", false, []string{`451e0-["a"]`}, false},
		{"hexadecimal count", false, []string{`450x1-["a"]`}, false},
		{"space before count", false, []string{`45 1-["a"]`}, false},
		{"fraction as count", false, []string{`451.0-["a"]`}, false},
		{"signed count", false, []string{`45+1-["a"]`}, false},
		{"leading zero of count", false, []string{`4501-["a"]`}, false},
		{"num out of range", false, []string{`451-["a",{"_placeholder":true,"num":1}]`}, true},
		{"num negative", false, []string{`451-["a",{"_placeholder":true,"num":-1}]`}, true},
		{"num a string", false, []string{`451-["a",{"_placeholder":true,"num":"0"}]`}, true},
		{"num splice", false, []string{`451-["x",{"_placeholder":true,"num":"splice"}]`}, true},
		{"num null", false, []string{`451-["a",{"_placeholder":true,"num":null}]`}, true},
		{"num true", false, []string{`451-["a",{"_placeholder":true,"num":true}]`}, true},
		{"num missing", false, []string{`451-["a",{"_placeholder":true}]`}, true},
		{"num a fraction", false, []string{`451-["a",{"_placeholder":true,"num":0.5}]`}, true},
		{"text before the attachment", false, []string{`451-["a",{"_placeholder":true,"num":0}]`, `42["b"]`}, false},
		{"binary without announcement", false, nil, true},
		{"deep nesting", false, []string{`42["a",` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `]`}, false},
		{"namespace in front of CONNECT's payload without comma", false, []string{`42/admin["a"]`}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, reasons := echoing(t, nil)
			c := r.dial()
			if !test.before {
				c.join("/")
			}
			// The server may have closed before everything was written.
			for _, text := range test.send {
				c.send(text)
			}
			if test.binary && len(test.send) == 0 {
				c.sendBinary(1)
			}
			c.wantClosed()
			if !test.before {
				require.Equal(r, event.ForcedClose, await(r, reasons))
			}
		})
	}
}

func TestOneBinaryTooMany(t *testing.T) {
	r, reasons := echoing(t, nil)
	c, _ := r.join("/")
	c.send(`451-0["a",{"_placeholder":true,"num":0}]`)
	c.sendBinary(7)
	c.want(`461-0[{"_placeholder":true,"num":0}]`)
	require.Equal(r, []byte{7}, c.read().Data)
	c.sendBinary(8)
	c.wantClosed()
	require.Equal(r, event.ForcedClose, await(r, reasons))
}

// Each attachment is as large as a message may be; their sum has a limit of its own.
func TestAttachmentsOverTheByteLimit(t *testing.T) {
	r, reasons := echoing(t, &server.Options{MaxPayload: 1000, MaxAttachmentBytes: 2500})
	c, _ := r.join("/")
	for range 2 {
		c.send(`452-0["a"]`)
		c.sendBinary(make([]byte, 1000)...)
		c.sendBinary(make([]byte, 1000)...)
		c.want(`430[]`)
	}
	c.send(`453-0["a"]`)
	c.sendBinary(make([]byte, 1000)...)
	c.sendBinary(make([]byte, 1000)...)
	c.sendBinary(make([]byte, 501)...)
	c.wantClosed()
	require.Equal(r, event.ForcedClose, await(r, reasons))
}

// A client that takes ten attachments hangs up on more, so that they are not sent.
func TestMoreAttachmentsThanClientsTake(t *testing.T) {
	for _, tt := range []struct{ option, limit int }{{0, 10}, {-1, 10}, {3, 10}, {12, 12}} {
		r := serve(t, &server.Options{MaxAttachments: tt.option})
		c, s := r.connect()
		list := make([][]byte, tt.limit+1)
		for i := range list {
			list[i] = []byte{1}
		}
		for _, to := range []event.Emitter{s, r, r.Of("/")} {
			var failed *event.EncodeError
			require.ErrorAs(t, to.Emit("list", 0, list), &failed)
			require.ErrorIs(t, failed, parser.ErrTooManyAttachments)
			require.Equal(t, 1, failed.Argument)
			require.NoError(t, to.Emit("list", list[1:]))
			require.True(t, strings.HasPrefix(string(c.read().Data), "45"+strconv.Itoa(tt.limit)+`-["list"`))
			for range tt.limit {
				c.read()
			}
		}
		c.wantWorks()
	}
}

func TestOddButValidPackets(t *testing.T) {
	for _, test := range []struct{ name, send, want string }{
		{"integer as name", `420[1,"x"]`, `430["x"]`},
		{"event named error", `420["error","x"]`, `430["x"]`},
		{"event named connection", `420["connection"]`, `430[]`},
		{"event named message", `42["message",1]`, `42["was message",1]`},
		{"event named __proto__", `420["__proto__",1]`, `430[1]`},
		{"event without a name", `420["",1]`, `430[1]`},
		{"largest id", `429007199254740991["a",1]`, `439007199254740991[1]`},
		{"characters of HTML stay", `420["a","<b>&€😀"]`, `430["<b>&€😀"]`},
		{"namespace / spelled out", `42/,0["a",1]`, `430[1]`},
		{"attachment without placeholder", `420["a"]`, `430[]`},
		{"unknown ack", `4399["x"]`, ``},
		{"depth within the limit", `420["a",` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `]`,
			`430[` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, _ := echoing(t, nil)
			c, _ := r.join("/")
			c.send(test.send)
			if test.want != "" {
				c.want(test.want)
			}
			c.wantWorks()
		})
	}
}

func TestEventsWithoutHandlers(t *testing.T) {
	for _, packet := range []string{`42["error"]`, `420["error"]`, `42["error",{"message":"x"}]`, `42["nobody"]`, `42["__proto__"]`, `42[""]`, `42[1]`} {
		t.Run(packet, func(t *testing.T) {
			r := serve(t, nil)
			c, _ := r.join("/")
			c.send(packet)
			c.wantWorks()
		})
	}
}

// What is too deep to be sent is an error of the handler that sends it on.
func TestDeepValueSentOn(t *testing.T) {
	for _, depth := range []int{999, 9_999} {
		t.Run(strconv.Itoa(depth), func(t *testing.T) {
			errs := make(chan error, 1)
			r := serve(t, &server.Options{MaxDepth: depth + 1, OnError: func(_ *server.Socket, err error) { errs <- err }})
			r.OnConnect(func(s *server.Socket) {
				s.OnAny(func(_ context.Context, m *event.Message) error {
					var v any
					if err := m.Decode(&v); err != nil {
						return err
					}
					return s.Emit("deeper", []any{[]any{v}})
				})
			})
			c, _ := r.join("/")
			c.send(`42["a",` + strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth) + `]`)
			var failed *event.HandlerError
			require.ErrorAs(r, await(r, errs), &failed)
			require.ErrorContains(r, failed, "deep")
			c.wantWorks()
		})
	}
}

func TestConnectForms(t *testing.T) {
	for _, form := range []string{`40`, `40/,`, `40{}`, `401{}`, `40/,{"token":"x"}`} {
		t.Run(form, func(t *testing.T) {
			r, _ := echoing(t, nil)
			c := r.dial()
			c.send(form)
			require.Regexp(r, `^40\{"sid":"[-_A-Za-z0-9]{20}"\}$`, string(c.read().Data))
			c.wantWorks()
		})
	}
}

func TestUnknownNamespaces(t *testing.T) {
	r, _ := echoing(t, nil)
	c := r.dial()
	for _, name := range []string{"/nope", "/admin?x=1", `/admin{"a":1}`, "/__proto__"} {
		c.send("40" + name + ",")
		c.want("44" + name + `,{"message":"Invalid namespace"}`)
	}
	c.join("/")
	c.wantWorks()
}

func TestTooManyNamespaces(t *testing.T) {
	t.Run("unknown ones", func(t *testing.T) {
		r, _ := echoing(t, &server.Options{MaxNamespaces: 3})
		c := r.dial()
		for range 3 {
			c.wantWorks()
		}
		c.send("40/unknown,")
		c.wantClosed()
	})
	t.Run("unless told otherwise", func(t *testing.T) {
		r, _ := echoing(t, nil)
		c := r.dial()
		for range 100 {
			c.wantWorks()
		}
		c.send("40/unknown,")
		c.wantClosed()
	})
	t.Run("one after the other", func(t *testing.T) {
		r, _ := echoing(t, &server.Options{MaxNamespaces: 2})
		c, _ := r.join("/")
		for range 10 {
			c.join("/admin")
			c.send("41/admin,")
		}
		c.wantWorks()
	})
	t.Run("joined ones", func(t *testing.T) {
		r, _ := echoing(t, &server.Options{MaxNamespaces: 2})
		r.Of("/third")
		c, _ := r.join("/")
		c.join("/admin")
		for range 2 {
			c.send("40/third,")
			c.want(`44/third,{"message":"Too many namespaces"}`)
		}
		c.send(`420["a",1]`)
		c.want(`430[1]`)
		c.send("40/third,")
		c.wantClosed()
	})
}

func TestEventsBehindConnectWait(t *testing.T) {
	r := serve(t, nil)
	admit := make(chan struct{})
	r.Use(func(ctx context.Context, s *server.Socket) error {
		select {
		case <-admit:
		case <-ctx.Done():
		}
		return nil
	})
	r.OnConnect(func(s *server.Socket) {
		s.On("a", func(_ context.Context, m *event.Message) error { return m.Ack("got it") })
	})
	c := r.dial()
	c.send("40", `420["a"]`, `421["a"]`, "40/unknown,")
	c.want(`44/unknown,{"message":"Invalid namespace"}`) // the reader has seen it all
	close(admit)
	require.Contains(r, string(c.read().Data), `40{"sid"`)
	c.want(`430["got it"]`, `431["got it"]`)
}

func TestEventsBehindARefusedConnectAreDropped(t *testing.T) {
	r := serve(t, nil)
	r.Use(func(context.Context, *server.Socket) error { return &server.ConnectError{Message: "no"} })
	r.OnConnect(func(*server.Socket) { t.Error("connected") })
	c := r.dial()
	c.send("40", `420["a"]`, `451-["a",{"_placeholder":true,"num":0}]`)
	c.sendBinary(1)
	c.want(`44{"message":"no"}`)
	c.wantWorks()
}

func TestRejoin(t *testing.T) {
	r, reasons := echoing(t, nil)
	c, first := r.join("/admin")
	c.join("/")
	c.send("41/admin,")
	require.Equal(r, event.ClientNamespaceDisconnect, await(r, reasons))
	c.send(`420["a",1]`)
	c.want(`430[1]`)
	require.NotEqual(r, first, c.join("/admin"))
	c.send("41")
	require.Equal(r, event.ClientNamespaceDisconnect, await(r, reasons))
	c.send(`42["a"]`)
	c.wantClosed()
}

// A packet for a namespace that was left is refused before its attachments come.
func TestAttachmentsForANamespaceThatWasLeft(t *testing.T) {
	r, reasons := echoing(t, nil)
	c, _ := r.join("/admin")
	c.join("/")
	c.send("41/admin,", `451-/admin,["a",{"_placeholder":true,"num":0}]`)
	c.wantClosed()
	require.ElementsMatch(r, []event.Reason{event.ClientNamespaceDisconnect, event.ForcedClose},
		[]event.Reason{await(r, reasons), await(r, reasons)})
}

func TestPongBetweenTextAndAttachment(t *testing.T) {
	r, _ := echoing(t, nil)
	c, _ := r.join("/")
	c.send(`451-0["a",{"_placeholder":true,"num":0}]`, "3")
	c.sendBinary(1, 2)
	c.want(`461-0[{"_placeholder":true,"num":0}]`)
	require.Equal(r, []byte{1, 2}, c.read().Data)
}

func TestSharedAndUnusedAttachments(t *testing.T) {
	r, _ := echoing(t, nil)
	c, _ := r.join("/")
	c.send(`452-0["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":1}]`)
	c.sendBinary(1)
	c.sendBinary(2)
	c.want(`462-0[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
	require.Equal(r, []byte{2}, c.read().Data)
	require.Equal(r, []byte{2}, c.read().Data)
	c.send(`451-1["a"]`)
	c.sendBinary(3)
	c.want(`431[]`)
}

func TestBinaryAckToAnUnknownID(t *testing.T) {
	r, _ := echoing(t, nil)
	c, _ := r.join("/")
	c.send(`461-99[{"_placeholder":true,"num":0}]`)
	c.sendBinary(1)
	c.wantWorks()
}

func TestPipelinedConnectOnPolling(t *testing.T) {
	r, _ := echoing(t, nil)
	query := r.poll()
	status, body := r.http("POST", query, "40\x1e420[\"a\",1]\x1e451-1[\"a\",{\"_placeholder\":true,\"num\":0}]\x1ebAQID")
	require.Equal(r, 200, status)
	require.Equal(r, "ok", body)
	var got string
	for strings.Count(got, "\x1e") < 3 {
		status, body = r.http("GET", query, "")
		require.Equal(r, 200, status)
		if got != "" {
			got += "\x1e"
		}
		got += body
	}
	require.Regexp(r, "^40\\{\"sid\":\"[^\"]*\"\\}\x1e430\\[1\\]\x1e461-1\\[\\{\"_placeholder\":true,\"num\":0\\}\\]\x1ebAQID$", got)
}

func TestPacketsInOneBody(t *testing.T) {
	r, _ := echoing(t, nil)
	query := r.poll()
	status, body := r.http("POST", query, strings.Repeat("3\x1e", 120_000-1)+"40")
	require.Equal(r, 200, status)
	require.Equal(r, "ok", body)
	_, body = r.http("GET", query, "")
	require.Contains(r, body, `40{"sid"`)
}

// timed runs a script against a server on fake time, on polling.
func timed(t *testing.T, options *server.Options, script func(t *testing.T, sio *server.Server, do func(method, query, body string) string)) {
	synctest.Test(t, func(t *testing.T) {
		sio := server.New(options)
		defer sio.Close()
		script(t, sio, func(method, query, body string) string {
			w := httptest.NewRecorder()
			sio.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), method, "/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body)))
			return w.Body.String()
		})
	})
}

// sid returns the query with the session id in a handshake.
func sid(handshake string) string {
	_, rest, _ := strings.Cut(handshake, `"sid":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return "&sid=" + id
}

const gone = `{"code":1,"message":"Session ID unknown"}`

func TestConnectTimeout(t *testing.T) {
	for _, test := range []struct{ name, send string }{
		{"silence", ""},
		{"unknown namespace only", "40/nope,"},
		{"middleware without an answer", "40"},
	} {
		t.Run(test.name, func(t *testing.T) {
			// The heartbeat must not be what ends the session.
			options := &server.Options{PingInterval: time.Hour}
			timed(t, options, func(t *testing.T, sio *server.Server, do func(method, query, body string) string) {
				var waited error // of the middleware
				sio.Use(func(ctx context.Context, s *server.Socket) error {
					<-ctx.Done()
					waited = context.Cause(ctx)
					return ctx.Err()
				})
				q := sid(do("GET", "", ""))
				start := time.Now()
				if test.send != "" {
					require.Equal(t, "ok", do("POST", q, test.send))
				}
				time.Sleep(44 * time.Second)
				require.Equal(t, 1, sio.Stats().Connections)
				time.Sleep(time.Second)
				synctest.Wait()
				require.Equal(t, 45*time.Second, time.Since(start))
				require.Zero(t, sio.Stats().Connections)
				require.Equal(t, "1", do("GET", q, ""))
				require.Equal(t, gone, do("GET", q, ""))
				if test.send == "40" {
					var why *event.DisconnectError
					require.ErrorAs(t, waited, &why)
					require.Equal(t, event.ForcedServerClose, why.Reason)
				}
			})
		})
	}
}

func TestConnectTimeoutEndsWithTheFirstNamespace(t *testing.T) {
	options := &server.Options{PingInterval: time.Hour}
	timed(t, options, func(t *testing.T, sio *server.Server, do func(method, query, body string) string) {
		q := sid(do("GET", "", ""))
		require.Equal(t, "ok", do("POST", q, "40"))
		synctest.Wait()
		require.Equal(t, "ok", do("POST", q, "41"))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, sio.Stats().Connections)
	})
}

func TestAttachmentTimeout(t *testing.T) {
	options := &server.Options{PingInterval: time.Hour}
	timed(t, options, func(t *testing.T, sio *server.Server, do func(method, query, body string) string) {
		reasons := echo(sio)
		q := sid(do("GET", "", ""))
		require.Equal(t, "ok", do("POST", q, "40"))
		require.Contains(t, do("GET", q, ""), "40")
		packet := `452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
		require.Equal(t, "ok", do("POST", q, packet))
		time.Sleep(29 * time.Second)
		require.Equal(t, "ok", do("POST", q, "bAQ==\x1ebAQ=="))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, sio.Stats().Connections, "they came in time")

		require.Equal(t, "ok", do("POST", q, packet+"\x1ebAQ=="))
		time.Sleep(20 * time.Second)
		require.Equal(t, "ok", do("POST", q, "3"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for do("GET", q, "") != "1" { // pings are before it
		}
		require.Zero(t, sio.Stats().Connections)
		require.Equal(t, event.ForcedClose, <-reasons)
	})
}
