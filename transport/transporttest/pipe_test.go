package transporttest_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestPipe(t *testing.T) {
	transporttest.TestConn(t, func(t *testing.T, maxMessage int) (a, b transport.Conn) {
		return transporttest.Pipe(maxMessage)
	})
}

func TestPipeHoldsBufferedMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := transporttest.Pipe(0)
		written := 0
		go func() {
			for a.Write(context.Background(), transport.Message{Data: []byte("x")}) == nil {
				written++
			}
		}()
		synctest.Wait()
		if written != transporttest.PipeBuffer {
			t.Errorf("%d messages were taken, want %d", written, transporttest.PipeBuffer)
		}
		if _, err := b.Read(context.Background()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if written != transporttest.PipeBuffer+1 {
			t.Errorf("%d messages were taken after one was read", written)
		}
		_ = a.Close(0, "")
	})
}
