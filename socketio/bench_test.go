package socketio

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// bench connects a socket to a server in memory that answers each message with
// what reply says.
func bench(b *testing.B, reply func(conn transport.Conn, m transport.Message)) *Socket {
	listener := transporttest.Listen(0)
	s, err := New("http://server", &Options{Platform: transport.Platform{Dialer: listener}})
	require.NoError(b, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, _, err := listener.Accept(b.Context())
		if err != nil {
			return
		}
		_ = conn.Write(b.Context(), textMessage(`0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`))
		for {
			m, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			if string(m.Data) == "40" {
				m = textMessage(`40{"sid":"s"}`)
				_ = conn.Write(b.Context(), m)
				continue
			}
			reply(conn, m)
		}
	}()
	b.Cleanup(func() {
		s.Close()
		<-ended
	})
	require.NoError(b, s.Connect(b.Context()))
	return s
}

// BenchmarkRequest is one event and its acknowledgement, one at a time.
func BenchmarkRequest(b *testing.B) {
	s := bench(b, func(conn transport.Conn, m transport.Message) {
		id, _, _ := bytes.Cut(m.Data[2:], []byte("["))
		_ = conn.Write(context.Background(), textMessage("43"+string(id)+`["ok"]`))
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Request(b.Context(), "echo", "a message of some fifty bytes, as chats have them"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReceive is one event from the connection to its handler.
func BenchmarkReceive(b *testing.B) {
	s := bench(b, func(conn transport.Conn, m transport.Message) {
		for range b.N {
			_ = conn.Write(context.Background(), textMessage(`42["news",{"from":"ann","text":"a message of some fifty bytes"}]`))
		}
	})
	type news struct{ From, Text string }
	done := make(chan struct{})
	left := b.N
	s.On("news", func(_ context.Context, m *Message) error {
		var n news
		err := m.Decode(&n)
		if left--; left == 0 {
			close(done)
		}
		return err
	})
	b.ReportAllocs()
	b.ResetTimer()
	require.NoError(b, s.Emit("start"))
	<-done
}

// BenchmarkEmit is one event from the caller into the connection.
func BenchmarkEmit(b *testing.B) {
	s := bench(b, func(transport.Conn, transport.Message) {})
	payload := map[string]string{"from": "ann", "text": "a message of some fifty bytes"}
	b.ReportAllocs()
	for b.Loop() {
		for s.Emit("news", payload) == ErrBufferFull {
		}
	}
}
