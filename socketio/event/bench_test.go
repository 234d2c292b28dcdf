package event_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
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
				packet := parser.Packet{Type: parser.Event, Namespace: "/"}
				if _, err := event.EncodeEvent(nil, nil, &packet, "posted", p.value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, payload := range benchPayloads {
		b.Run(payload.name, func(b *testing.B) {
			p := parser.Packet{Type: parser.Event}
			if _, err := event.EncodeEvent(nil, nil, &p, "posted", payload.value); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				m, err := event.NewMessage(&p, nil, nil)
				if err == nil {
					err = m.Decode(payload.target())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReceive is an event on its way in, from the bytes of its text message to a typed handler.
func BenchmarkReceive(b *testing.B) {
	line := event.New[chatLine]("line")
	text := event.New[string]("text")
	moved := event.New[move]("move")
	var h event.Handlers
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
			var d parser.Decoder
			text := []byte(bm.text)
			b.ReportAllocs()
			for b.Loop() {
				p, _, err := d.Text(text)
				if err != nil {
					b.Fatal(err)
				}
				m, err := event.NewMessage(&p, nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				h.Dispatch(context.Background(), m, func(err error) { b.Fatal(err) })
			}
		})
	}
}

// BenchmarkDispatch is a message made and handed to one of ten handlers.
func BenchmarkDispatch(b *testing.B) {
	var h event.Handlers
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "posted"} {
		h.On(name, func(context.Context, *event.Message) error { return nil })
	}
	p := parser.Packet{Type: parser.Event, Data: []byte(`["posted",{"room":"lobby"}]`)}
	b.ReportAllocs()
	for b.Loop() {
		m, err := event.NewMessage(&p, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		h.Dispatch(context.Background(), m, nil)
	}
}

// discard is an emitter that only encodes.
type discard struct{}

func (discard) Emit(name string, args ...any) error {
	p := parser.Packet{Type: parser.Event, Namespace: "/"}
	_, err := event.EncodeEvent(nil, nil, &p, name, args...)
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
	text, err := event.JSON{}.Marshal(v)
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
