package server_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// connect joins "/" and returns the server's socket, too.
func (r *rig) connect() (*raw, *server.Socket) {
	r.Helper()
	c, id := r.join("/")
	return c, r.socket(id)
}

// socket returns the socket of "/" with the id. The client may know of the
// connection a moment before the namespace does.
func (r *rig) socket(id string) *server.Socket {
	r.Helper()
	var found *server.Socket
	require.Eventually(r, func() bool {
		for _, s := range r.To(id).Sockets() {
			found = s
		}
		return found != nil
	}, patience, time.Millisecond)
	return found
}

func TestEventsComeInOrder(t *testing.T) {
	r := serve(t, nil)
	got := make(chan int, 3000)
	r.OnConnect(func(s *server.Socket) {
		s.On("n", func(_ context.Context, m *event.Message) error {
			var n int
			defer func() { got <- n }()
			return m.Decode(&n)
		})
	})
	c, _ := r.join("/")
	for i := range 3000 {
		c.send(`42["n",` + strconv.Itoa(i) + `]`)
	}
	for i := range 3000 {
		require.Equal(r, i, await(r, got))
	}
}

func TestOnConnectRunsBeforeEvents(t *testing.T) {
	r := serve(t, nil)
	admit := make(chan struct{})
	r.OnConnect(func(s *server.Socket) {
		require.NoError(t, s.Emit("first"))
		<-admit
		s.On("a", func(context.Context, *event.Message) error { return s.Emit("second") })
	})
	c, _ := r.join("/")
	c.want(`42["first"]`)
	c.send(`42["a"]`)
	c.wantWorks()
	close(admit)
	c.want(`42["second"]`)
}

func TestBinaryBothWays(t *testing.T) {
	r := serve(t, nil)
	type picture struct {
		Name string `json:"name"`
		Data []byte `json:"data"`
	}
	r.OnConnect(func(s *server.Socket) {
		s.On("picture", func(_ context.Context, m *event.Message) error {
			var p picture
			if err := m.Decode(&p); err != nil {
				return err
			}
			p.Name += "!"
			return s.Emit("got", p, []byte("tail"))
		})
	})
	c, _ := r.join("/")
	c.send(`451-["picture",{"name":"x","data":{"_placeholder":true,"num":0}}]`)
	c.sendBinary(1, 2, 3)
	c.want(`452-["got",{"name":"x!","data":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]`)
	require.Equal(r, []byte{1, 2, 3}, c.read().Data)
	require.Equal(r, "tail", string(c.read().Data))
}

func TestRequestInsideAHandler(t *testing.T) {
	r := serve(t, nil)
	r.OnConnect(func(s *server.Socket) {
		s.On("ask", func(ctx context.Context, m *event.Message) error {
			reply, err := s.Request(ctx, "question", "why")
			if err != nil {
				return err
			}
			var answer string
			if err := reply.Decode(&answer); err != nil {
				return err
			}
			return m.Ack("you said " + answer)
		})
	})
	c, _ := r.join("/")
	c.send(`427["ask"]`)
	c.want(`420["question","why"]`)
	c.send(`43["without an id"]`, `430["because"]`, `430["twice"]`, `431["never asked"]`)
	c.want(`437["you said because"]`)
	c.wantWorks()
}

func TestRequestEnds(t *testing.T) {
	t.Run("with its context", func(t *testing.T) {
		r := serve(t, nil)
		c, s := r.connect()
		ctx, cancel := context.WithCancelCause(r.ctx)
		over := errors.New("over")
		errs := make(chan error)
		go func() {
			_, err := s.Request(ctx, "question")
			errs <- err
		}()
		c.want(`420["question"]`)
		cancel(over)
		require.ErrorIs(r, await(r, errs), over)
		c.send(`430["late"]`)
		c.wantWorks()
	})
	t.Run("with the connection", func(t *testing.T) {
		r := serve(t, nil)
		c, s := r.connect()
		errs := make(chan error)
		go func() {
			_, err := s.Request(r.ctx, "question")
			errs <- err
		}()
		c.want(`420["question"]`)
		require.NoError(r, c.conn.Close(0, ""))
		var gone *event.DisconnectError
		require.ErrorAs(r, await(r, errs), &gone)
		require.Equal(r, event.TransportClose, gone.Reason)
		_, err := s.Request(r.ctx, "question")
		require.ErrorAs(r, err, &gone)
	})
	t.Run("with an error of the peer", func(t *testing.T) {
		r := serve(t, nil)
		c, s := r.connect()
		errs := make(chan error)
		go func() {
			_, err := s.Request(r.ctx, "question")
			errs <- err
		}()
		c.want(`420["question"]`)
		c.send(`430[{"error":{"message":"no idea","data":{"x":1}}}]`)
		var answer *event.AckError
		require.ErrorAs(r, await(r, errs), &answer)
		require.Equal(r, "no idea", answer.Message)
	})
}

