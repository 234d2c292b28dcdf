package server_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter/clustertest"
)

const payload = "0123456789012345678901234567890123456789"

// deaf returns a server with that many sockets, on polling and without a request, so
// that whatever is volatile is dropped when it is delivered to them.
func deaf(t testing.TB, options *server.Options, sockets int) *server.Server {
	sio := server.New(options)
	t.Cleanup(func() { sio.Close() })
	connected := make(chan struct{}, sockets)
	remove := sio.AddTrace(&server.Trace{Connected: func(*server.Socket) { connected <- struct{}{} }})
	do := func(method, query, body string) string {
		w := httptest.NewRecorder()
		sio.ServeHTTP(w, httptest.NewRequest(method, "/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body)))
		return w.Body.String()
	}
	for range sockets {
		do("POST", sid(do("GET", "", "")), "40")
		<-connected
	}
	remove()
	return sio
}

// deliveries are ways to run a server that must not cost a delivery anything.
var deliveries = []struct {
	name    string
	options func() *server.Options
	trace   *server.Trace
}{
	{"alone", func() *server.Options { return nil }, nil},
	{"with an adapter", func() *server.Options { return &server.Options{Adapter: clustertest.New(1)[0]} }, nil},
	{"with a trace", func() *server.Options { return nil }, &server.Trace{}},
}

// A broadcast allocates the same for 10 sockets and for 1,000, with an adapter too.
func TestADeliveryAllocatesNothing(t *testing.T) {
	for _, test := range deliveries {
		t.Run(test.name, func(t *testing.T) {
			allocations := func(sockets int) float64 {
				sio := deaf(t, test.options(), sockets)
				if test.trace != nil {
					sio.AddTrace(test.trace)
				}
				to := sio.Volatile()
				return testing.AllocsPerRun(100, func() {
					if err := to.Emit("news", payload); err != nil {
						panic(err)
					}
				})
			}
			require.Equal(t, allocations(10), allocations(1000))
		})
	}
}

// BenchmarkDelivery is a broadcast to 1,000 sockets that drop it.
func BenchmarkDelivery(b *testing.B) {
	for _, test := range deliveries {
		b.Run(test.name, func(b *testing.B) {
			const sockets = 1000
			sio := deaf(b, test.options(), sockets)
			if test.trace != nil {
				sio.AddTrace(test.trace)
			}
			to := sio.Volatile()
			b.ReportAllocs()
			for b.Loop() {
				if err := to.Emit("news", payload); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/sockets, "ns/delivery")
		})
	}
}
