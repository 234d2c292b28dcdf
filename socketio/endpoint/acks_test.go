package endpoint_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/stretchr/testify/require"
)

var errGone = &event.DisconnectError{Reason: event.TransportClose}

// outcome collects what an AckFunc is called with.
type outcome struct {
	packets []*parser.Packet
	errs    []error
}

func (o *outcome) note(p *parser.Packet, err error) {
	o.packets = append(o.packets, p)
	o.errs = append(o.errs, err)
}

func TestAcks(t *testing.T) {
	var acks endpoint.Acks
	var first, second, third outcome
	for i, o := range []*outcome{&first, &second, &third} {
		id, err := acks.Add(o.note)
		require.NoError(t, err)
		require.EqualValues(t, i, id)
	}
	require.Equal(t, 3, acks.Pending())

	p := new(parser.Packet)
	require.False(t, acks.Resolve(7, p), "unknown")
	require.True(t, acks.Resolve(1, p))
	require.False(t, acks.Resolve(1, p), "a second time")
	require.Equal(t, outcome{[]*parser.Packet{p}, []error{nil}}, second)

	require.True(t, acks.Remove(0))
	require.False(t, acks.Remove(0))
	require.False(t, acks.Resolve(0, p))
	require.Zero(t, first)

	acks.Close(errGone)
	acks.Close(errors.New("later"))
	require.Equal(t, outcome{[]*parser.Packet{nil}, []error{errGone}}, third)
	_, err := acks.Add(first.note)
	require.ErrorIs(t, err, errGone)
	require.ErrorIs(t, acks.AddID(9, first.note), errGone)
	require.Zero(t, first)
	require.Zero(t, acks.Pending())
}

func TestAcksFail(t *testing.T) {
	var acks endpoint.Acks
	var sent, buffered, later outcome
	_, err := acks.Add(sent.note)
	require.NoError(t, err)
	kept, err := acks.Add(buffered.note)
	require.NoError(t, err)

	acks.Fail(errGone, func(id uint64) bool { return id == kept })
	require.Equal(t, []error{errGone}, sent.errs)
	require.Zero(t, buffered)

	id, err := acks.Add(later.note)
	require.NoError(t, err, "more are taken")
	require.EqualValues(t, 2, id, "ids are not used again")
	acks.Fail(errGone, nil)
	require.Equal(t, []error{errGone}, buffered.errs)
	require.Equal(t, []error{errGone}, later.errs)
}

func TestAcksMax(t *testing.T) {
	acks := endpoint.Acks{Max: 2}
	var o outcome
	id, err := acks.Add(o.note)
	require.NoError(t, err)
	_, err = acks.Add(o.note)
	require.NoError(t, err)
	_, err = acks.Add(o.note)
	require.ErrorIs(t, err, endpoint.ErrTooManyAcks)
	acks.Remove(id)
	_, err = acks.Add(o.note)
	require.NoError(t, err)
}

func TestAcksOfABroadcast(t *testing.T) {
	var ids atomic.Uint64
	sockets := [3]endpoint.Acks{{IDs: &ids}, {IDs: &ids}, {IDs: &ids}}
	var o outcome
	first, err := sockets[0].Add(o.note)
	require.NoError(t, err)
	require.Zero(t, first)

	id := ids.Add(1) - 1
	for i := range sockets {
		require.NoError(t, sockets[i].AddID(id, o.note))
	}
	next, err := sockets[2].Add(o.note)
	require.NoError(t, err)
	require.Greater(t, next, id)
}

// The functions must be free to call back, which a lock would make hang.
func TestAckFuncsCallBack(t *testing.T) {
	var acks endpoint.Acks
	calls := 0
	var again endpoint.AckFunc
	again = func(*parser.Packet, error) {
		calls++
		if calls < 5 {
			_, _ = acks.Add(again)
		}
		acks.Remove(99)
		acks.Pending()
	}
	_, err := acks.Add(again)
	require.NoError(t, err)
	acks.Resolve(0, nil)
	acks.Fail(errGone, nil)
	acks.Close(errGone)
	require.Equal(t, 3, calls)
	require.Zero(t, acks.Pending())
}