func TestTypedEvents(t *testing.T) {
	type sum struct{ A, B int }
	add := event.NewCall[sum, int]("add")
	told := event.New[string]("told")
	r := serve(t, nil)
	r.OnConnect(func(s *server.Socket) {
		add.Handle(s, func(_ context.Context, in sum) (int, error) {
			if in.A < 0 {
				return 0, &event.AckError{Message: "negative"}
			}
			return in.A + in.B, told.Emit(s.Broadcast(), "summed")
		})
	})
	c, _ := r.join("/")
	other, _ := r.connect()
	c.send(`420["add",{"A":1,"B":2}]`)
	c.want(`430[3]`)
	other.want(`42["told","summed"]`)
	c.send(`421["add",{"A":-1,"B":2}]`)
	c.want(`431[{"error":{"message":"negative"}}]`)
}

func TestErrorsAndPanicsOfHandlers(t *testing.T) {
	var log syncBuffer
	errs := make(chan error, 10)
	r := serve(t, &server.Options{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		OnError: func(s *server.Socket, err error) {
			errs <- err
			panic("in OnError, too")
		},
	})
	r.OnConnect(func(s *server.Socket) {
		s.On("error", func(context.Context, *event.Message) error { return errors.New("sorry") })
		s.On("panic", func(context.Context, *event.Message) error { panic("oh no") })
		s.On("index", func(_ context.Context, m *event.Message) error { return []error{}[m.Len()] })
		s.On("decode", func(_ context.Context, m *event.Message) error { return m.Decode(new(int)) })
		s.OnDisconnect(func(event.Reason) { panic("while leaving") })
		panic("while connecting")
	})
	c, _ := r.join("/")
	c.send(`420["error"]`, `421["panic"]`, `42["index"]`, `422["decode","x"]`)
	var failed *event.HandlerError
	require.ErrorAs(r, await(r, errs), &failed)
	require.EqualError(r, failed, `event: handler of "connect" panicked: while connecting`)
	for _, name := range []string{"error", "panic", "index", "decode"} {
		require.ErrorAs(r, await(r, errs), &failed)
		require.Equal(r, name, failed.Event)
	}
	c.wantWorks() // and no ack was sent
	require.NoError(r, c.conn.Close(0, ""))
	require.ErrorAs(r, await(r, errs), &failed)
	require.EqualError(r, failed, `event: handler of "disconnect" panicked: while leaving`)
	require.NoError(r, r.Server.Close())
	require.NoError(r, r.Wait(r.ctx))
	require.Contains(r, log.String(), "oh no")
	require.Contains(r, log.String(), "socket_test.go", "the stack")
	require.NotContains(r, c.url, "sorry")
}

// A value that is nested too deep is an error for the caller who sends it back.
func TestEncodingErrors(t *testing.T) {
	r := serve(t, nil)
	c, s := r.connect()
	var loop []any
	loop = append(loop, nil)
	loop[0] = loop
	require.ErrorIs(r, s.Emit("x", loop), parser.ErrDepth)
	require.Error(r, s.Emit("x", func() {}))
	require.Error(r, r.Emit("x", make(chan int)))
	require.ErrorIs(r, s.Emit("disconnect"), event.ErrReserved)
	require.ErrorIs(r, r.To("room").Emit("connect_error"), event.ErrReserved)
	_, err := s.Request(r.ctx, "x", func() {})
	require.Error(r, err)
	for _, err := range r.Request(r.ctx, "x", func() {}) {
		require.Error(r, err)
	}
	require.NoError(r, s.Emit("fine"))
	c.want(`42["fine"]`)
}

