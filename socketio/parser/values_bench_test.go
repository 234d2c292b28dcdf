package parser

import (
	"encoding/json"
	"fmt"
	"testing"
)

// line is a line of an order of some 10 KB, which is made of what applications send.
type line struct {
	ID       int      `json:"id"`
	Name     string   `json:"name"`
	Price    float64  `json:"price"`
	Quantity int      `json:"quantity"`
	InStock  bool     `json:"inStock"`
	Tags     []string `json:"tags"`
}

type order struct {
	ID       string            `json:"id"`
	Customer string            `json:"customer"`
	Total    float64           `json:"total"`
	Notes    string            `json:"notes,omitempty"`
	Labels   map[string]string `json:"labels"`
	Lines    []line            `json:"lines"`
}

func newOrder(lines int) *order {
	o := &order{ID: "0f8fad5b-d9cb-469f-a165-70867728950e", Customer: "Ada Lovelace", Total: 1234.56, Labels: map[string]string{"priority": "high", "channel": "web"}}
	for i := range lines {
		o.Lines = append(o.Lines, line{ID: 1000 + i, Name: fmt.Sprintf("article number %d", i), Price: float64(i)*1.25 + 0.99, Quantity: i % 7, InStock: i%3 > 0, Tags: []string{"new", "sale"}})
	}
	return o
}

func BenchmarkValues(b *testing.B) {
	for _, size := range []int{1, 8, 92} {
		typed := newOrder(size)
		text, _ := json.Marshal(typed)
		var untyped any
		_ = json.Unmarshal(text, &untyped)
		name := fmt.Sprintf("%d B/", len(text))
		run := func(what string, fn func() error) {
			b.Run(name+what, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					if err := fn(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		var e encoder
		encode := func(v any) func() error {
			return func() error { e.text = e.text[:0]; return e.any(v) }
		}
		run("encode", encode(typed))
		run("encode, untyped", encode(untyped))
		run("decode", func() error { return decodeArgument(text, nil, new(order)) })
		run("decode, untyped", func() error { return decodeArgument(text, nil, new(any)) })
		run("encoding_json/encode", func() error { _, err := json.Marshal(typed); return err })
		run("encoding_json/encode, untyped", func() error { _, err := json.Marshal(untyped); return err })
		run("encoding_json/decode", func() error { return json.Unmarshal(text, new(order)) })
		run("encoding_json/decode, untyped", func() error { return json.Unmarshal(text, new(any)) })
	}
}
