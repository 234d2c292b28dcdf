package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/stretchr/testify/require"
)

// named returns an event of that name without arguments. Its acknowledgements go to acks.
func named(name string, acks ...*[]any) *event.Message {
	group, err := parser.JSON{}.EncodeEvent("/", nil, name, nil)
	if err != nil {
		panic(err)
	}
	p, _, err := parser.JSON{}.NewDecoder(parser.Limits{}).Decode(group[0])
	if err != nil {
		panic(err)
	}
	var ack func(args ...any) error
	if len(acks) > 0 {
		ack = func(args ...any) error {
			*acks[0] = append(*acks[0], args...)
			return nil
		}
	}
	return event.NewMessage(parser.JSON{}, &p, ack)
}

// journal makes handlers that note that they were called.
type journal struct {
	mu    sync.Mutex
	notes []string
}

func (j *journal) handler(note string) event.Handler {
	return func(_ context.Context, m *event.Message) error {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.notes = append(j.notes, note+" "+m.Name())
		return nil
	}
}

func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer func() { j.notes = nil }()
	return j.notes
}

func TestHandlers(t *testing.T) {
	ctx := t.Context()
	var h endpoint.Handlers
	var j journal
	h.Dispatch(ctx, named("a"), nil)

	offB := h.On("b", j.handler("1"))
	h.On("a", j.handler("2"))
	h.On("b", j.handler("3"))
	h.Once("b", j.handler("4"))
	h.On("", j.handler("empty"))
	offAny := h.OnAny(j.handler("any"))

	h.Dispatch(ctx, named("b"), nil)
	require.Equal(t, []string{"any b", "1 b", "3 b", "4 b"}, j.take(), "in the order they were added, those for all first")
	h.Dispatch(ctx, named("b"), nil)
	require.Equal(t, []string{"any b", "1 b", "3 b"}, j.take(), "once")
	offB()
	offB()
	h.Dispatch(ctx, named("b"), nil)
	require.Equal(t, []string{"any b", "3 b"}, j.take())
	h.Dispatch(ctx, named("c"), nil)
	require.Equal(t, []string{"any c"}, j.take())
	offAny()
	h.Dispatch(ctx, named("c"), nil)
	require.Empty(t, j.take())
	h.Dispatch(ctx, named("a"), nil)
	h.Dispatch(ctx, named(""), nil)
	h.Dispatch(ctx, named("aa"), nil)
	require.Equal(t, []string{"2 a", "empty "}, j.take())
}

func TestHandlersOfManyNames(t *testing.T) {
	var h endpoint.Handlers
	var j journal
	var offs []func()
	for i := range 100 {
		name := fmt.Sprint(i * 7 % 100)
		offs = append(offs, h.On(name, j.handler("-")))
	}
	for i := range 100 {
		h.Dispatch(t.Context(), named(fmt.Sprint(i)), nil)
		require.Equal(t, []string{fmt.Sprint("- ", i)}, j.take())
	}
	for _, off := range offs {
		off()
	}
	require.True(t, h.Empty())
}

func TestHandlersChangedByHandlers(t *testing.T) {
	ctx := t.Context()
	var h endpoint.Handlers
	var j journal
	var offSecond func()
	h.Once("a", func(context.Context, *event.Message) error {
		offSecond()
		h.On("a", j.handler("added"))
		h.Dispatch(ctx, named("a"), nil) // must not call this one again
		return nil
	})
	offSecond = h.On("a", j.handler("second"))
	h.On("a", j.handler("third"))

	h.Dispatch(ctx, named("a"), nil)
	require.Equal(t, []string{"third a", "added a", "third a"}, j.take(),
		"what was taken off is not called any more, what was added only for the next event")
}

func TestHandlerErrors(t *testing.T) {
	ctx := t.Context()
	var h endpoint.Handlers
	var j journal
	cause := errors.New("cause")
	h.On("x", func(context.Context, *event.Message) error { return cause })
	h.On("x", func(context.Context, *event.Message) error { panic(cause) })
	h.On("x", func(context.Context, *event.Message) error { panic("text") })
	h.On("x", j.handler("last"))

	var reported []error
	h.Dispatch(ctx, named("x"), func(err error) { reported = append(reported, err) })
	require.Equal(t, []string{"last x"}, j.take())
	require.Len(t, reported, 3)
	for i, err := range reported {
		var failed *event.HandlerError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "x", failed.Event)
		if i == 0 {
			require.Nil(t, failed.Stack)
		} else {
			require.Contains(t, string(failed.Stack), "TestHandlerErrors")
		}
	}
	require.ErrorIs(t, reported[0], cause)
	require.ErrorIs(t, reported[1], cause)
	require.ErrorContains(t, reported[2], "text")

	h.Dispatch(ctx, named("x"), nil)
	require.Equal(t, []string{"last x"}, j.take())
}