func TestDisconnectByTheServer(t *testing.T) {
	r := serve(t, nil)
	type end struct {
		reason event.Reason
		rooms  []string
		cause  error
	}
	ends := make(chan end, 2)
	order := make(chan string, 2)
	r.OnConnect(func(s *server.Socket) {
		s.Join("a", "b")
		s.OnDisconnect(func(reason event.Reason) { order <- "disconnect" })
		s.OnDisconnecting(func(reason event.Reason) {
			order <- "disconnecting"
			ends <- end{reason, s.Rooms(), context.Cause(s.Context())}
		})
	})
	c, id := r.join("/")
	s := r.socket(id)
	r.Of("/admin")
	c.join("/admin")
	s.Disconnect(false)
	c.want("41")
	got := await(r, ends)
	require.Equal(r, event.ServerNamespaceDisconnect, got.reason)
	require.ElementsMatch(r, []string{id, "a", "b"}, got.rooms)
	var gone *event.DisconnectError
	require.ErrorAs(r, got.cause, &gone)
	require.Equal(r, event.ServerNamespaceDisconnect, gone.Reason)
	require.Equal(r, "disconnecting", await(r, order))
	require.Equal(r, "disconnect", await(r, order))
	require.ErrorAs(r, s.Emit("x"), &gone)
	require.False(r, s.Connected())
	s.Join("late")
	require.Empty(r, r.To("late", "a").Sockets())

	c.send(`42["was on its way"]`) // is ignored, the other namespace goes on
	c.wantWorks()
	require.NotEqual(r, id, c.join("/"))
}

func TestDisconnectClosesTheConnection(t *testing.T) {
	r, reasons := echoing(t, nil)
	c, id := r.join("/")
	c.join("/admin")
	s := r.socket(id)
	for range 100 {
		require.NoError(r, s.Emit("last words"))
	}
	s.Disconnect(true)
	for range 100 {
		c.want(`42["last words"]`)
	}
	c.want("41", "41/admin,")
	c.wantClosed()
	for range 2 {
		require.Equal(r, event.ServerNamespaceDisconnect, await(r, reasons))
	}
}

func TestDisconnectByTheClient(t *testing.T) {
	for _, test := range []struct {
		name   string
		act    func(c *raw)
		reason event.Reason
	}{
		{"DISCONNECT packet", func(c *raw) { c.send("41") }, event.ClientNamespaceDisconnect},
		{"close packet", func(c *raw) { c.send("1") }, event.TransportClose},
		{"close frame", func(c *raw) { c.conn.Close(1000, "") }, event.TransportClose},
		{"garbage", func(c *raw) { c.send("x") }, event.ParseError},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, reasons := echoing(t, nil)
			c, _ := r.join("/")
			c.send(`420["before",1]`)
			test.act(c)
			require.Equal(r, event.Reason(test.reason), await(r, reasons))
			require.Empty(r, r.Sockets())
		})
	}
}

func TestEventsBeforeDisconnectAreHandled(t *testing.T) {
	r := serve(t, nil)
	got := make(chan string, 200)
	start := make(chan struct{})
	r.OnConnect(func(s *server.Socket) {
		<-start
		s.OnAny(func(_ context.Context, m *event.Message) error { got <- m.Name(); return nil })
		s.OnDisconnect(func(event.Reason) { got <- "disconnect" })
	})
	c, _ := r.join("/")
	for i := range 100 {
		c.send(`42["` + strconv.Itoa(i) + `"]`)
	}
	c.send("41", "40/unknown,")
	c.want(`44/unknown,{"message":"Invalid namespace"}`)
	close(start)
	for i := range 100 {
		require.Equal(r, strconv.Itoa(i), await(r, got))
	}
	require.Equal(r, "disconnect", await(r, got))
}

// notice is a log that tells when a line of it has some text.
type notice struct {
	text string
	seen chan struct{}
	once sync.Once
}

func newNotice(text string) *notice { return &notice{text: text, seen: make(chan struct{})} }

func (n *notice) logger() *slog.Logger { return slog.New(slog.NewTextHandler(n, nil)) }

func (n *notice) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(n.text)) {
		n.once.Do(func() { close(n.seen) })
	}
	return len(p), nil
}

