package transporttest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestRoundTripFunc(t *testing.T) {
	rt := transporttest.RoundTripFunc(func(ctx context.Context, r *transport.Request) (*transport.Response, error) {
		return &transport.Response{Status: 200, Body: r.Body}, nil
	})
	response, err := rt.RoundTrip(context.Background(), &transport.Request{Body: []byte("four"), MaxResponse: 4})
	require.NoError(t, err)
	require.Equal(t, "four", string(response.Body))

	_, err = rt.RoundTrip(context.Background(), &transport.Request{Body: []byte("fives"), MaxResponse: 4})
	require.ErrorIs(t, err, transport.ErrTooLarge)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = rt.RoundTrip(ctx, &transport.Request{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestListener(t *testing.T) {
	listener := transporttest.Listen(3)
	dialed := make(chan transport.Conn, 1)
	go func() {
		conn, err := listener.Dial(context.Background(), "ws://host/path", 2)
		if err != nil {
			t.Error(err)
		}
		dialed <- conn
	}()
	b, url, err := listener.Accept(context.Background())
	require.NoError(t, err)
	require.Equal(t, "ws://host/path", url)
	a := <-dialed

	ctx := context.Background()
	require.NoError(t, a.Write(ctx, transport.Message{Data: []byte("abc")}))
	_, err = b.Read(ctx)
	require.NoError(t, err, "the limit of the listener's end")
	require.NoError(t, b.Write(ctx, transport.Message{Data: []byte("abc")}))
	_, err = a.Read(ctx)
	require.ErrorIs(t, err, transport.ErrTooLarge, "the limit of the dialed end")

	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = listener.Dial(over, "ws://host/", 0)
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = listener.Accept(over)
	require.ErrorIs(t, err, context.Canceled)
}
