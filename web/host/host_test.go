package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/web/chat"
	"github.com/isosocket/isosocket/web/chat/guest"
	"github.com/isosocket/isosocket/web/host"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // servers log what tests provoke
	goleak.VerifyTestMain(m)
}

// patience ends a test that hangs.
const patience = 30 * time.Second

// house is a host behind a listener, which can be stopped and started again at the same address.
type house struct {
	t       *testing.T
	address string
	io      *server.Server
	http    *http.Server
	served  chan error
	lines   *lines
}

// lines is a listener whose connections can be cut.
type lines struct {
	net.Listener
	mu    sync.Mutex // held while nobody is let in
	conns []net.Conn
}

func (l *lines) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, c)
	return c, nil
}

// cut closes the latest connection, and lets nobody in until the function that it returns is called.
func (l *lines) cut() (mend func()) {
	l.mu.Lock()
	_ = l.conns[len(l.conns)-1].Close()
	return l.mu.Unlock
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, address: "127.0.0.1:0"}
	h.start()
	t.Cleanup(h.stop)
	return h
}

func (h *house) start() {
	listener, err := net.Listen("tcp", h.address)
	require.NoError(h.t, err)
	h.address = listener.Addr().String()
	h.io = server.New(&server.Options{SendBufferBytes: 2 * host.MaxHistoryBytes})
	host.New(h.io)
	h.http = &http.Server{Handler: h.io}
	h.served = make(chan error, 1)
	h.lines = &lines{Listener: listener}
	go func() { h.served <- h.http.Serve(h.lines) }() // stop waits for it
}

func (h *house) stop() {
	if h.http == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(h.t, h.io.Shutdown(ctx))
	require.NoError(h.t, h.http.Shutdown(ctx))
	require.ErrorIs(h.t, <-h.served, http.ErrServerClosed)
	h.http = nil
}

// person is a guest and what the guest is shown.
type person struct {
	*guest.Guest
	t    *testing.T
	name string
	saw  chan any
	stop func() error // leaves, and returns why the visit had ended
}

// Each call of the view is one of these, or the payload of the contract that it carries.
type (
	joined   struct{ names []string }
	refused  string
	news     string // who came or left
	message  struct{ text, state string }
	progress struct {
		id string
		guest.Progress
	}
	writers []string
)

func (p *person) Status(s guest.Status)   { p.saw <- s }
func (p *person) Rooms(rooms []chat.Room) { p.saw <- rooms }
func (p *person) Entering(string)         {}
func (p *person) Joined(_ string, members []chat.Member, _ chat.Member) {
	p.saw <- joined{names(members)}
}
func (p *person) Refused(reason string) { p.saw <- refused(reason) }
func (p *person) Gap(gap chat.Gap)      { p.saw <- gap }
func (p *person) Presence(_ []chat.Member, _ chat.Member, who *chat.Member, left bool) {
	switch {
	case who == nil:
	case left:
		p.saw <- news(who.Name + " left")
	default:
		p.saw <- news(who.Name + " joined")
	}
}
func (p *person) Message(m chat.Message, mine bool, state guest.State) {
	if m.Picture != nil {
		p.saw <- m
		return
	}
	from := m.From.Name
	if mine {
		from = "me"
	}
	p.saw <- message{from + ": " + m.Text, string(state)}
}
func (p *person) Progress(id string, g guest.Progress) { p.saw <- progress{id, g} }
func (p *person) Writers(names []string)               { p.saw <- writers(names) }

func names(members []chat.Member) []string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	return names
}

// visit makes somebody join a room, and waits until they have.
func (h *house) visit(name, room string) *person {
	h.t.Helper()
	p := h.knock(name, room)
	expect[joined](p)
	return p
}

