//go:build js

package transportjs

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/isosocket/isosocket/transport"
)

func TestMain(m *testing.M) {
	if os.Getenv("ISOSOCKET_PEER") == "" {
		fmt.Fprintln(os.Stderr, "these tests need the peer that go test -exec browsertest/wasmrun offers")
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent")) // which waits for JavaScript
}

// peerURL returns the address of an endpoint of a [transporttest.Server].
func peerURL(scheme, path string) string {
	return strings.Replace(os.Getenv("ISOSOCKET_PEER"), "http", scheme, 1) + path
}

// inPage tells a browser from Node.js, which has no location.
func inPage() bool {
	location, err := safejs.Global().Get("location")
	return err == nil && !location.IsUndefined()
}

// testContext ends a test that hangs.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// watchBorder fails the test if JavaScript holds a function of Go at its end, or
// calls one that was released.
func watchBorder(t *testing.T) {
	before := lent.Load()
	var s script
	console := s.get(safejs.Global(), "console")
	original := s.get(console, "error")
	var complaints []string
	var spy callbacks
	s.set(console, "error", spy.lend(&s, func(args []safejs.Value) {
		text, _ := args[0].String()
		complaints = append(complaints, text)
	}))
	require.NoError(t, s.err)
	t.Cleanup(func() {
		s.set(console, "error", original)
		spy.release()
		require.NoError(t, s.err)
		require.Empty(t, complaints)
		require.Equal(t, before, lent.Load(), "functions that JavaScript holds")
	})
}

func dial(t *testing.T) *conn {
	t.Helper()
	watchBorder(t)
	c, err := Platform(nil).Dialer.Dial(testContext(t), peerURL("ws", "/peer"), 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(1000, "")) })
	return c.(*conn)
}

func send(t *testing.T, c *conn, messages ...transport.Message) {
	t.Helper()
	require.NoError(t, c.Write(testContext(t), messages...))
}

// tell sends commands to the peer, see [transporttest.Peer].
func tell(t *testing.T, c *conn, format string, args ...any) {
	t.Helper()
	send(t, c, text(fmt.Sprintf("!"+format, args...)))
}

var names atomic.Int64

// nameOf gives the connection a name that the peer knows it by, also when it has ended.
func nameOf(t *testing.T, c *conn) string {
	t.Helper()
	name := fmt.Sprintf("%s %d", t.Name(), names.Add(1)) // the peer outlives the test
	tell(t, c, "name %s", name)
	return name
}

func read(t *testing.T, c *conn) transport.Message {
	t.Helper()
	m, err := c.Read(testContext(t))
	require.NoError(t, err)
	return m
}

// ended returns how the peer saw the connection with the name end: a code and a reason.
func ended(t *testing.T, name string) string {
	t.Helper()
	c, err := Platform(nil).Dialer.Dial(testContext(t), peerURL("ws", "/peer"), 0)
	require.NoError(t, err)
	defer c.Close(1000, "")
	tell(t, c.(*conn), "ended %s", name)
	return string(read(t, c.(*conn)).Data)
}

func text(s string) transport.Message { return transport.Message{Data: []byte(s)} }

func binaryMessage(s string) transport.Message {
	return transport.Message{Data: []byte(s), Binary: true}
}
