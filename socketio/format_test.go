package socketio

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/socketio/parser/parsertest"
	"github.com/isosocket/isosocket/transport"
)

// maskedPeer is a server that speaks a format in which nothing is JSON.
type maskedPeer struct {
	*peer
	parsertest.Masked
	parser.Decoder
}

func (p *maskedPeer) send(group []transport.Message, err error) {
	p.d.Helper()
	require.NoError(p.d, err)
	require.NoError(p.d, p.conn.Write(p.d.Context(), group...))
	synctest.Wait()
}

// next returns the packet that the client has written, which must be the only one.
func (p *maskedPeer) next(t parser.Type) parser.Packet {
	p.d.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Len(p.d, p.messages, 1)
	data := []byte(p.messages[0][len("binary "):])
	p.messages = nil
	packet, complete, err := p.Decoder.Decode(transport.Message{Data: data, Binary: true})
	require.NoError(p.d, err)
	require.True(p.d, complete)
	require.Equal(p.d, t, packet.Type)
	return packet
}

// value returns a value of a packet.
func (p *maskedPeer) value(packet parser.Packet, value []byte) (got any) {
	p.d.Helper()
	require.NoError(p.d, p.Masked.Decode(value, packet.Attachments, &got))
	return got
}

// The client must know nothing of how packets are written.
func TestAnotherFormat(t *testing.T) {
	f := parsertest.Masked{}
	opts := with(noJitter, func(o *Options) {
		o.Format = f
		o.Auth = func(context.Context) (any, error) { return map[string]string{"token": "t"}, nil }
	})
	play(t, opts, func(d *dialogue) {
		accept := func() *maskedPeer { return &maskedPeer{d.accept(), f, f.NewDecoder(parser.Limits{})} }
		sid := parser.Member{Name: "sid", Value: "s"}
		pid := parser.Member{Name: "pid", Value: "p"}
		binary := []byte{0, 1, 2}
		s := d.socket("/chat")
		d.heed(s, "x")
		s.On("ask", func(_ context.Context, m *Message) error {
			var data []byte
			if err := m.Decode(&data); err != nil {
				return err
			}
			return m.Ack("answer", data)
		})
		s.On("refuse", func(context.Context, *Message) error { return &AckError{Message: "no", Data: 7} })

		connect := d.connect(s)
		p := accept()
		asked := p.next(parser.Connect)
		require.Equal(d, map[string]any{"token": "t"}, p.value(asked, asked.Data))
		p.send(f.EncodeControl(parser.Connect, "/chat", nil, sid, pid))
		require.NoError(d, connect.result())
		require.Equal(d, "s", s.ID())
		p.send(f.EncodeEvent("/chat", nil, "x", []any{1, "offset 1"}))
		d.want("/chat connect", "x 1")

		require.NoError(d, s.Emit("hello", binary))
		sent := p.next(parser.Event)
		elements, _ := f.Split(nil, sent, -1)
		require.Equal(d, "hello", string(elements[0]))
		require.Equal(d, any(binary), p.value(sent, elements[1]))
		p.send(f.EncodeEvent("/chat", new(uint64(5)), "ask", []any{binary}))
		answer := p.next(parser.Ack)
		require.EqualValues(d, 5, answer.ID)
		elements, _ = f.Split(nil, answer, -1)
		require.Equal(d, any(binary), p.value(answer, elements[1]))
		p.send(f.EncodeEvent("/chat", new(uint64(6)), "refuse", nil))
		message, data, failed := f.Failure(p.next(parser.Ack))
		require.True(d, failed)
		require.Equal(d, "no", message)
		var code int
		require.NoError(d, data.Decode(&code))
		require.Equal(d, 7, code)

		square := event.NewCall[int, int]("square")
		request := d.start(func() error {
			got, err := square.Request(d.Context(), s, 3)
			d.note("square %d", got)
			return err
		})
		p.send(f.EncodeAck("/chat", p.next(parser.Event).ID, []any{9}))
		require.NoError(d, request.result())
		d.want("square 9")

		p.conn.Drop()
		time.Sleep(time.Second)
		p = accept()
		asked = p.next(parser.Connect)
		require.Equal(d, map[string]any{"token": "t", "pid": "p", "offset": "offset 1"}, p.value(asked, asked.Data))
		p.send(f.EncodeEvent("/chat", nil, "x", []any{2, "offset 2"}))
		p.send(f.EncodeControl(parser.Connect, "/chat", nil, sid, pid))
		require.True(d, s.Recovered())
		d.want("/chat disconnect: transport close", "/chat connect", "x 2")
		p.send(f.EncodeControl(parser.Disconnect, "/chat", nil))
		d.want("/chat disconnect: io server disconnect")

		connect = d.connect(s)
		p = accept()
		p.next(parser.Connect)
		p.send(f.EncodeControl(parser.ConnectError, "/chat", map[string]any{"message": "not you", "data": []int{8}}))
		var refused *ConnectError
		require.ErrorAs(d, connect.result(), &refused)
		require.Equal(d, "not you", refused.Message)
		var list []int
		require.NoError(d, refused.Decode(&list))
		require.Equal(d, []int{8}, list)
		d.want("/chat connect error: event: connection to namespace /chat refused: not you")
	})
}
