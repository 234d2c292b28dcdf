package guest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/transport/queue"
	"github.com/isosocket/isosocket/web/chat"
)

const (
	replyTimeout  = 10 * time.Second
	latencyPeriod = 5 * time.Second
	maxWork       = 1000 // pieces of work waiting; more than that and the connection is read more slowly
)

// Config says who joins what.
type Config struct {
	URL  string // of the server
	Room string
	Name string
	Key  string // see [chat.JoinRequest]
	View View

	// Options of the connection. Nil means the defaults.
	Options *socketio.Options
}

// Guest is a person in the chat. Its methods return at once and may be called
// concurrently, from a callback of the browser too.
type Guest struct {
	view   View
	name   string
	key    string
	socket *socketio.Socket
	ended  chan error // gets why the server disconnected the guest for good

	asking sync.WaitGroup // requests under way
	work   queue.Queue[func()]

	// What follows is used by the work on the queue only, one piece at a time.

	me      chat.Member
	room    string
	visit   int  // counts the times of entering or losing a room: a reply to an earlier one is stale
	joined  bool // and the server agrees
	early   []chat.Message
	cursor  chat.Cursor
	ahead   map[int]bool // seqs that came before the one after the cursor
	seen    map[string]bool
	members []chat.Member
	absent  map[string]bool // who was here when the connection was lost: their return is no news
	writers []chat.Member
	outbox  []*draft
	sending bool
	status  Status
	offline bool
	closed  bool // nothing is asked any more
}

// New returns a guest that has not connected yet.
func New(c Config) (*Guest, error) {
	g := &Guest{view: c.View, name: chat.Clean(c.Name), key: c.Key, ended: make(chan error, 1), status: Status{Link: Connecting}}
	g.work.Init(queue.Limits{MaxItems: maxWork}, func(batch []func()) {
		for _, f := range batch {
			f()
		}
	})
	socket, err := socketio.New(c.URL, c.Options)
	if err != nil {
		return nil, err
	}
	socket.Manager().AddTrace(g.trace())
	g.socket = socket
	g.listen()
	g.Enter(c.Room)
	return g, nil
}

// Run connects and stays until ctx is over, or the server refuses or disconnects
// the guest for good, and says why it ended. It returns when nothing of the guest runs any more.
func (g *Guest) Run(ctx context.Context) error {
	defer g.close()
	g.try(func() { g.report(g.status) })
	if err := g.socket.Connect(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(latencyPeriod)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.try(g.measure)
		case err := <-g.ended:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (g *Guest) close() {
	_ = g.socket.Shutdown(context.Background()) // which is never done
	closed := make(chan struct{})
	g.do(func() { g.closed = true; close(closed) })
	<-closed
	g.asking.Wait()
	g.work.Close()
	_ = g.work.Wait(context.Background())
}

// listen registers what the server sends.
func (g *Guest) listen() {
	g.socket.OnConnect(func() { g.do(g.connected) })
	g.socket.OnDisconnect(func(reason socketio.Reason, err error) {
		g.do(g.disconnected)
		if !g.socket.Active() {
			g.ended <- &socketio.DisconnectError{Reason: reason, Err: err}
		}
	})

	chat.Rooms.On(g.socket, func(_ context.Context, rooms []chat.Room) error {
		g.do(func() { g.view.Rooms(rooms) })
		return nil
	})
	chat.Presence.On(g.socket, func(_ context.Context, p chat.RoomPresence) error {
		g.do(func() { g.presence(p) })
		return nil
	})
	chat.Typed.On(g.socket, func(_ context.Context, w chat.Writer) error {
		g.do(func() { g.typed(w) })
		return nil
	})
	chat.Posted.On(g.socket, func(_ context.Context, m chat.Message) error {
		g.do(func() { g.receive(m) })
		return nil
	})
	chat.Delivered.On(g.socket, func(_ context.Context, d chat.Delivery) error {
		g.do(func() { g.delivered(d) })
		return nil
	})
}

// do puts work on the queue, and waits for room there.
func (g *Guest) do(f func()) { _ = g.work.PutWait(context.Background(), f, 0) }

// try is do for those who must not wait. It fails only when the guest cannot
// keep up or is closed, and what it is for is then worth nothing.
func (g *Guest) try(f func()) { _ = g.work.Put(f, 0) }

// ask makes a request beside the queue, and puts what to do with the reply on it.
// The request ends with the connection. It is called by the work on the queue.
func (g *Guest) ask(request func(ctx context.Context) (replied func())) {
	if g.closed {
		return
	}
	g.asking.Go(func() {
		ctx, cancel := context.WithTimeout(g.socket.Context(), replyTimeout)
		defer cancel()
		g.do(request(ctx))
	})
}

// lost reports whether a request ended with its connection. Ctx is the one it was made with.
func lost(ctx context.Context, err error) bool {
	var gone *socketio.DisconnectError
	return errors.As(err, &gone) || err != nil && ctx.Err() == context.Canceled
}