// knock is visit without the wait.
func (h *house) knock(name, room string) *person {
	h.t.Helper()
	p := &person{t: h.t, name: name, saw: make(chan any, 10_000)}
	var err error
	p.Guest, err = guest.New(guest.Config{
		URL: "http://" + h.address, Room: room, Name: name, Key: "the key of " + name + " is long", View: p,
		Options: &socketio.Options{
			Transports:        []string{"websocket"},
			ReconnectionDelay: 10 * time.Millisecond, ReconnectionDelayMax: 50 * time.Millisecond,
		},
	})
	require.NoError(h.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }() // stop waits for it
	var left bool
	var why error
	p.stop = func() error {
		cancel()
		if !left {
			left, why = true, <-ended
		}
		return why
	}
	h.t.Cleanup(func() { _ = p.stop() })
	return p
}

// expect returns the next T that the person sees. What is seen before it is none of the test's business.
func expect[T any](p *person) T {
	p.t.Helper()
	hang := time.After(patience)
	for {
		select {
		case saw := <-p.saw:
			if v, ok := saw.(T); ok {
				return v
			}
		case <-hang:
			require.FailNow(p.t, "hangs", "%s waits for a %T", p.name, *new(T))
		}
	}
}

// expectMessages expects these, one after the other.
func expectMessages(p *person, want ...message) {
	p.t.Helper()
	for _, m := range want {
		require.Equal(p.t, m, expect[message](p))
	}
}

func TestMessagesAndTicks(t *testing.T) {
	h := newHouse(t)
	ada := h.visit("Ada", "lobby")

	ada.Post("anybody?", nil)
	expectMessages(ada, message{"me: anybody?", "waiting"})
	got := expect[progress](ada)
	require.Equal(t, guest.Sent, got.State, "nobody else is here")
	require.Equal(t, 1, got.Seq)
	require.NotZero(t, got.At)

	grace := h.visit("Grace", "lobby")
	expectMessages(grace, message{"Ada: anybody?", "sent"})
	require.Equal(t, news("Grace joined"), expect[news](ada))

	grace.Post("me", nil)
	expectMessages(grace, message{"me: me", "waiting"})
	expectMessages(ada, message{"Grace: me", "sent"})
	for got = expect[progress](grace); got.State != guest.Delivered; got = expect[progress](grace) {
		require.Equal(t, guest.Sent, got.State)
	}
	require.Equal(t, 1, got.Others)
}

func TestMessagesStayInOrder(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.visit("Ada", "lobby"), h.visit("Grace", "lobby")
	for i := range 200 {
		ada.Post(fmt.Sprint(i), nil)
	}
	for i := range 200 {
		expectMessages(grace, message{fmt.Sprint("Ada: ", i), "sent"})
	}
}

func TestPresence(t *testing.T) {
	h := newHouse(t)
	ada := h.visit("Ada", "lobby")
	grace := h.knock("Grace", "lobby")
	require.Equal(t, []string{"Ada", "Grace"}, expect[joined](grace).names)
	require.Equal(t, news("Grace joined"), expect[news](ada))

	ada.Typing(true)
	require.Equal(t, writers{"Ada"}, expect[writers](grace))
	ada.Typing(false)
	require.Empty(t, expect[writers](grace))

	require.ErrorIs(t, grace.stop(), context.Canceled)
	require.Equal(t, news("Grace left"), expect[news](ada))
}

func TestTheSamePersonTwiceIsOne(t *testing.T) {
	h := newHouse(t)
	ada := h.visit("Ada", "lobby")
	first := h.visit("Grace", "lobby")
	require.Equal(t, news("Grace joined"), expect[news](ada))
	second := h.knock("Grace", "lobby")
	require.Equal(t, []string{"Ada", "Grace"}, expect[joined](second).names)
	require.ErrorIs(t, first.stop(), context.Canceled)
	second.Post("still here", nil)
	expectMessages(ada, message{"Grace: still here", "sent"})
	require.ErrorIs(t, second.stop(), context.Canceled)
	require.Equal(t, news("Grace left"), expect[news](ada), "once, at the end")
}

