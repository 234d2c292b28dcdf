package engineio_test

import (
	"strings"
	"testing"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

var benchmarkMessages = []struct {
	name    string
	message transport.Message
}{
	{"50B", text(`42["message",{"id":12345,"text":"hello, world !!"}]`)},
	{"1KB", text("4" + strings.Repeat("x", 1023))},
	{"binary1KB", binary(make([]byte, 1024)...)},
}

func BenchmarkEncode(b *testing.B) {
	for _, bm := range benchmarkMessages {
		b.Run(bm.name, func(b *testing.B) {
			p, err := engineio.Decode(bm.message)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(bm.message.Data)))
			b.ReportAllocs()
			for b.Loop() {
				engineio.Encode(p)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, bm := range benchmarkMessages {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.message.Data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := engineio.Decode(bm.message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchmarkPayload is 16 packets, one in eight binary.
func benchmarkPayload() []transport.Message {
	messages := repeat(benchmarkMessages[0].message, 16)
	messages[7], messages[15] = benchmarkMessages[2].message, benchmarkMessages[2].message
	return messages
}

func BenchmarkAppendPayload(b *testing.B) {
	messages := benchmarkPayload()
	dst := engineio.AppendPayload(nil, messages...)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst = engineio.AppendPayload(dst[:0], messages...)
	}
}

func BenchmarkDecodePayload(b *testing.B) {
	body := engineio.AppendPayload(nil, benchmarkPayload()...)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range engineio.DecodePayload(body, 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkParseHandshake(b *testing.B) {
	data := []byte(handshakeText)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := engineio.ParseHandshake(data); err != nil {
			b.Fatal(err)
		}
	}
}