func TestHandlerAcks(t *testing.T) {
	refuse := &event.AckError{Message: "m"}
	var none *event.AckError
	tests := []struct {
		name     string
		handler  event.Handler
		acks     int
		reported error
	}{
		{"ack error", func(context.Context, *event.Message) error { return fmt.Errorf("wrapped: %w", refuse) }, 1, nil},
		{"ack error after an ack", func(_ context.Context, m *event.Message) error { return errors.Join(m.Ack(1), refuse) }, 1, refuse},
		{"two acks", func(_ context.Context, m *event.Message) error { return errors.Join(m.Ack(1), m.Ack(2)) }, 1, event.ErrAcked},
		{"other error", func(context.Context, *event.Message) error { return context.Canceled }, 0, context.Canceled},
		{"nil ack error", func(context.Context, *event.Message) error { return none }, 0, none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h endpoint.Handlers
			var acks []any
			var reported []error
			h.On("x", tt.handler)
			h.Dispatch(t.Context(), named("x", &acks), func(err error) { reported = append(reported, err) })
			require.Len(t, acks, tt.acks)
			if tt.reported == nil {
				require.Empty(t, reported)
				return
			}
			require.Len(t, reported, 1)
			require.ErrorIs(t, reported[0], tt.reported)
		})
	}
}

func TestAck(t *testing.T) {
	m := named("x")
	require.False(t, m.WantsAck())
	require.ErrorIs(t, m.Ack(), event.ErrNoAck)

	fail := errors.New("not encoded")
	m = event.NewMessage(parser.JSON{}, &parser.Packet{Type: parser.Event, Data: []byte(`["x"]`)}, func(args ...any) error {
		if len(args) == 0 {
			return fail
		}
		return nil
	})
	require.ErrorIs(t, m.Ack(), fail)
	require.True(t, m.WantsAck(), "it may be tried again")
	require.NoError(t, m.Ack(1))
	require.False(t, m.WantsAck())
	require.ErrorIs(t, m.Ack(1), event.ErrAcked)
}

type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("boom") }

func TestAckErrorThatDoesNotEncode(t *testing.T) {
	var encode *event.EncodeError
	var failed *event.HandlerError
	for data, as := range map[any]any{make(chan int): &encode, explosive{}: &failed} {
		client, server := newPair()
		server.On("x", func(context.Context, *event.Message) error { return &event.AckError{Data: data} })
		ctx, cancel := context.WithCancel(t.Context())
		var reported []error
		server.OnError = func(err error) {
			reported = append(reported, err)
			cancel()
		}
		_, err := client.Request(ctx, "x")
		require.ErrorIs(t, err, context.Canceled, "the peer is not told")
		require.Len(t, reported, 1)
		require.ErrorAs(t, reported[0], as)
	}
}

// A panic is a mistake, whatever its value.
func TestPanicWithAnAckError(t *testing.T) {
	var h endpoint.Handlers
	var acks []any
	h.On("x", func(context.Context, *event.Message) error { panic(&event.AckError{Message: "m"}) })
	var failed *event.HandlerError
	h.Dispatch(t.Context(), named("x", &acks), func(err error) { require.ErrorAs(t, err, &failed) })
	require.NotNil(t, failed)
	require.NotEmpty(t, failed.Stack)
	require.Empty(t, acks)
}

func TestHandlersConcurrently(t *testing.T) {
	var h endpoint.Handlers
	var once, calls atomic.Int32
	h.Once("x", func(context.Context, *event.Message) error { once.Add(1); return nil })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				off := h.On(fmt.Sprint("n", i%3), func(context.Context, *event.Message) error { calls.Add(1); return nil })
				offAny := h.OnAny(func(context.Context, *event.Message) error { return nil })
				h.Dispatch(t.Context(), named("x"), nil)
				h.Dispatch(t.Context(), named(fmt.Sprint("n", i%3)), nil)
				off()
				offAny()
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, once.Load())
	require.GreaterOrEqual(t, calls.Load(), int32(8*200))
	require.True(t, h.Empty())
}

func TestHandlersAllocateNothingToDispatch(t *testing.T) {
	var h endpoint.Handlers
	for _, name := range []string{"a", "b", "c"} {
		h.On(name, func(context.Context, *event.Message) error { return nil })
	}
	messages := []*event.Message{named("b"), named("unknown")}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for m := range slices.Values(messages) {
			h.Dispatch(context.Background(), m, nil)
		}
	}))
}