func TestRooms(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.visit("Ada", "lobby"), h.visit("Grace", "lobby")
	await := func(p *person, want ...chat.Room) {
		t.Helper()
		for {
			if rooms := expect[[]chat.Room](p); fmt.Sprint(rooms) == fmt.Sprint(want) {
				return
			}
		}
	}
	await(ada, chat.Room{Name: "lobby", People: 2}, chat.Room{Name: "garden"}, chat.Room{Name: "workshop"})

	ada.Enter("  the   café ")
	expect[joined](ada)
	await(grace, chat.Room{Name: "lobby", People: 1}, chat.Room{Name: "garden"}, chat.Room{Name: "workshop"}, chat.Room{Name: "the café", People: 1})
	grace.Enter("garden")
	expect[joined](grace)
	ada.Post("nobody hears this", nil)
	require.Equal(t, guest.Sent, expect[progress](ada).State)

	ada.Enter("garden")
	require.Equal(t, []string{"Grace", "Ada"}, expect[joined](ada).names)
	await(grace, chat.Room{Name: "lobby"}, chat.Room{Name: "garden", People: 2}, chat.Room{Name: "workshop"})
	ada.Post("here I am", nil)
	expectMessages(grace, message{"Ada: here I am", "sent"})
}

func TestPictures(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.visit("Ada", "lobby"), h.visit("Grace", "lobby")
	picture := &chat.Picture{Name: "noise.png", Type: "image/png", Width: 8, Height: 4, Data: make([]byte, chat.MaxPicture)}
	for i := range picture.Data {
		picture.Data[i] = byte(i * i)
	}
	ada.Post("", picture)
	require.Equal(t, picture, expect[chat.Message](grace).Picture)

	late := h.visit("Late", "lobby")
	require.Equal(t, picture, expect[chat.Message](late).Picture)

	ada.Post("", &chat.Picture{Name: "script.svg", Type: "image/svg+xml", Data: []byte("<svg/>")})
	for got := expect[progress](ada); got.State != guest.Failed; got = expect[progress](ada) {
		require.Contains(t, []guest.State{guest.Sent, guest.Delivered}, got.State)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h := newHouse(t)
	ada := h.visit("Ada", "lobby")
	for i := range host.MaxHistory + 5 {
		ada.Post(fmt.Sprint(i), nil)
	}
	for got := expect[progress](ada); got.Seq != host.MaxHistory+5; got = expect[progress](ada) {
		require.Equal(t, guest.Sent, got.State)
	}
	grace := h.visit("Grace", "lobby")
	for i := 5; i < host.MaxHistory+5; i++ {
		expectMessages(grace, message{fmt.Sprint("Ada: ", i), "sent"})
	}
}

func TestRestart(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.visit("Ada", "lobby"), h.visit("Grace", "lobby")
	ada.Post("before", nil)
	expectMessages(grace, message{"Ada: before", "sent"})

	h.stop()
	for s := expect[guest.Status](ada); s.Link != guest.Reconnecting; s = expect[guest.Status](ada) {
		require.Contains(t, []guest.Link{guest.Connecting, guest.Connected}, s.Link)
	}
	ada.Post("while it was down", nil)
	ada.Post("and again", nil)
	expectMessages(ada, message{"me: while it was down", "waiting"}, message{"me: and again", "waiting"})
	h.start()

	expect[joined](ada)
	require.Equal(t, chat.GapRestart, expect[chat.Gap](ada), "its memory is gone, and it says so")
	require.Equal(t, chat.GapRestart, expect[chat.Gap](grace))
	expectMessages(grace, message{"Ada: while it was down", "sent"}, message{"Ada: and again", "sent"})

	grace.Post("welcome back", nil)
	expectMessages(ada, message{"Grace: welcome back", "sent"})
}

func TestLostConnection(t *testing.T) {
	h := newHouse(t)
	ada, grace := h.visit("Ada", "lobby"), h.visit("Grace", "lobby")
	ada.Post("before", nil)
	expectMessages(grace, message{"Ada: before", "sent"})
	mend := h.lines.cut()
	require.Equal(t, news("Grace joined"), expect[news](ada))
	require.Equal(t, news("Grace left"), expect[news](ada))
	ada.Post("while she is away", nil)
	for got := expect[progress](ada); got.Seq != 2; got = expect[progress](ada) {
		require.NotEqual(t, guest.Failed, got.State)
	}
	grace.Post("from the tunnel", nil)
	mend()

	expectMessages(ada, message{"Grace: from the tunnel", "sent"})
	expectMessages(grace, message{"me: from the tunnel", "waiting"}, message{"Ada: while she is away", "sent"})
	for len(grace.saw) > 0 {
		require.NotEqual(t, chat.GapRestart, <-grace.saw, "the server was there all the time")
	}
}

// raw is a client without a guest.
func (h *house) raw() (context.Context, *socketio.Socket) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	h.t.Cleanup(cancel)
	s, err := socketio.Dial(ctx, "http://"+h.address, nil)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { require.NoError(h.t, s.Close()) })
	return ctx, s
}