// A handler that does not return stops the reader, and what it waits for ends with the connection.
func TestStuckHandlerStopsTheReader(t *testing.T) {
	behind := newNotice("handlers are behind")
	r := serve(t, &server.Options{Logger: behind.logger()})
	entered := make(chan struct{})
	causes := make(chan error, 1)
	var handled int
	r.OnConnect(func(s *server.Socket) {
		s.On("stick", func(ctx context.Context, _ *event.Message) error {
			close(entered)
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil
		})
		s.On("x", func(context.Context, *event.Message) error { handled++; return nil })
	})
	c, s := r.connect()
	c.send(`42["stick"]`)
	await(r, entered)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		text := `42["x","` + strings.Repeat("x", 10_000) + `"]`
		for c.conn.Write(r.ctx, message(text)) == nil {
		}
	}()
	await(r, behind.seen)
	require.True(r, s.Connected())
	s.Disconnect(false)
	var gone *event.DisconnectError
	require.ErrorAs(r, await(r, causes), &gone)
	require.NoError(r, r.Server.Close())
	await(r, sent)
	require.LessOrEqual(r, handled, 110, "about a megabyte")
}

// A handler that asks the client back while so much waits behind it that nothing is read
// gets an error at once, and what waits is handled.
func TestRequestOfAHandlerThatIsBehind(t *testing.T) {
	r := serve(t, &server.Options{InboxBytes: 10_000})
	asked, rest := make(chan error, 2), make(chan struct{})
	var handled int
	r.OnConnect(func(s *server.Socket) {
		s.On("import", func(ctx context.Context, _ *event.Message) error {
			for range 2 { // one that waits when nothing is read any more, and one that is too late to begin
				_, err := s.Request(ctx, "continue?")
				asked <- err
			}
			return nil
		})
		s.On("line", func(context.Context, *event.Message) error {
			if handled++; handled == 1000 {
				close(rest)
			}
			return nil
		})
	})
	c, s := r.connect()
	c.send(`42["import"]`)
	c.want(`420["continue?"]`)
	for range 1000 {
		c.send(`42["line","` + strings.Repeat("x", 100) + `"]`)
	}
	require.ErrorIs(r, await(r, asked), event.ErrBehind)
	require.ErrorIs(r, await(r, asked), event.ErrBehind)
	await(r, rest)
	require.True(r, s.Connected())

	done := make(chan error, 1)
	go func() { // later on it is answered again
		_, err := s.Request(r.ctx, "and now?")
		done <- err
	}()
	c.want(`422["and now?"]`)
	c.send(`432[]`)
	require.NoError(r, await(r, done))
}

func TestDisconnectWithAFullInbox(t *testing.T) {
	r := serve(t, nil)
	got := make(chan string, 2000)
	r.OnConnect(func(s *server.Socket) {
		s.On("stick", func(ctx context.Context, _ *event.Message) error { <-ctx.Done(); return nil })
		s.On("x", func(context.Context, *event.Message) error { got <- "x"; return nil })
		s.OnDisconnect(func(reason event.Reason) { got <- string(reason) })
	})
	c, s := r.connect()
	c.send(`42["stick"]`)
	for range 1023 {
		c.send(`42["x"]`)
	}
	c.wantWorks() // the server has read them all, and there is no room for more
	s.Disconnect(false)
	for range 1023 {
		require.Equal(r, "x", await(r, got))
	}
	require.Equal(r, string(event.ServerNamespaceDisconnect), await(r, got))
}

func TestAckThatCannotBeEncoded(t *testing.T) {
	r := serve(t, nil)
	r.OnConnect(func(s *server.Socket) {
		s.On("a", func(_ context.Context, m *event.Message) error {
			if err := m.Ack(func() {}); err == nil {
				return errors.New("a function was encoded")
			}
			return m.Ack("instead")
		})
	})
	c, _ := r.join("/")
	c.send(`420["a"]`)
	c.want(`430["instead"]`)
}

func TestRefusalThatCannotBeEncoded(t *testing.T) {
	r := serve(t, nil)
	r.Use(func(_ context.Context, s *server.Socket) error {
		var auth any
		require.NoError(t, s.Handshake().DecodeAuth(&auth))
		require.Nil(t, auth, "the client has sent none")
		return &server.ConnectError{Message: "no", Data: func() {}}
	})
	c := r.dial()
	c.send("40")
	c.want(`44{"message":"Internal error"}`)
}

