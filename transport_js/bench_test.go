//go:build js

package transportjs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// An echoed message of 50 bytes, with as many on their way at a time as the name says.
func BenchmarkEcho(b *testing.B) {
	for _, inFlight := range []int{1, 64} {
		for _, binary := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/binary=%t", inFlight, binary), func(b *testing.B) {
				ctx := b.Context()
				c, err := Platform(nil).Dialer.Dial(ctx, peerURL("ws", "/peer"), 0)
				require.NoError(b, err)
				defer c.Close(1000, "")
				m := transport.Message{Data: []byte(strings.Repeat("x", 50)), Binary: binary}
				for range inFlight {
					require.NoError(b, c.Write(ctx, m))
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Read(ctx); err != nil {
						b.Fatal(err)
					}
					if err := c.Write(ctx, m); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
			})
		}
	}
}

// A message of 50 bytes of a group that the peer sends as fast as it can.
func BenchmarkReceive(b *testing.B) {
	ctx := b.Context()
	c, err := Platform(nil).Dialer.Dial(ctx, peerURL("ws", "/peer"), 0)
	require.NoError(b, err)
	defer c.Close(1000, "")
	group := make([]transport.Message, 1000)
	for i := range group {
		group[i].Data = []byte(strings.Repeat("x", 50))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(group) == 0 {
			require.NoError(b, c.Write(ctx, group...))
		}
		if _, err := c.Read(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
