package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/stretchr/testify/require"
)

func rawJSON(text string) json.RawMessage { return json.RawMessage(text) }

// ackPacket returns an Ack packet with these arguments. With a $0 among them, the attachment comes with it.
func ackPacket(t testing.TB, arguments, attachment string) *parser.Packet {
	p := parser.Packet{Type: parser.Ack, HasID: true}
	if strings.Contains(arguments, "$0") {
		arguments = strings.ReplaceAll(arguments, "$0", string(parser.AppendPlaceholder(nil, 0)))
		p.Attachments = [][]byte{[]byte(attachment)}
	}
	p.Data = []byte("[" + arguments + "]")
	received, err := transfer(p)
	require.NoError(t, err)
	return &received
}

func TestConnectError(t *testing.T) {
	tests := []struct {
		name string
		sent event.ConnectError
		wire string
		got  event.ConnectError
	}{
		{"message", event.ConnectError{Namespace: "/a", Message: "not <you>"}, `{"message":"not <you>"}`,
			event.ConnectError{Namespace: "/a", Message: "not <you>"}},
		{"data", event.ConnectError{Namespace: "/a", Message: "m", Data: map[string]int{"code": 7}}, `{"message":"m","data":{"code":7}}`,
			event.ConnectError{Namespace: "/a", Message: "m", Data: rawJSON(`{"code":7}`)}},
		{"bytes", event.ConnectError{Namespace: "/a", Data: []byte("a")}, `{"message":"","data":"YQ=="}`,
			event.ConnectError{Namespace: "/a", Data: rawJSON(`"YQ=="`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire, err := tt.sent.Encode(nil)
			require.NoError(t, err)
			require.Equal(t, tt.wire, string(wire))
			require.Equal(t, &tt.got, event.ParseConnectError("/a", wire))
		})
	}
	_, err := (&event.ConnectError{Namespace: "/a", Data: make(chan int)}).Encode(nil)
	require.Error(t, err)

	require.Equal(t, &event.ConnectError{Namespace: "/", Message: "m"}, event.ParseConnectError("/", []byte(`"m"`)))
	for _, odd := range []string{``, `{}`, `[1]`, `{"message":1}`, `{"message":`} {
		require.Equal(t, &event.ConnectError{Namespace: "/"}, event.ParseConnectError("/", []byte(odd)), odd)
	}
}

func TestErrorData(t *testing.T) {
	var n int
	require.NoError(t, (&event.ConnectError{Data: 7}).Decode(&n), "before it was sent")
	require.Equal(t, 7, n)
	require.NoError(t, (&event.AckError{Data: rawJSON("8")}).Decode(&n))
	require.Equal(t, 8, n)
	require.NoError(t, (&event.AckError{}).Decode(&n), "without data")
	require.Equal(t, 8, n)
	require.Error(t, (&event.AckError{Data: make(chan int)}).Decode(&n))
}

func TestErrorTexts(t *testing.T) {
	cause := errors.New("cause")
	tests := []struct {
		err  error
		want string
	}{
		{&event.AckError{Message: "m"}, "event: answered with an error: m"},
		{&event.ConnectError{Namespace: "/a", Message: "m"}, "event: connection to namespace /a refused: m"},
		{&event.DisconnectError{Reason: event.PingTimeout}, "event: disconnected: ping timeout"},
		{&event.DisconnectError{Reason: event.TransportError, Err: cause}, "event: disconnected: transport error: cause"},
		{&event.HandlerError{Event: "x", Err: cause}, `event: handler of "x": cause`},
		{&event.HandlerError{Event: "x", Err: cause, Stack: []byte("s")}, `event: handler of "x" panicked: cause`},
		{&event.EncodeError{Argument: 1, Err: cause}, "event: encode argument 1: cause"},
		{&event.DecodeError{Event: "x", Argument: 1, Err: cause}, `event: decode argument 1 of "x": cause`},
	}
	for _, tt := range tests {
		require.EqualError(t, tt.err, tt.want)
		if strings.Contains(tt.want, "cause") {
			require.ErrorIs(t, tt.err, cause)
		}
	}
}
