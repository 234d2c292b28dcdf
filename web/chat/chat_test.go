package chat_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/endpoint/endpointtest"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/web/chat"
)

// wire takes what one end sends, encoded, to the handlers of the other, and keeps it.
type wire struct {
	t              *testing.T
	client, server *endpointtest.End
	data           string
	attachments    [][]byte
}

func newWire(t *testing.T) *wire {
	w := &wire{t: t}
	w.client, w.server = endpointtest.Pair(nil)
	w.server.OnError = func(err error) { require.NoError(t, err) }
	return w
}

func (w *wire) On(name string, h event.Handler) (off func()) { return w.server.On(name, h) }

func (w *wire) Emit(name string, args ...any) error {
	defer w.keep()
	return w.client.Emit(name, args...)
}

func (w *wire) Request(ctx context.Context, name string, args ...any) (*event.Message, error) {
	defer w.keep()
	return w.client.Request(ctx, name, args...)
}

func (w *wire) keep() {
	sent, err := parser.JSON{}.RelayEvent(w.client.Sent)
	require.NoError(w.t, err)
	w.data, w.attachments = string(sent.Data), sent.Attachments
}

var (
	ada     = chat.Member{ID: "a1", Name: "Ada"}
	picture = &chat.Picture{Name: "dot.png", Type: "image/png", Width: 1, Height: 2, Data: []byte{0, 0xff, '\n'}}
)

// The JSON is what the client in JavaScript sends and reads.
func TestEventsOnTheWire(t *testing.T) {
	w := newWire(t)
	roundTrip(w, chat.Rooms, []chat.Room{{Name: "lobby", People: 2}}, `["rooms",[{"name":"lobby","people":2}]]`)
	roundTrip(w, chat.Presence, chat.RoomPresence{Room: "lobby", Members: []chat.Member{ada}, Who: ada, Left: true},
		`["presence",{"room":"lobby","members":[{"id":"a1","name":"Ada"}],"who":{"id":"a1","name":"Ada"},"left":true}]`)
	roundTrip(w, chat.Delivered, chat.Delivery{ID: "m", Got: 1, Others: 2}, `["delivered",{"id":"m","got":1,"others":2}]`)
	roundTrip(w, chat.Typed, chat.Writer{Room: "lobby", From: ada, Active: true},
		`["typed",{"room":"lobby","from":{"id":"a1","name":"Ada"},"active":true}]`)
	roundTrip(w, chat.Shown, "m", `["shown","m"]`)
	roundTrip(w, chat.Typing, true, `["typing",true]`)

	m := chat.Message{ID: "m", Room: "lobby", Seq: 1, From: ada, At: 1700000000000, Text: "<b> & 🌿"}
	roundTrip(w, chat.Posted, m,
		`["posted",{"id":"m","room":"lobby","seq":1,"from":{"id":"a1","name":"Ada"},"at":1700000000000,"text":"<b> & 🌿"}]`)
	require.Empty(t, w.attachments)

	m.Text, m.Picture = "", picture
	roundTrip(w, chat.Posted, m,
		`["posted",{"id":"m","room":"lobby","seq":1,"from":{"id":"a1","name":"Ada"},"at":1700000000000,"text":"",`+
			`"picture":{"name":"dot.png","type":"image/png","width":1,"height":2,"data":{"_placeholder":true,"num":0}}}]`)
	require.Equal(t, [][]byte{picture.Data}, w.attachments, "the bytes of a picture travel as they are")
}

func roundTrip[T any](w *wire, e event.Event[T], v T, want string) {
	w.t.Helper()
	got := make(chan T, 1)
	off := e.On(w, func(_ context.Context, v T) error { got <- v; return nil })
	defer off()
	require.NoError(w.t, e.Emit(w, v))
	require.Equal(w.t, v, <-got)
	require.Equal(w.t, want, w.data)
}

func TestCallsOnTheWire(t *testing.T) {
	w := newWire(t)

	join := chat.JoinRequest{Room: "lobby", Name: "Ada", Key: "k", After: chat.Cursor{Run: "r", Seq: 3}}
	answerCall(w, chat.Join, join, chat.Joined{
		Room: "lobby", You: ada, Members: []chat.Member{ada}, Gap: chat.GapRestart, Cursor: chat.Cursor{Run: "s", Seq: 0},
	})
	require.Equal(t, `["join",{"room":"lobby","name":"Ada","key":"k","after":{"run":"r","seq":3}}]`, w.data)

	answerCall(w, chat.Post, chat.Draft{ID: "m", Room: "lobby", Text: "hi"}, chat.Receipt{Seq: 1, At: 2, Others: 3})
	require.Equal(t, `["post",{"id":"m","room":"lobby","text":"hi"}]`, w.data)

	answerCall(w, chat.Post, chat.Draft{ID: "m", Room: "lobby", Picture: picture}, chat.Receipt{Seq: 1, At: 2})
	require.Equal(t, [][]byte{picture.Data}, w.attachments)

	answerCall(w, chat.Latency, struct{}{}, struct{}{})
	require.Equal(t, `["latency"]`, w.data)
}

func answerCall[Req, Resp any](w *wire, c event.Call[Req, Resp], request Req, response Resp) {
	got := make(chan Req, 1)
	off := c.Handle(w, func(_ context.Context, r Req) (Resp, error) { got <- r; return response, nil })
	defer off()
	reply, err := c.Request(w.t.Context(), w, request)
	require.NoError(w.t, err)
	require.Equal(w.t, request, <-got)
	require.Equal(w.t, response, reply)
}
