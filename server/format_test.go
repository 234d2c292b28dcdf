package server_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/server/adapter/clustertest"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/socketio/parser/parsertest"
	"github.com/isosocket/isosocket/transport"
)

// masked is a client that speaks a format in which nothing is JSON.
type masked struct {
	*raw
	parsertest.Masked
	parser.Decoder
}

func (c *masked) send(group []transport.Message, err error) {
	c.Helper()
	require.NoError(c, err)
	require.NoError(c, c.conn.Write(c.ctx, group...))
}

// read returns the next packet, which must be of that type.
func (c *masked) read(t parser.Type) parser.Packet {
	c.Helper()
	p, complete, err := c.Decoder.Decode(c.raw.read())
	require.NoError(c, err)
	require.True(c, complete)
	require.Equal(c, t, p.Type)
	return p
}

func (c *masked) wantArguments(p parser.Packet, want ...any) {
	c.Helper()
	elements, _ := c.Split(nil, p, -1)
	require.Len(c, elements, len(want))
	if p.Type == parser.Event {
		require.Equal(c, want[0], string(elements[0]))
		elements, want = elements[1:], want[1:]
	}
	for i := range elements {
		var got any
		require.NoError(c, c.Masked.Decode(elements[i], p.Attachments, &got))
		require.Equal(c, want[i], got)
	}
}

// relayed is an adapter that keeps what would go to other servers.
type relayed struct {
	adapter.Adapter
	packets []*adapter.Packet
}

func (r *relayed) Broadcast(p *adapter.Packet, t adapter.Target) error {
	r.packets = append(r.packets, p)
	return r.Adapter.Broadcast(p, t)
}

// The server must know nothing of how packets are written.
func TestAnotherFormat(t *testing.T) {
	other := new(relayed)
	node := clustertest.New(1)[0]
	r := serve(t, &server.Options{Format: parsertest.Masked{}, Adapter: func(h adapter.Host) (a adapter.Adapter, err error) {
		if a, err = node(h); h.Namespace() == "/chat" {
			other.Adapter = a
			a = other
		}
		return a, err
	}})
	chat := r.Of("/chat")
	chat.Use(func(_ context.Context, s *server.Socket) error {
		var auth struct {
			Token []int `json:"token"`
		}
		if err := s.Handshake().DecodeAuth(&auth); err != nil || len(auth.Token) != 2 {
			return &server.ConnectError{Message: "no token", Data: []int{1}}
		}
		return nil
	})
	sockets := make(chan *server.Socket, 1)
	chat.OnConnect(func(s *server.Socket) {
		s.OnAny(func(_ context.Context, m *event.Message) error {
			var text string
			var data []byte
			if err := m.Decode(&text, &data); err != nil {
				return err
			}
			switch {
			case text == "":
				return &event.AckError{Message: "no text", Data: data}
			case m.WantsAck():
				return m.Ack(m.Name(), text, data)
			}
			return s.Emit(m.Name(), text, data)
		})
		sockets <- s
	})

	f := parsertest.Masked{}
	c := &masked{r.dial(), f, f.NewDecoder(parser.Limits{})}
	c.send(f.EncodeControl(parser.Connect, "/none", nil))
	message, _ := f.Refusal(c.read(parser.ConnectError))
	require.Equal(t, "Invalid namespace", message)
	c.send(f.EncodeControl(parser.Connect, "/chat", nil))
	message, data := f.Refusal(c.read(parser.ConnectError))
	require.Equal(t, "no token", message)
	var code []int
	require.NoError(t, data.Decode(&code))
	require.Equal(t, []int{1}, code)
	c.send(f.EncodeControl(parser.Connect, "/chat", map[string][]int{"token": {1, 2}}))
	p := c.read(parser.Connect)
	var answer struct {
		SID string `json:"sid"`
	}
	require.NoError(t, f.Decode(p.Data, nil, &answer))
	s := await(r, sockets)
	require.Equal(t, s.ID(), answer.SID)

	binary := []byte{0, 1, 2}
	c.send(f.EncodeEvent("/chat", nil, "x", []any{"text", binary}))
	c.wantArguments(c.read(parser.Event), "x", "text", binary)
	c.send(f.EncodeEvent("/chat", new(uint64(7)), "x", []any{"text", binary}))
	p = c.read(parser.Ack)
	require.EqualValues(t, 7, p.ID)
	c.wantArguments(p, "x", "text", binary)
	c.send(f.EncodeEvent("/chat", new(uint64(8)), "x", []any{"", binary}))
	message, data, _ = f.Failure(c.read(parser.Ack))
	require.Equal(t, "no text", message)
	var got []byte
	require.NoError(t, data.Decode(&got))
	require.Equal(t, binary, got)

	replies := make(chan *event.Message, 2)
	go func() {
		m, _ := s.Request(r.ctx, "question", 1)
		replies <- m
	}()
	p = c.read(parser.Event)
	c.wantArguments(p, "question", 1.0)
	c.send(f.EncodeAck("/chat", p.ID, []any{"answer", binary}))
	var text string
	require.NoError(t, await(r, replies).Decode(&text, &got))
	require.Equal(t, "answer", text)
	require.Equal(t, binary, got)

	require.NoError(t, chat.Emit("news", "for all", binary))
	c.wantArguments(c.read(parser.Event), "news", "for all", binary)
	require.Len(t, other.packets, 1)
	require.JSONEq(t, `["news","for all",{"_placeholder":true,"num":0}]`, string(other.packets[0].Data))
	require.Equal(t, [][]byte{binary}, other.packets[0].Attachments)

	s.Disconnect(false)
	require.Equal(t, "/chat", c.read(parser.Disconnect).Namespace)
	c.send([]transport.Message{{Data: []byte(`42/chat,["x"]`)}}, nil) // which is no packet here
	c.wantClosed()
}

type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("boom") }

// A mistake in a middleware's error harms nobody but its client.
func TestRefusalsThatAreMistakes(t *testing.T) {
	var none *server.ConnectError
	for name, mistake := range map[string]error{
		"typed nil":                 none,
		"data that panics":          &server.ConnectError{Message: "no", Data: explosive{}},
		"data that does not encode": &server.ConnectError{Message: "no", Data: make(chan int)},
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t, nil)
			r.Of("/mistake").Use(func(context.Context, *server.Socket) error { return mistake })
			c, _ := r.join("/")
			c.send("40/mistake,")
			c.want(`44/mistake,{"message":"Internal error"}`)
			c.wantWorks()
		})
	}
}