func TestMiddleware(t *testing.T) {
	r := serve(t, nil)
	type user struct{ Name string }
	var order []string
	r.Use(func(_ context.Context, s *server.Socket) error {
		order = append(order, "first")
		var auth struct{ Token string }
		if err := s.Handshake().DecodeAuth(&auth); err != nil {
			return err
		}
		switch auth.Token {
		case "plain":
			return errors.New("row 7: not you")
		case "data":
			return &server.ConnectError{Message: "not you", Data: map[string]int{"code": 7}}
		case "panic":
			panic("secret")
		}
		s.SetData(user{auth.Token})
		s.Join("members")
		require.ErrorIs(t, s.Emit("too early"), server.ErrNotConnected)
		return nil
	})
	r.Use(func(context.Context, *server.Socket) error { order = append(order, "second"); return nil })
	c := r.dial()
	for _, refused := range []struct{ token, answer string }{
		{"plain", `44{"message":"Internal error"}`},
		{"data", `44{"message":"not you","data":{"code":7}}`},
		{"panic", `44{"message":"Internal error"}`},
	} {
		c.send(`40{"token":"` + refused.token + `"}`)
		c.want(refused.answer)
	}
	require.Empty(r, r.To("members").Sockets())
	c.send(`40{"token":"good"}`)
	require.Contains(r, string(c.read().Data), "40{")
	require.NoError(r, r.To("members").Emit("hello"))
	require.Equal(r, []string{"first", "first", "first", "first", "second"}, order)
	var member *server.Socket
	require.Eventually(r, func() bool {
		for _, s := range r.To("members").Sockets() {
			member = s
		}
		return member != nil
	}, patience, time.Millisecond)
	require.Equal(r, user{"good"}, member.Data())
}

func TestMiddlewareOfAClientThatIsGone(t *testing.T) {
	r := serve(t, nil)
	entered, left := make(chan struct{}), make(chan struct{})
	r.Use(func(ctx context.Context, s *server.Socket) error {
		close(entered)
		<-ctx.Done()
		close(left)
		return nil
	})
	r.OnConnect(func(*server.Socket) { t.Error("connected") })
	c := r.dial()
	c.send("40")
	await(r, entered)
	require.NoError(r, c.conn.Close(0, ""))
	await(r, left)
}

type contextKey struct{}

func TestHandshakeAndContext(t *testing.T) {
	type copied struct{}
	sio := server.New(&server.Options{Context: func(ctx context.Context, r *http.Request) context.Context {
		require.Nil(t, ctx.Value(http.ServerContextKey))
		ctx, cancel := context.WithCancel(context.WithValue(ctx, copied{}, r.Context().Value(contextKey{})))
		cancel() // as what belongs to a request is, when it has ended
		return ctx
	}})
	found := make(chan *server.Socket, 1)
	sio.OnConnect(func(s *server.Socket) { found <- s })
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sio.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, "from outside")))
	}))
	t.Cleanup(h.Close)
	t.Cleanup(func() { require.NoError(t, sio.Close()) })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	r := &rig{t, sio, h.URL, ctx}

	platform := transportnative.Platform(&transportnative.Config{Header: http.Header{"X-Test": {"yes"}}})
	before := time.Now()
	conn, err := platform.Dialer.Dial(ctx, "ws"+strings.TrimPrefix(h.URL, "http")+"/socket.io/?EIO=4&transport=websocket&room=5", 0)
	require.NoError(t, err)
	c := &raw{r, conn}
	c.read()
	c.send(`40{"token":"t"}`)
	c.read()
	s := await(r, found)
	hs := s.Handshake()
	require.Equal(t, "yes", hs.Header.Get("X-Test"))
	require.Equal(t, "5", hs.URL.Query().Get("room"))
	require.Contains(t, hs.RemoteAddr, "127.0.0.1:")
	require.False(t, hs.Secure)
	require.WithinRange(t, hs.Time, before, time.Now())
	var auth map[string]string
	require.NoError(t, hs.DecodeAuth(&auth))
	require.Equal(t, map[string]string{"token": "t"}, auth)
	require.Equal(t, "from outside", s.Context().Value(copied{}))
	require.Nil(t, s.Context().Value(contextKey{}), "nothing else of the request's")
	require.NoError(t, s.Context().Err())
	require.Equal(t, "/", s.Namespace().Name())
	require.NoError(t, conn.Close(0, ""))
	await(r, s.Context().Done())
	var gone *event.DisconnectError
	require.ErrorAs(t, context.Cause(s.Context()), &gone)
	require.Equal(t, event.TransportClose, gone.Reason)
}