func TestEveryAckEndsOnce(t *testing.T) {
	for range 50 {
		var acks endpoint.Acks
		const n = 64
		var ended [n]atomic.Int32
		var wg sync.WaitGroup
		for i := range n {
			id, err := acks.Add(func(*parser.Packet, error) { ended[i].Add(1) })
			require.NoError(t, err)
			require.EqualValues(t, i, id)
		}
		wg.Go(func() {
			for i := range uint64(n) {
				acks.Resolve(i, new(parser.Packet))
			}
		})
		wg.Go(func() {
			for i := range uint64(n) {
				if acks.Remove(n - 1 - i) {
					ended[n-1-i].Add(1)
				}
			}
		})
		wg.Go(func() { acks.Fail(errGone, func(id uint64) bool { return id%2 == 0 }) })
		wg.Go(func() { acks.Close(errGone) })
		wg.Wait()
		require.Zero(t, acks.Pending())
		for i := range ended {
			require.EqualValues(t, 1, ended[i].Load())
		}
	}
}

func TestIdleCostsNothing(t *testing.T) {
	type socket struct {
		handlers endpoint.Handlers
		acks     endpoint.Acks
	}
	sockets := make([]socket, 11)
	require.Zero(t, testing.AllocsPerRun(len(sockets)-1, func() {
		s := &sockets[0]
		sockets = sockets[1:]
		s.handlers.Dispatch(context.Background(), nil, nil) // without a handler it looks at nothing
		s.acks.Resolve(0, nil)
		s.acks.Close(errGone)
	}))
}

func TestRequestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := newPair()
		var late *event.Message
		server.On("x", func(_ context.Context, m *event.Message) error { late = m; return nil })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Request(ctx, "x")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, `endpoint: request "x": context deadline exceeded`)
		require.Equal(t, 5*time.Second, time.Since(start))
		require.Zero(t, client.Acks.Pending())
		require.NoError(t, late.Ack("too late"), "an answer that nobody waits for is ignored")
	})
}

func TestRequestEndsWithTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := newPair()
		go func() {
			synctest.Wait() // the request waits
			client.Acks.Fail(errGone, nil)
		}()
		_, err := client.Request(t.Context(), "x")
		var gone *event.DisconnectError
		require.ErrorAs(t, err, &gone)
		require.Equal(t, event.TransportClose, gone.Reason)
	})
}

func TestRequestNotSent(t *testing.T) {
	var acks endpoint.Acks
	fail := errors.New("not sent")
	_, err := acks.Request(t.Context(), parser.JSON{}, "x", func(uint64) error { return fail })
	require.ErrorIs(t, err, fail)
	require.Zero(t, acks.Pending())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = acks.Request(ctx, parser.JSON{}, "x", func(uint64) error {
		t.Error("sent though ctx is done")
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)

	acks.Close(errGone)
	_, err = acks.Request(t.Context(), parser.JSON{}, "x", func(uint64) error { return nil })
	require.ErrorIs(t, err, errGone)

	client, _ := newPair()
	_, err = client.Request(t.Context(), "connect")
	require.ErrorIs(t, err, event.ErrReserved)
	_, err = client.Request(t.Context(), "x", make(chan int))
	require.Error(t, err)
}

// An answer that has arrived wins over a context that is done.
func TestRequestAnsweredAsItsContextEnds(t *testing.T) {
	for range 100 {
		var acks endpoint.Acks
		ctx, cancel := context.WithCancel(t.Context())
		m, err := acks.Request(ctx, parser.JSON{}, "x", func(id uint64) error {
			acks.Resolve(id, &parser.Packet{Type: parser.Ack, Data: []byte(`[1]`)})
			cancel()
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 1, m.Len())
	}
}

func TestRequestRacesWithItsContext(t *testing.T) {
	for range 200 {
		var acks endpoint.Acks
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		_, err := acks.Request(ctx, parser.JSON{}, "x", func(id uint64) error {
			wg.Go(func() { acks.Resolve(id, &parser.Packet{Type: parser.Ack, Data: []byte(`[]`)}) })
			wg.Go(cancel)
			wg.Go(func() { acks.Close(errGone) })
			return nil
		})
		wg.Wait()
		var gone *event.DisconnectError
		require.True(t, err == nil || errors.Is(err, context.Canceled) || errors.As(err, &gone), "%v", err)
		require.Zero(t, acks.Pending())
	}
}
