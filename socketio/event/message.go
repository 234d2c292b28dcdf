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
	data        []byte // of the packet
	attachments [][]byte
	ack         func(args ...any) error // nil if none is wanted
	acked       atomic.Bool
	reply       bool      // the packet is an Ack
	more        bool      // there are more arguments than first holds
	known       uint8     // how many of first are there
	first       [3][]byte // the name, which is text, and the first arguments
}

// NewMessage returns the message of a decoded Event packet, and takes over its
// data. ack sends the acknowledgement with the arguments given; nil if the packet
// has no id. It is for the two ends of a connection, and for tests of handlers.
func NewMessage(f parser.Format, p *parser.Packet, ack func(args ...any) error) *Message {
	m := &Message{format: f, data: p.Data, attachments: p.Attachments, ack: ack}
	elements, more := f.Split(m.first[:0], *p, len(m.first))
	m.known, m.more = uint8(len(elements)), more
	return m
}

// NewReply is NewMessage for a decoded Ack packet, which answers the event of that
// name.
func NewReply(f parser.Format, p *parser.Packet, name string) *Message {
	m := &Message{format: f, data: p.Data, attachments: p.Attachments, reply: true}
	elements, more := f.Split(append(m.first[:0], []byte(name)), *p, len(m.first)-1)
	m.known, m.more = uint8(len(elements)), more
	return m
}

// Name returns the event's name.
func (m *Message) Name() string { return string(m.first[0]) }

// Len returns the number of arguments.
func (m *Message) Len() int { return len(m.arguments(-1)) }

// arguments returns the first arguments, or all if max is negative. Those that a
// message has beyond the usual number are split off each time, because few handlers
// look at them, and what waits for a handler should not cost more than it did on the
// wire.
func (m *Message) arguments(max int) [][]byte {
	known := m.first[1:m.known]
	if !m.more || 0 <= max && max <= len(known) {
		return known
	}
	p := parser.Packet{Type: parser.Ack, Data: m.data, Attachments: m.attachments}
	if m.reply {
		args, _ := m.format.Split(nil, p, max)
		return args
	}
	p.Type = parser.Event
	if max >= 0 {
		max++ // the name
	}
	elements, _ := m.format.Split(nil, p, max)
	return elements[1:]
}

// Decode decodes the arguments into the targets, which are pointers, or nil to
// pass over an argument. It leaves the targets beyond the last argument as they
// are, and ignores the arguments beyond the last target. The error is a [*DecodeError].
//
// What is decoded belongs to the caller. An any receives bool, float64, string,
// []any, map[string]any, []byte or nil. A json.RawMessage receives the argument as
// it came, if it came as JSON, with base64 text for binary values.
func (m *Message) Decode(targets ...any) error {
	args := m.arguments(len(targets))
	for i, target := range targets {
		if target == nil {
			continue
		}
		if err := m.decode(args, i, target); err != nil {
			return err
		}
	}
	return nil
}

// decode decodes one of the arguments, unless there are not so many.
func (m *Message) decode(args [][]byte, i int, target any) (err error) {
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
