package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// poller is a link on HTTP long-polling: one connection whose GET always waits, and
// one for POSTs.
type poller struct {
	get     *exchange
	polling bool // a GET waits

	posting sync.Mutex
	post    *exchange // guarded by posting
	unread  bool      // the answer to the last POST; guarded by posting
}

// exchange is an HTTP connection with a request that differs in its body only.
type exchange struct {
	conn    net.Conn
	answers *bufio.Reader
	head    []byte // of the request; of a POST up to the length of its body
	request []byte // scratch
	body    []byte // of the answer; scratch
}

func newExchange(ctx context.Context, s *process, method, sid string) (*exchange, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	head := method + " /socket.io/?EIO=4&transport=polling" + sid + " HTTP/1.1\r\nHost: " + s.address + "\r\n"
	if method == "POST" {
		head += "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: "
	}
	return &exchange{conn: conn, answers: bufio.NewReader(conn), head: []byte(head)}, nil
}

func (x *exchange) send(body []byte) error {
	x.request = append(x.request[:0], x.head...)
	if body != nil {
		x.request = append(strconv.AppendInt(x.request, int64(len(body)), 10), "\r\n"...)
	}
	x.request = append(append(x.request, "\r\n"...), body...)
	_, err := x.conn.Write(x.request)
	return err
}

var errStatus = errors.New("not answered with 200")

// receive returns the body of an answer, valid until the next one.
func (x *exchange) receive() ([]byte, error) {
	length := -1
	for first := true; ; first = false {
		line, err := x.answers.ReadSlice('\n')
		switch {
		case err != nil:
			return nil, err
		case first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")):
			return nil, fmt.Errorf("%w: %.60q", errStatus, line)
		case len(line) == 2:
			if length < 0 {
				return nil, errors.New("answer without its length")
			}
			x.body = append(x.body[:0], make([]byte, length)...)
			_, err := io.ReadFull(x.answers, x.body)
			return x.body, err
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); strings.EqualFold(string(name), "Content-Length") {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, err
			}
		}
	}
}

// dialPoller opens a session on polling and joins the namespace "/".
func dialPoller(ctx context.Context, s *process) (*poller, error) {
	handshake, err := newExchange(ctx, s, "GET", "")
	if err != nil {
		return nil, err
	}
	defer handshake.conn.Close()
	if err := handshake.send(nil); err != nil {
		return nil, err
	}
	body, err := handshake.receive()
	if err != nil {
		return nil, err
	}
	var session struct{ SID string }
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("0")), &session); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	p := new(poller)
	if p.get, err = newExchange(ctx, s, "GET", "&sid="+session.SID); err != nil {
		return nil, err
	}
	if p.post, err = newExchange(ctx, s, "POST", "&sid="+session.SID); err != nil {
		p.get.conn.Close()
		return nil, err
	}
	if err := p.join(); err != nil {
		p.close()
		return nil, fmt.Errorf("join: %w", err)
	}
	return p, nil
}

func (p *poller) join() error {
	if err := p.send([]byte("40")); err != nil {
		return err
	}
	if err := p.get.send(nil); err != nil {
		return err
	}
	body, err := p.get.receive()
	if err == nil && classifyPacket(body) != connected {
		err = errRefused
	}
	return err
}

// classifyPacket is classify for a packet of a payload, where "b" and base64 is an attachment.
func classifyPacket(packet []byte) message {
	if len(packet) > 0 && packet[0] == 'b' {
		return delivered
	}
	return classify(opText, packet[:min(2, len(packet))])
}

// send implements link: packets is one packet.
func (p *poller) send(packets []byte) error {
	p.posting.Lock()
	defer p.posting.Unlock()
	if p.unread {
		if _, err := p.post.receive(); err != nil {
			return err
		}
	}
	p.unread = true
	return p.post.send(packets)
}

// receive implements link. The next GET is sent before it returns, as a client does.
func (p *poller) receive() (events int, err error) {
	if !p.polling {
		p.polling = true
		if err := p.get.send(nil); err != nil {
			return 0, err
		}
	}
	body, err := p.get.receive()
	if err != nil {
		return 0, err
	}
	for packet := range bytes.SplitSeq(body, []byte{0x1e}) {
		switch classifyPacket(packet) {
		case delivered:
			events++
		case ping:
			if err := p.send([]byte("3")); err != nil {
				return events, err
			}
		}
	}
	return events, p.get.send(nil)
}

// close implements link.
func (p *poller) close() {
	p.get.conn.Close()
	p.post.conn.Close()
}