func TestOnceAndOff(t *testing.T) {
	r := serve(t, nil)
	got := make(chan string, 10)
	r.OnConnect(func(s *server.Socket) {
		s.Once("a", func(context.Context, *event.Message) error { got <- "once"; return nil })
		off := s.On("a", func(context.Context, *event.Message) error { got <- "never"; return nil })
		off()
		s.On("a", func(context.Context, *event.Message) error { got <- "a"; return nil })
	})
	c, _ := r.join("/")
	c.send(`42["a"]`, `42["a"]`)
	require.Equal(r, "once", await(r, got))
	require.Equal(r, "a", await(r, got))
	require.Equal(r, "a", await(r, got))
}

func TestSlowConsumer(t *testing.T) {
	r := serve(t, &server.Options{SendBufferBytes: 100_000})
	reasons := make(chan event.Reason, 1)
	r.OnConnect(func(s *server.Socket) { s.OnDisconnect(func(reason event.Reason) { reasons <- reason }) })
	_, s := r.connect()
	text := strings.Repeat("x", 50_000)
	var err error
	for err == nil { // the client does not read
		err = s.Emit("x", text)
		require.NoError(r, s.Volatile().Emit("v", text), "dropped, if need be")
	}
	require.ErrorIs(r, err, server.ErrBufferFull)
	require.True(r, s.Connected(), "whoever emits is told, and nothing is lost")
	for s.Connected() { // of a broadcast nobody would be told
		require.NoError(r, r.Emit("x", text))
	}
	require.Equal(r, event.TransportError, await(r, reasons))
	require.EqualValues(r, 1, r.Stats().SlowConsumers)
}

func TestSlowConsumerDoesNotSlowOthers(t *testing.T) {
	r := serve(t, &server.Options{SendBufferBytes: 1 << 20})
	r.connect() // does not read
	c, _ := r.connect()
	text := strings.Repeat("x", 50_000)
	for i := range 200 {
		require.NoError(r, r.Emit("n", i, text))
		c.want(`42["n",` + strconv.Itoa(i) + `,"` + text + `"]`)
	}
	require.EqualValues(r, 1, r.Stats().SlowConsumers)
	require.Len(r, r.Sockets(), 1)
	require.True(r, slices.ContainsFunc(r.Sockets(), (*server.Socket).Connected))
}

// All clients together have a bound, too: one that takes nothing makes room for the rest.
func TestTotalSendBuffer(t *testing.T) {
	logger, lines := newLog(slog.LevelWarn)
	r := serve(t, &server.Options{TotalSendBufferBytes: 20 << 20, Logger: logger})
	text := strings.Repeat("x", 50_000)
	reader, read := r.connect()
	_, stuck := r.connect() // does not read, as the next
	_, other := r.connect()
	sockets := []*server.Socket{stuck, other}
	for i := 0; stuck.Connected() && other.Connected(); i++ {
		require.NoError(r, sockets[i%2].Emit("x", text))
		require.NoError(r, read.Emit("n", i, text))
		reader.want(`42["n",` + strconv.Itoa(i) + `,"` + text + `"]`)
	}
	line := await(r, lines)
	require.Equal(r, "transport error", line["reason"])
	require.Equal(r, "Options.TotalSendBufferBytes", line["hint"])
	require.Greater(r, line["waiting_bytes"], 1e6)
	require.EqualValues(r, 1, r.Stats().SlowConsumers)
	require.True(r, read.Connected())
}

// One client that is slow counts once, however many broadcasts find it so at a time.
func TestSlowConsumerCountsOnce(t *testing.T) {
	for range 5 {
		r := serve(t, &server.Options{SendBufferBytes: 1 << 20})
		c, _ := r.join("/")
		_ = c
		text := strings.Repeat("x", 200_000)
		var senders sync.WaitGroup
		for range 16 {
			senders.Go(func() {
				for range 20 {
					_ = r.Emit("news", text)
				}
			})
		}
		senders.Wait()
		require.EqualValues(t, 1, r.Stats().SlowConsumers)
	}
}
