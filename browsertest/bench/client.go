package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// link is a client's connection to a server, on one of the transports.
type link interface {
	// send sends packets as a tape holds them. It may be called concurrently.
	send(packets []byte) error
	// receive waits for more from the server and returns how many events it was.
	receive() (events int, err error)
	close()
}

// socket is a link on a WebSocket. It knows what the load needs and no more.
type socket struct {
	conn    net.Conn
	scanner scanner

	events  int // found by the read at work
	joined  bool
	writing sync.Mutex
}

var (
	pong    = appendFrame(nil, opText, []byte("3"))
	connect = appendFrame(nil, opText, []byte("40"))
	leave   = appendFrame(nil, opClose, []byte{0x03, 0xe8}) // 1000
)

var (
	errRefused = errors.New("namespace refused")
	errGoodbye = errors.New("closed by the server")
)

// dialSocket opens a WebSocket and joins the namespace "/". A server that sends
// everything back confirms that as well. The buffer is the size in bytes of one read.
func dialSocket(ctx context.Context, s *process, buffer int) (*socket, error) {
	return dialSocketWith(ctx, net.Dialer{}, s, buffer)
}

func dialSocketWith(ctx context.Context, dialer net.Dialer, s *process, buffer int) (*socket, error) {
	conn, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
		defer conn.SetDeadline(time.Time{})
	}
	w := &socket{conn: conn, scanner: scanner{buffer: make([]byte, buffer)}}
	if err := w.handshake(s); err != nil {
		conn.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return w, nil
}

func (w *socket) handshake(s *process) error {
	request := "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + s.address +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := w.conn.Write([]byte(request)); err != nil {
		return err
	}
	early, err := readResponseHead(w.conn)
	if err != nil {
		return err
	}
	if err := w.scanner.scan(early, w.found); err != nil {
		return err
	}
	if err := w.send(connect); err != nil {
		return err
	}
	for !w.joined {
		if err := w.scanner.read(w.conn, w.found); err != nil {
			return err
		}
	}
	return nil
}

// readResponseHead reads the answer to a handshake and returns what came behind it.
func readResponseHead(conn net.Conn) (early []byte, err error) {
	var buffer [1024]byte
	for n := 0; n < len(buffer); {
		k, err := conn.Read(buffer[n:])
		if err != nil {
			return nil, err
		}
		n += k
		head, rest, complete := bytes.Cut(buffer[:n], []byte("\r\n\r\n"))
		switch {
		case !complete:
		case !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")):
			return nil, fmt.Errorf("answer %.60q", head)
		default:
			return bytes.Clone(rest), nil
		}
	}
	return nil, bufio.ErrBufferFull
}

func (w *socket) found(m message) error {
	switch m {
	case delivered:
		w.events++
	case ping:
		return w.send(pong)
	case connected:
		w.joined = true
	case refused:
		return errRefused
	case goodbye:
		return errGoodbye
	}
	return nil
}

// send implements link. The packets are frames.
func (w *socket) send(packets []byte) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	_, err := w.conn.Write(packets)
	return err
}

// receive implements link.
func (w *socket) receive() (int, error) {
	w.events = 0
	err := w.scanner.read(w.conn, w.found)
	return w.events, err
}

// close implements link. It closes in order, so that no server counts an error.
func (w *socket) close() {
	w.send(leave)
	w.conn.Close()
}
