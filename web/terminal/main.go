// Program terminal joins the chat from a terminal:
//
//	go run ./web/terminal -name Ada -room garden
//
// A line is a message. Lines that begin with a slash are commands: /help lists them.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"syscall"

	"github.com/isosocket/isosocket/web/chat"
	"github.com/isosocket/isosocket/web/chat/guest"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:3000", "`address` of the server")
	room := flag.String("room", chat.FixedRooms[0], "`room` to join")
	name := flag.String("name", username(), "`name` to be known by")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, guest.Config{URL: *url, Room: *room, Name: *name}, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "terminal:", err)
		os.Exit(1)
	}
}

func username() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "somebody"
}

// errQuit is why the chat ends when the person wants it.
var errQuit = errors.New("quit")

// run chats until ctx is over, the person quits, or the server ends it.
func run(ctx context.Context, c guest.Config, in io.Reader, out io.Writer) error {
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	c.Key = rand.Text()
	c.View = &view{out: out, leave: leave}
	g, err := guest.New(c)
	if err != nil {
		return err
	}
	go read(in, &prompt{guest: g, out: out, leave: leave}) // ends with the input, or with the program
	if err := g.Run(ctx); !errors.Is(err, errQuit) && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func read(in io.Reader, p *prompt) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.line(lines.Text())
	}
	p.end(lines.Err())
}
