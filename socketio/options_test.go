package socketio

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// Each option that can be wrong, with a value that cannot work.
var wrongOptions = []struct {
	options Options
	says    string // what New says, after "socketio: Options."
}{
	{Options{Path: "a b"}, "Path is a b"},
	{Options{Transports: []string{"polling", "webtransport"}}, "Transports is [polling webtransport]"},
	{Options{Transports: []string{}}, "Transports is []"},
	{Options{Timeout: 20000}, "Timeout is 20µs"},
	{Options{ReconnectionAttempts: -1}, "ReconnectionAttempts is -1"},
	{Options{ReconnectionDelay: 1000}, "ReconnectionDelay is 1µs"},
	{Options{ReconnectionDelay: -time.Second}, "ReconnectionDelay is -1s"},
	{Options{ReconnectionDelayMax: time.Millisecond - 1}, "ReconnectionDelayMax is 999.999µs"},
	{Options{ReconnectionDelayMax: -1}, "ReconnectionDelayMax is -1ns"},
	{Options{RandomizationFactor: 1.5}, "RandomizationFactor is 1.5"},
	{Options{RandomizationFactor: math.NaN()}, "RandomizationFactor is NaN"},
	{Options{RandomizationFactor: math.Inf(1)}, "RandomizationFactor is +Inf"},
}

// Options of which every value works.
var anyValue = []string{
	"Query", "TryAllTransports", "Auth", "NoReconnect", "SendBufferBytes", "MaxPayload", "MaxAttachments",
	"MaxAttachmentBytes", "KeepWhenSuspended", "Format", "Platform", "OnError",
}

func TestOptionsThatCannotWork(t *testing.T) {
	seen := make(map[string]bool)
	for _, test := range wrongOptions {
		_, err := New("http://host", &test.options)
		require.Error(t, err, test.says)
		require.True(t, strings.HasPrefix(err.Error(), "socketio: Options."+test.says+": "), "%q does not begin with %q", err, test.says)
		_, again := NewManager("http://host", &test.options)
		require.Equal(t, err, again)
		field, _, _ := strings.Cut(test.says, " ")
		seen[field] = true
	}
	for _, field := range anyValue {
		seen[field] = true
	}
	for field := range reflect.TypeFor[Options]().Fields() {
		require.True(t, seen[field.Name], "nothing tries Options.%s", field.Name)
	}
}

func TestPlatformThatCannotWork(t *testing.T) {
	cause := errors.New("no such header")
	_, err := New("http://host", &Options{Platform: transport.Platform{Err: cause}})
	require.ErrorIs(t, err, cause)
	require.EqualError(t, err, "socketio: Options.Platform: no such header")
}

func TestOptionsAtTheirEdges(t *testing.T) {
	_, err := New("http://host", &Options{
		Path:                 "/",
		Transports:           []string{"websocket"},
		Timeout:              time.Millisecond,
		ReconnectionAttempts: 1,
		ReconnectionDelay:    time.Hour,
		ReconnectionDelayMax: time.Millisecond, // the delay then
		RandomizationFactor:  1,
		SendBufferBytes:      1,
		MaxPayload:           1,
		MaxAttachments:       -1,
	})
	require.NoError(t, err)
	_, err = New("http://host", &Options{Path: "a b"})
	require.ErrorIs(t, err, ErrURL)
}

// defaults returns the options as a manager has them.
func defaults(t *testing.T, o *Options) *Options {
	t.Helper()
	m, err := NewManager("http://host", o)
	require.NoError(t, err)
	return &m.opts
}

func TestEveryOptionHasItsDefault(t *testing.T) {
	o := defaults(t, nil)
	require.NotNil(t, o.OnError) // prints
	o.OnError = nil
	require.Equal(t, Options{
		Path:                 "/socket.io/",
		Timeout:              20 * time.Second,
		ReconnectionDelay:    time.Second,
		ReconnectionDelayMax: 5 * time.Second,
		RandomizationFactor:  0.5,
		SendBufferBytes:      64 << 20,
		MaxPayload:           100 << 20,
		Format:               parser.JSON{MaxAttachments: 10},
	}, *o)
	require.Nil(t, o.transports())                                                                  // the engine's default
	require.Equal(t, parser.Limits{MaxBytes: 100 << 20, MaxAttachmentBytes: 100 << 20}, o.limits()) // and 10 attachments, the parser's default

	o = defaults(t, &Options{Timeout: -1, RandomizationFactor: math.Inf(-1), SendBufferBytes: -1, MaxPayload: -1})
	require.Zero(t, o.Timeout)
	require.Zero(t, o.RandomizationFactor)
	require.Zero(t, o.SendBufferBytes)
	require.Zero(t, o.MaxPayload)
	require.Equal(t, parser.Limits{MaxBytes: -1, MaxAttachmentBytes: -1}, o.limits())
}

func TestMaxAttachmentBytes(t *testing.T) {
	for _, tt := range []struct{ payload, attachments, want int }{
		{1e6, 0, 1e7},
		{50 << 20, 0, 100 << 20},
		{200 << 20, 0, 200 << 20},
		{1e6, 5, 5},
		{1e6, -1, -1},
		{-1, 5, 5},
	} {
		o := defaults(t, &Options{MaxPayload: tt.payload, MaxAttachmentBytes: tt.attachments})
		require.Equal(t, tt.want, o.limits().MaxAttachmentBytes, "%+v", tt)
	}
	require.Equal(t, parser.JSON{MaxAttachments: 20}, defaults(t, &Options{MaxAttachments: 20}).Format)
	require.Equal(t, parser.JSON{MaxAttachments: 10}, defaults(t, &Options{MaxAttachments: -1}).Format)
}
