package parser

import (
	"strings"
	"testing"
)

var benchmarkTexts = []struct{ name, text string }{
	{"event50B", `2["message",{"id":12345,"text":"hello, world !!"}]`},
	{"namespaced", `2/chat,17["message",{"id":12345,"text":"hello!"}]`},
	{"event1KB", `2["message",{"text":"` + strings.Repeat("lorem ipsum dolor ", 55) + `","n":[1,2.5,-3e4,true,null]}]`},
	{"numbers1KB", `2["points",[` + strings.Repeat(`{"x":12,"y":-7.25},`, 52) + `0]]`},
}

func BenchmarkDecodeText(b *testing.B) {
	for _, bm := range benchmarkTexts {
		b.Run(bm.name, func(b *testing.B) {
			var d jsonDecoder
			text := []byte(bm.text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := d.text(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeBinary(b *testing.B) {
	var d jsonDecoder
	text := []byte(`51-["upload",{"name":"a.png","data":{"_placeholder":true,"num":0}}]`)
	attachment := make([]byte, 1024)
	b.SetBytes(int64(len(text) + len(attachment)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.text(text); err != nil {
			b.Fatal(err)
		}
		if _, complete, err := d.binary(attachment); err != nil || !complete {
			b.Fatal(complete, err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	data := []byte(`["message",{"id":12345,"text":"hello, world !!"}]`)
	for _, bm := range []struct {
		name   string
		packet Packet
	}{
		{"event50B", Packet{Type: Event, Data: data}},
		{"namespaced", Packet{Type: Event, Namespace: "/chat", ID: 17, HasID: true, Data: data}},
		{"binary", Packet{Type: Event, Data: data, Attachments: make([][]byte, 1)}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			dst := make([]byte, 0, 128)
			b.ReportAllocs()
			for b.Loop() {
				dst = appendText(append(dst[:0], '4'), &bm.packet)
			}
		})
	}
}

func BenchmarkSplit(b *testing.B) {
	array := []byte(`["message",{"id":12345,"text":"hello, world !!"},true]`)
	dst := make([][]byte, 0, 4)
	b.ReportAllocs()
	for b.Loop() {
		dst = Split(dst[:0], array)
	}
}