func TestPostTwiceIsOnce(t *testing.T) {
	h := newHouse(t)
	ada := h.visit("Ada", "lobby")
	ctx, s := h.raw()
	_, err := chat.Join.Request(ctx, s, chat.JoinRequest{Room: "lobby", Name: "Raw", Key: "sixteen or longer"})
	require.NoError(t, err)

	draft := chat.Draft{ID: "the same", Room: "lobby", Text: "hello"}
	first, err := chat.Post.Request(ctx, s, draft)
	require.NoError(t, err)
	second, err := chat.Post.Request(ctx, s, draft)
	require.NoError(t, err)
	require.Equal(t, first, second)

	draft.ID, draft.Text = "another", "bye"
	_, err = chat.Post.Request(ctx, s, draft)
	require.NoError(t, err)
	expectMessages(ada, message{"Raw: hello", "sent"}, message{"Raw: bye", "sent"})
}

func TestRefusedRequests(t *testing.T) {
	h := newHouse(t)
	ctx, s := h.raw()
	refusedWith := func(want string, err error) {
		t.Helper()
		var refused *event.AckError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, want, refused.Message)
	}
	draft := chat.Draft{ID: "m", Room: "lobby", Text: "hello"}
	_, err := chat.Post.Request(ctx, s, draft)
	refusedWith("join a room first", err)

	request := chat.JoinRequest{Room: "lobby", Name: "\x00", Key: "sixteen or longer"}
	_, err = chat.Join.Request(ctx, s, request)
	refusedWith("your name is missing", err)
	request.Name = "Raw"
	_, err = chat.Join.Request(ctx, s, request)
	require.NoError(t, err)

	draft.Room = "nowhere"
	_, err = chat.Post.Request(ctx, s, draft)
	refusedWith("this room does not exist any more", err)
	draft.Room, draft.Text = "lobby", " "
	_, err = chat.Post.Request(ctx, s, draft)
	refusedWith("the message is empty", err)

	// What names nothing is ignored, and the socket goes on.
	require.NoError(t, chat.Shown.Emit(s, "no such message"))
	require.NoError(t, s.Emit("join", "not an object"))
	_, err = chat.Latency.Request(ctx, s, struct{}{})
	require.NoError(t, err)
}

func TestTooManyRooms(t *testing.T) {
	h := newHouse(t)
	for i := range 60 {
		ctx, s := h.raw()
		_, err := chat.Join.Request(ctx, s, chat.JoinRequest{Room: fmt.Sprint("room ", i), Name: "Raw", Key: "sixteen or longer"})
		if i < 47 {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "there are too many rooms already")
		}
	}
}

func TestRefused(t *testing.T) {
	h := newHouse(t)
	p := h.knock("", "lobby")
	require.Equal(t, refused("your name is missing"), expect[refused](p))
}
