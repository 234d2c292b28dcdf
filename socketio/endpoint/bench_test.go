package endpoint_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

type chatLine struct {
	Room string `json:"room"`
	Text string `json:"text"`
	ID   int    `json:"id"`
}

type upload1K struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// benchPayloads are what the benchmarks encode and decode.
var benchPayloads = []struct {
	name   string
	value  any
	target func() any
}{
	{"50B", chatLine{"lobby", "hello everybody", 7}, func() any { return new(chatLine) }},
	{"1KB", chatLine{"lobby", strings.Repeat("hello everybody ", 64), 7}, func() any { return new(chatLine) }},
	{"1KB-binary", make([]byte, 1024), func() any { return new([]byte) }},
	{"1KB-binary-in-struct", upload1K{"a.png", make([]byte, 1024)}, func() any { return new(upload1K) }},
	{"50B-any", map[string]any{"room": "lobby", "text": "hello everybody", "id": 7}, func() any { return new(any) }},
	{"64KB-any", map[string]any{"room": "lobby", "text": strings.Repeat("hello everybody ", 4096)}, func() any { return new(any) }},
	{"1KB-binary-in-any", map[string]any{"name": "a.png", "data": make([]byte, 1024)}, func() any { return new(any) }},
}

// BenchmarkEncode is an event on its way out, up to its text message.
func BenchmarkEncode(b *testing.B) {
	for _, p := range benchPayloads {
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := endpoint.EncodeEvent(format, "/", nil, "posted", []any{p.value}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var format parser.Format = parser.JSON{}

func BenchmarkDecode(b *testing.B) {
	for _, payload := range benchPayloads {
		b.Run(payload.name, func(b *testing.B) {
			group, err := endpoint.EncodeEvent(format, "/", nil, "posted", []any{payload.value})
			if err != nil {
				b.Fatal(err)
			}
			var p parser.Packet
			d := format.NewDecoder(parser.Limits{})
			for _, m := range group {
				if p, _, err = d.Decode(m); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := event.NewMessage(format, &p, nil).Decode(payload.target()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReceive is an event on its way in, from the bytes of its text message to a typed handler.
type move struct {
	event.Positional
	X, Y int
}

func BenchmarkReceive(b *testing.B) {
	line := event.New[chatLine]("line")
	text := event.New[string]("text")
	moved := event.New[move]("move")
	var h endpoint.Handlers
	line.On(&h, func(context.Context, chatLine) error { return nil })
	text.On(&h, func(context.Context, string) error { return nil })
	moved.On(&h, func(context.Context, move) error { return nil })
	for _, bm := range []struct{ name, text string }{
		{"50B", `2["text","` + strings.Repeat("hello", 10) + `"]`},
		{"1KB", `2["text","` + strings.Repeat("hello everybody ", 64) + `"]`},
		{"64KB", `2["text","` + strings.Repeat("hello everybody ", 4096) + `"]`},
		{"64KB-not-ascii", `2["text","` + strings.Repeat("grüße an alle ", 4096) + `"]`},
		{"50B-struct", `2["line",{"room":"lobby","text":"hello everybody","id":7}]`},
		{"two-arguments", `2["move",12,34]`},
		{"of-a-namespace", `2/chat,["text","` + strings.Repeat("hello", 10) + `"]`},
	} {
		b.Run(bm.name, func(b *testing.B) {
			d := format.NewDecoder(parser.Limits{})
			m := transport.Message{Data: []byte(bm.text)}
			b.ReportAllocs()
			for b.Loop() {
				p, _, err := d.Decode(m)
				if err != nil {
					b.Fatal(err)
				}
				h.Dispatch(context.Background(), event.NewMessage(format, &p, nil), func(err error) { b.Fatal(err) })
			}
		})
	}
}

// BenchmarkDispatch is a message made and handed to one of ten handlers.
func BenchmarkDispatch(b *testing.B) {
	var h endpoint.Handlers
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "posted"} {
		h.On(name, func(context.Context, *event.Message) error { return nil })
	}
	p := parser.Packet{Type: parser.Event, Data: []byte(`["posted",{"room":"lobby"}]`)}
	b.ReportAllocs()
	for b.Loop() {
		h.Dispatch(context.Background(), event.NewMessage(format, &p, nil), nil)
	}
}

// discard is an emitter that only encodes.
type discard struct{}

func (discard) Emit(name string, args ...any) error {
	_, err := endpoint.EncodeEvent(format, "/", nil, name, args)
	return err
}

// BenchmarkEmit is a typed event, up to what an emitter sends.
func BenchmarkEmit(b *testing.B) {
	posted := event.New[chatLine]("posted")
	b.ReportAllocs()
	for b.Loop() {
		if err := posted.Emit(discard{}, chatLine{"lobby", "hello everybody", 7}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJSON is the part of encoding/json in the first lines of the others.
func BenchmarkJSON(b *testing.B) {
	v := chatLine{"lobby", "hello everybody", 7}
	text, err := json.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Encode/50B", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Decode/50B", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal(text, new(chatLine)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
