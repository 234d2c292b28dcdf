package main

import (
	"bufio"
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/isosocket/isosocket/web"
	"github.com/isosocket/isosocket/web/chat/guest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// session is the program with a person at the keyboard.
type session struct {
	t      *testing.T
	keys   *io.PipeWriter
	screen *bufio.Scanner
	ended  chan error
}

func start(t *testing.T, ctx context.Context, url, name string) *session {
	t.Helper()
	in, keys := io.Pipe()
	screen, out := io.Pipe()
	s := &session{t: t, keys: keys, screen: bufio.NewScanner(screen), ended: make(chan error, 1)}
	go func() { // quit waits for it
		s.ended <- run(ctx, guest.Config{URL: url, Room: "lobby", Name: name}, in, out)
		out.Close()
	}()
	return s
}

func (s *session) write(line string) {
	s.t.Helper()
	_, err := io.WriteString(s.keys, line+"\n")
	require.NoError(s.t, err)
}

// read waits for a line that contains the text.
func (s *session) read(text string) {
	s.t.Helper()
	var seen []string
	for s.screen.Scan() {
		if seen = append(seen, s.screen.Text()); strings.Contains(s.screen.Text(), text) {
			return
		}
	}
	require.Failf(s.t, "the screen ended", "without %q, after %q", text, seen)
}

// quit leaves, and returns what the program ended with.
func (s *session) quit() error {
	s.write("/quit")
	s.keys.Close()
	for s.screen.Scan() { // what is still printed
	}
	return <-s.ended
}

func TestTwoTerminals(t *testing.T) {
	demo, err := web.NewDemo(nil)
	require.NoError(t, err)
	srv := httptest.NewServer(demo)
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	defer func() { require.NoError(t, demo.Shutdown(ctx)) }()

	ada := start(t, ctx, srv.URL, "Ada")
	ada.read("* in lobby with Ada")
	grace := start(t, ctx, srv.URL, "Grace\x1b[2J")
	grace.read("* in lobby with Ada, Grace [2J")
	ada.read("* Grace [2J joined")

	ada.write("hello \x1b[31mthere")
	grace.read("Ada: hello \ufffd[31mthere")

	var dot bytes.Buffer
	require.NoError(t, png.Encode(&dot, image.NewGray(image.Rect(0, 0, 3, 2))))
	path := filepath.Join(t.TempDir(), "dot.png")
	require.NoError(t, os.WriteFile(path, dot.Bytes(), 0o600))
	grace.write("/picture " + path)
	ada.read("[picture dot.png, 3×2, 1 KB]")
	grace.write("/picture " + path + ".missing")
	grace.read("no such file")
	grace.write("/sing")
	grace.read("there is no command /sing")

	grace.write("/room garden")
	grace.read("* in garden with Grace")
	ada.read("left")
	require.NoError(t, grace.quit())
	require.NoError(t, ada.quit())
}
