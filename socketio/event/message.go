package event

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/parser"
)

var (
	// ErrNoAck is returned by Message.Ack when the peer did not ask for an acknowledgement.
	ErrNoAck = errors.New("event: no acknowledgement asked for")
	// ErrAcked is returned by Message.Ack after the acknowledgement was sent.
	ErrAcked = errors.New("event: already acknowledged")
)

// Message is an incoming event, or the acknowledgement that answers a request.
// Its arguments stay as they came until they are decoded. The methods may be
// called concurrently.
type Message struct {
	format      parser.Format
	elements    [][]byte // the name, which is text, and the arguments
	attachments [][]byte
	ack         func(args ...any) error // nil if none is wanted
	acked       atomic.Bool
	inline      [3][]byte // what elements holds if there are no more than two arguments
}

// NewMessage returns the message of a decoded Event packet, and takes over its
// data. ack sends the acknowledgement with the arguments given; nil if the packet
// has no id. It is for the two ends of a connection, and for tests of handlers.
func NewMessage(f parser.Format, p *parser.Packet, ack func(args ...any) error) *Message {
	m := &Message{format: f, attachments: p.Attachments, ack: ack}
	m.elements = f.Split(m.inline[:0], *p)
	return m
}

// NewReply is NewMessage for a decoded Ack packet, which answers the event of that
// name.
func NewReply(f parser.Format, p *parser.Packet, name string) *Message {
	m := &Message{format: f, attachments: p.Attachments}
	m.elements = f.Split(append(m.inline[:0], []byte(name)), *p)
	return m
}

// Name returns the event's name.
func (m *Message) Name() string { return string(m.elements[0]) }

// Len returns the number of arguments.
func (m *Message) Len() int { return len(m.elements) - 1 }

// Decode decodes the arguments into the targets, which are pointers, or nil to
// pass over an argument. It leaves the targets beyond the last argument as they
// are, and ignores the arguments beyond the last target. The error is a [*DecodeError].
//
// What is decoded belongs to the caller. An any receives bool, float64, string,
// []any, map[string]any, []byte or nil. A json.RawMessage receives the argument as
// it came, if it came as JSON, with base64 text for binary values.
func (m *Message) Decode(targets ...any) error {
	for i, target := range targets {
		if target == nil {
			continue
		}
		if err := m.decode(i, target); err != nil {
			return err
		}
	}
	return nil
}

func (m *Message) decode(i int, target any) (err error) {
	args := m.elements[1:]
	if i >= len(args) {
		return nil
	}
	defer func() {
		if value := recover(); value != nil { // of the type's own method
			err = &DecodeError{Event: m.Name(), Argument: i, Err: fmt.Errorf("panic: %v", value)}
		}
	}()
	if err := m.format.Decode(args[i], m.attachments, target); err != nil {
		return &DecodeError{Event: m.Name(), Argument: i, Err: err}
	}
	return nil
}

// WantsAck reports whether the peer asked for an acknowledgement that has not been
// sent yet.
func (m *Message) WantsAck() bool { return m.ack != nil && !m.acked.Load() }

// Ack sends the acknowledgement with the arguments given. The error is ErrNoAck,
// ErrAcked, or why it was not sent; then it may be tried again.
func (m *Message) Ack(args ...any) error {
	if m.ack == nil {
		return ErrNoAck
	}
	if !m.acked.CompareAndSwap(false, true) {
		return ErrAcked
	}
	err := m.ack(args...)
	if err != nil {
		m.acked.Store(false)
	}
	return err
}
