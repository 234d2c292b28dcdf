package event_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/stretchr/testify/require"
)

type post struct {
	Text string
	File []byte
}

type inner struct {
	Data []byte `json:"data"`
}

type move struct {
	event.Positional
	X, Y    int
	Comment *string `json:"-"`
	private int
	Map     []byte
	Next    inner
}

// recorder is an emitter and listener that only takes notes.
type recorder struct {
	name string
	args []any
	h    event.Handler
}

func (r *recorder) Emit(name string, args ...any) error {
	r.name, r.args = name, args
	return nil
}

func (r *recorder) On(name string, h event.Handler) func() {
	r.name, r.h = name, h
	return func() { r.h = nil }
}

func TestArguments(t *testing.T) {
	a := []byte("a")
	tests := []struct {
		name string
		emit func(event.Emitter) error
		want []any
	}{
		{"one", func(e event.Emitter) error { return event.New[post]("x").Emit(e, post{"t", a}) }, []any{post{"t", a}}},
		{"scalar", func(e event.Emitter) error { return event.New[int]("x").Emit(e, 7) }, []any{7}},
		{"any", func(e event.Emitter) error { return event.New[any]("x").Emit(e, nil) }, []any{nil}},
		{"none", func(e event.Emitter) error { return event.New[struct{}]("x").Emit(e, struct{}{}) }, []any{}},
		{"positional", func(e event.Emitter) error {
			return event.New[move]("x").Emit(e, move{X: 1, Y: 2, Map: a, private: 3})
		}, []any{1, 2, a, inner{}}},
		{"positional pointer", func(e event.Emitter) error { return event.New[*move]("x").Emit(e, &move{X: 1}) }, []any{1, 0, []byte(nil), inner{}}},
		{"nil positional pointer", func(e event.Emitter) error { return event.New[*move]("x").Emit(e, nil) }, nil},
		{"pointer", func(e event.Emitter) error { return event.New[*post]("x").Emit(e, nil) }, []any{(*post)(nil)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r recorder
			require.NoError(t, tt.emit(&r))
			require.Equal(t, "x", r.name)
			require.Equal(t, tt.want, r.args)
		})
	}
}

// message returns the message of an event named "x" with these arguments, in JSON.
// In the arguments, $0 is the placeholder of the first attachment, and so on.
func message(t *testing.T, arguments string, attachments ...string) *event.Message {
	p := parser.Packet{Type: parser.Event}
	for i, a := range attachments {
		arguments = strings.ReplaceAll(arguments, fmt.Sprint("$", i), string(parser.AppendPlaceholder(nil, i)))
		p.Attachments = append(p.Attachments, []byte(a))
	}
	p.Data = []byte(`["x",` + arguments + `]`)
	return event.NewMessage(parser.JSON{}, &p, nil)
}

// receive gives an event to a listener of that type and returns the payload.
func receive[T any](t *testing.T, m *event.Message) (payload T, err error) {
	var r recorder
	off := event.New[T]("x").On(&r, func(_ context.Context, v T) error {
		payload = v
		return nil
	})
	err = r.h(t.Context(), m)
	off()
	require.Nil(t, r.h)
	return payload, err
}

func TestPayload(t *testing.T) {
	p, err := receive[post](t, message(t, `{"Text":"t","File":$0}`, "a"))
	require.NoError(t, err)
	require.Equal(t, post{"t", []byte("a")}, p)

	p, err = receive[post](t, message(t, `{"Text":"t"},"more"`))
	require.NoError(t, err)
	require.Equal(t, post{Text: "t"}, p, "further arguments are ignored")

	all := move{X: 1, Y: 2, Map: []byte("a"), Next: inner{[]byte("b")}}
	m, err := receive[move](t, message(t, `1,2,$0,{"data":$1}`, "a", "b"))
	require.NoError(t, err)
	require.Equal(t, all, m)

	pointer, err := receive[*move](t, message(t, `1,2,$0,{"data":$1}`, "a", "b"))
	require.NoError(t, err)
	require.Equal(t, &all, pointer)

	m, err = receive[move](t, message(t, `1`))
	require.NoError(t, err)
	require.Equal(t, move{X: 1}, m, "missing arguments leave zero values")

	_, err = receive[struct{}](t, message(t, `1,"ignored"`))
	require.NoError(t, err)

	var decode *event.DecodeError
	_, err = receive[move](t, message(t, `1,"two"`))
	require.ErrorAs(t, err, &decode)
	require.Equal(t, "x", decode.Event)
	require.Equal(t, 1, decode.Argument)
	require.EqualError(t, err, `event: decode argument 1 of "x": parser: string does not fit int`)
}

