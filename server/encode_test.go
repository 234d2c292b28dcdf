package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

func text(s string) transport.Message { return transport.Message{Data: []byte(s)} }

// What a connection carries is the packet behind the type of the Engine.IO message packet.
func TestEncode(t *testing.T) {
	const placeholder = `{"_placeholder":true,"num":0}`
	id, file, long := uint64(parser.MaxID), []byte{1, 2}, "/"+strings.Repeat("long", 50)
	attachment := transport.Message{Data: file, Binary: true}
	sio := New(nil)
	defer sio.Close()
	for _, tt := range []struct {
		name, namespace string
		id              *uint64
		args            []any
		want            []transport.Message
	}{
		{"event", "/", nil, []any{"a", 1}, []transport.Message{text(`2["x","a",1]`)}},
		{"no arguments", "/", nil, nil, []transport.Message{text(`2["x"]`)}},
		{"that wants an ack", "/", &id, nil, []transport.Message{text(`29007199254740991["x"]`)}},
		{"of a namespace", "/chat", &id, []any{"a"}, []transport.Message{text(`2/chat,9007199254740991["x","a"]`)}},
		{"of one with a long name", long, nil, []any{"a"}, []transport.Message{text(`2` + long + `,["x","a"]`)}},
		{"with an attachment", "/", nil, []any{file}, []transport.Message{text(`51-["x",` + placeholder + `]`), attachment}},
		{"with all of it", long, &id, []any{file, "a"},
			[]transport.Message{text(`51-` + long + `,9007199254740991["x",` + placeholder + `,"a"]`), attachment}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := sio.Of(tt.namespace)
			group, err := n.event("x", tt.args, tt.id)
			require.NoError(t, err)
			require.Equal(t, tt.want, group)
		})
	}

	group, err := sio.Of("/chat").event("x", []any{file, "a"}, &id)
	require.NoError(t, err)
	p, err := relay(sio.options.Format, group, true)
	require.NoError(t, err)
	require.Equal(t, &adapter.Packet{Data: []byte(`["x",` + placeholder + `,"a"]`), Attachments: [][]byte{file}, Volatile: true}, p)

	answer, err := sio.Of("/chat").ack(7, []any{file, "a"})
	require.NoError(t, err)
	require.Equal(t, []transport.Message{text(`61-/chat,7[` + placeholder + `,"a"]`), attachment}, answer)
	answer, err = sio.Of("/").ack(0, nil)
	require.NoError(t, err)
	require.Equal(t, []transport.Message{text(`30[]`)}, answer)

	_, err = sio.Of("/").event("connect", nil, nil)
	require.ErrorIs(t, err, event.ErrReserved)
	_, err = sio.Of("/").ack(0, []any{make(chan int)})
	var refused *event.EncodeError
	require.ErrorAs(t, err, &refused)
}

// BenchmarkEncode is an event on its way out, up to the messages that are queued.
func BenchmarkEncode(b *testing.B) {
	type line struct {
		Room string `json:"room"`
		Text string `json:"text"`
		ID   int    `json:"id"`
	}
	sio := New(nil)
	defer sio.Close()
	n := sio.Of("/")
	for _, bm := range []struct {
		name string
		arg  any
	}{
		{"50B", strings.Repeat("hello", 10)},
		{"1KB", strings.Repeat("hello everybody ", 64)},
		{"64KB", strings.Repeat("hello everybody ", 4096)},
		{"64KB-not-ascii", strings.Repeat("grüße an alle ", 4096)},
		{"50B-struct", line{"lobby", "hello everybody", 7}},
		{"1KB-struct", line{"lobby", strings.Repeat("hello everybody ", 64), 7}},
		{"1KB-binary", make([]byte, 1024)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := n.event("posted", []any{bm.arg}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
