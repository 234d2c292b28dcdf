package event_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/stretchr/testify/require"
)

func TestErrorData(t *testing.T) {
	n := 7
	received := parser.Value{Format: parser.JSON{}, Data: []byte("8")}
	require.NoError(t, (&event.AckError{}).Decode(&n), "without data")
	require.Equal(t, 7, n)
	require.NoError(t, (&event.AckError{Data: received}).Decode(&n))
	require.Equal(t, 8, n)
	require.NoError(t, (&event.ConnectError{Data: received}).Decode(&n))
	require.Error(t, (&event.ConnectError{Data: received}).Decode(new(string)))
	require.EqualError(t, (&event.AckError{Data: 9}).Decode(&n), "event: the error did not come from a peer: its Data is a value")
	require.Equal(t, 8, n)
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
		{&event.EncodeError{Argument: 1, Err: cause}, "parser: encode argument 1: cause"},
		{&event.DecodeError{Event: "x", Argument: 1, Err: cause}, `event: decode argument 1 of "x": cause`},
	}
	for _, tt := range tests {
		require.EqualError(t, tt.err, tt.want)
		if strings.Contains(tt.want, "cause") {
			require.ErrorIs(t, tt.err, cause)
		}
	}
}
