package endpoint_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport/queue"
)

// What calls runtime.Goexit is reported; what is behind it, in its batch and later, is
// done all the same.
func TestInboxGoesOnAfterGoexit(t *testing.T) {
	var inbox endpoint.Inbox
	var done []string
	var reported []string
	inbox.Init(queue.Limits{}, func(from any, m *event.Message) {
		done = append(done, m.Name())
		if from != nil {
			runtime.Goexit()
		}
	}, func(err error) {
		var failed *event.HandlerError
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, err, endpoint.ErrExited)
		require.NotEmpty(t, failed.Stack)
		reported = append(reported, failed.Event)
	})
	message := func(name string) *event.Message {
		return event.NewMessage(format, &parser.Packet{Type: parser.Event, Data: []byte(`["` + name + `"]`)}, nil)
	}
	begin := make(chan struct{})
	inbox.Call(func() { <-begin }) // what follows is one batch
	inbox.Call(runtime.Goexit)
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, inbox.Put("exits", message(name), 1))
	}
	require.NoError(t, inbox.Put(nil, message("d"), 1))
	inbox.Call(func() { done = append(done, "call") })
	close(begin)
	require.NoError(t, inbox.Wait(context.Background()))
	require.Equal(t, []string{"a", "b", "c", "d", "call"}, done)
	require.Equal(t, []string{"call", "a", "b", "c"}, reported)

	require.NoError(t, inbox.Put(nil, message("later"), 1))
	require.NoError(t, inbox.Wait(context.Background()))
	require.Equal(t, "later", done[len(done)-1])
}