// A message whose arguments are empty has no comma behind the name.
func TestNoPayload(t *testing.T) {
	a, b := newPair()
	empty := event.New[struct{}]("x")
	require.Equal(t, "x", empty.Name())
	got := 0
	empty.On(b, func(context.Context, struct{}) error { got++; return nil })
	require.NoError(t, empty.Emit(a, struct{}{}))
	require.Equal(t, 1, got)
}

func TestCall(t *testing.T) {
	type total struct {
		event.Positional
		Sum  int
		Data []byte
	}
	add := event.NewCall[move, total]("add")
	require.Equal(t, "add", add.Name())
	client, server := newPair()
	off := add.Handle(server, func(_ context.Context, m move) (total, error) {
		return total{Sum: m.X + m.Y, Data: m.Map}, nil
	})
	got, err := add.Request(t.Context(), client, move{X: 1, Y: 2, Map: []byte("a")})
	require.NoError(t, err)
	require.Equal(t, total{Sum: 3, Data: []byte("a")}, got)

	require.NoError(t, client.Emit("add", 1, 2), "nobody waits for an answer")
	var reported []error
	server.OnError = func(err error) { reported = append(reported, err) }
	require.NoError(t, client.Emit("add", "one"))
	require.Len(t, reported, 1)
	var decode *event.DecodeError
	require.ErrorAs(t, reported[0], &decode)

	off()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	_, err = add.Request(ctx, client, move{})
	require.ErrorContains(t, err, "enough")
}

func TestCallErrors(t *testing.T) {
	call := event.NewCall[int, int]("divide")
	client, server := newPair()
	var reported []error
	server.OnError = func(err error) { reported = append(reported, err) }
	off := call.Handle(server, func(_ context.Context, n int) (int, error) {
		return 0, &event.AckError{Message: "division by zero", Data: map[string]any{"n": n, "b": []byte("a")}}
	})

	_, err := call.Request(t.Context(), client, 7)
	var answer *event.AckError
	require.ErrorAs(t, err, &answer)
	require.Equal(t, "division by zero", answer.Message)
	var data struct {
		N int
		B []byte
	}
	require.NoError(t, answer.Decode(&data))
	require.Equal(t, 7, data.N)
	require.Equal(t, "a", string(data.B))
	require.Empty(t, reported)

	require.NoError(t, client.Emit("divide", 7))
	require.Len(t, reported, 1, "an error that no peer waits for is reported")
	require.ErrorAs(t, reported[0], &answer)

	reported = nil
	off()
	event.NewCall[int, string]("divide").Handle(server, func(context.Context, int) (string, error) { return "one", nil })
	_, err = call.Request(t.Context(), client, 7)
	var decode *event.DecodeError
	require.ErrorAs(t, err, &decode, "an answer of another type")
	require.Equal(t, "divide", decode.Event)
	require.Empty(t, reported)
}

// Arguments beyond the usual number are there for whoever asks, in events and in answers.
func TestManyArguments(t *testing.T) {
	for n := range 6 {
		args := make([]any, n)
		for i := range args {
			args[i] = float64(i)
		}
		client, server := newPair()
		server.On("x", func(_ context.Context, m *event.Message) error {
			require.Equal(t, args, decodeAll(t, m))
			return m.Ack(args...)
		})
		reply, err := client.Request(t.Context(), "x", args...)
		require.NoError(t, err)
		require.Equal(t, "x", reply.Name())
		require.Equal(t, args, decodeAll(t, reply))
	}
}

// decodeAll returns all arguments, and looks at each number of first ones.
func decodeAll(t *testing.T, m *event.Message) []any {
	got := make([]any, m.Len())
	for n := range m.Len() + 2 {
		first, targets := make([]any, n), make([]any, n)
		for i := range first {
			targets[i] = &first[i]
		}
		require.NoError(t, m.Decode(targets...))
		copy(got, first)
		for i := range first {
			require.Equal(t, i < m.Len(), first[i] != nil)
		}
	}
	return got
}
