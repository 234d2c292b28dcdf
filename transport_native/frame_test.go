//go:build !js

package transportnative

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// Every length around those where the header changes or a batch is full arrives,
// alone and in one group with all the others.
func TestFrameLengths(t *testing.T) {
	dialed, accepted := pair(t, 0)
	var group []transport.Message
	for _, n := range []int{0, 1, 125, 126, batchSize - 11, batchSize - 10, batchSize - 9, batchSize - 4, batchSize, 1<<16 - 1, 1 << 16, 100_000, 3} {
		for _, binary := range []bool{false, true} {
			group = append(group, transport.Message{Data: []byte(strings.Repeat("x", n)), Binary: binary})
		}
	}
	groups := [][]transport.Message{group}
	for i := range group {
		groups = append(groups, group[i:i+1])
	}
	for _, group := range groups {
		written := make(chan error, 1)
		go func() { written <- accepted.Write(context.Background(), group...) }()
		for _, want := range group {
			got, err := dialed.Read(t.Context())
			require.NoError(t, err)
			require.Equal(t, want.Binary, got.Binary)
			require.Equal(t, string(want.Data), string(got.Data))
		}
		require.NoError(t, <-written)
	}
}

// Pings are answered while we write: no frame may begin inside another.
func TestPongsBetweenFrames(t *testing.T) {
	p, conn := connectRaw(t, AcceptOptions{}, "")
	const rounds = 300
	message := strings.Repeat("m", 200)
	var running sync.WaitGroup
	var readError, writeError, pingError error
	running.Go(func() { _, readError = conn.Read(context.Background()) }) // until the peer closes
	running.Go(func() {
		group := []transport.Message{{Data: []byte(message)}, {Data: []byte(message)}}
		for i := 0; i < rounds && writeError == nil; i++ {
			writeError = conn.Write(context.Background(), group...)
		}
	})
	running.Go(func() {
		for i := 0; i < rounds && pingError == nil; i++ {
			_, pingError = p.Write([]byte(frame(fin|opPing, fmt.Sprintf("%0125d", i))))
		}
	})
	last, messages := -1, 0 // a pong may stand for the pings before it, too
	for last < rounds-1 || messages < 2*rounds {
		switch first, payload := p.receive(); first {
		case fin | opPong:
			number, err := strconv.Atoi(payload)
			require.NoError(t, err)
			require.Greater(t, number, last)
			last = number
		case fin | opText:
			require.Equal(t, message, payload)
			messages++
		default:
			require.Fail(t, "frame", "%#x", first)
		}
	}
	p.send(frame(fin|opClose, "\x03\xe8"))
	p.wantClose(1000)
	running.Wait()
	require.NoError(t, writeError)
	require.NoError(t, pingError)
	var closed *transport.CloseError
	require.ErrorAs(t, readError, &closed)
}

// However a Close falls between Writes, the close frame is the last of the frames.
func TestNoFrameBehindClose(t *testing.T) {
	large := transport.Message{Data: bytes.Repeat([]byte("x"), 4000)} // so that the peer catches up soon
	for range 100 {
		p, conn := connectRaw(t, AcceptOptions{}, "")
		written := make(chan error, 1)
		go func() {
			var err error
			for err == nil {
				err = conn.Write(context.Background(), large)
			}
			written <- err
		}()
		p.receive()
		require.NoError(t, conn.Close(1000, ""))
		for {
			first, _ := p.receive()
			if first == fin|opClose {
				break
			}
			require.Equal(t, byte(fin|opText), first)
		}
		_, err := p.r.ReadByte()
		require.Equal(t, io.EOF, err)
		require.ErrorIs(t, <-written, transport.ErrClosed)
	}
}
