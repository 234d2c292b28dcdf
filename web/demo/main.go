// Program demo serves the chat on one port. It is what `make run` starts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/web"
)

const shutdownTimeout = 10 * time.Second

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "`address` to listen on")
	verbose := flag.Bool("v", false, "log what the Socket.IO server does")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run serves until ctx is over, and then lets the connections end orderly.
func run(ctx context.Context, addr string, verbose bool) error {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	demo, err := web.NewDemo(&server.Options{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: demo, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }() // received from below, before run returns
	fmt.Printf("chat in Go          http://%[1]s/\nchat in JavaScript  http://%[1]s/js/\nin a terminal       go run ./web/terminal -url http://%[1]s\n",
		listener.Addr())

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	fmt.Println("shutting down")
	timeout, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	// The sockets first: HTTP requests of polling clients end with them.
	err = errors.Join(demo.Shutdown(timeout), srv.Shutdown(timeout))
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
