package event

import (
	"bytes"
	"encoding/json"
	"errors"
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
	elements    [][]byte // the name, which is not JSON any more, and the arguments
	attachments [][]byte
	codec       Codec
	ack         func(args ...any) error // nil if none is wanted
	acked       atomic.Bool
	inline      [3][]byte // what elements holds if there are no more than two arguments
}

// NewMessage returns the message of an Event packet that a [parser.Decoder] has
// decoded, and takes over its data. A nil codec means [JSON]. ack sends the acknowledgement with the
// arguments given; nil if the packet has no id. It is for the two ends of a connection.
func NewMessage(p *parser.Packet, codec Codec, ack func(args ...any) error) (*Message, error) {
	m := &Message{attachments: p.Attachments, codec: orJSON(codec), ack: ack}
	m.elements = m.inline[:0]
	if err := m.split(p.Data); err != nil {
		return nil, err
	}
	if len(m.elements) == 0 {
		return nil, errNotArray
	}
	switch name := m.elements[0]; {
	case name[0] != '"': // an integer, as Node's EventEmitter takes them
	case bytes.IndexByte(name, '\\') < 0:
		m.elements[0] = name[1 : len(name)-1]
	default:
		var unescaped string
		if err := json.Unmarshal(name, &unescaped); err != nil {
			return nil, errNotArray
		}
		m.elements[0] = []byte(unescaped)
	}
	return m, nil
}

// NewReply returns the message of a decoded Ack packet, which answers the event of
// that name. The error is an [*AckError] if that is what the peer answered with.
func NewReply(name string, p *parser.Packet, codec Codec) (*Message, error) {
	m := &Message{attachments: p.Attachments, codec: orJSON(codec)}
	m.elements = append(m.inline[:0], []byte(name))
	if err := m.split(p.Data); err != nil {
		return nil, err
	}
	if err := m.ackError(); err != nil {
		return nil, err
	}
	return m, nil
}

var errNotArray = errors.New("event: data of the packet is not an array of arguments")

// split adds the elements of an array.
func (m *Message) split(array []byte) error {
	if len(array) < 2 || array[0] != '[' || array[len(array)-1] != ']' {
		return errNotArray
	}
	m.elements = parser.Split(m.elements, array)
	return nil
}

// Name returns the event's name.
func (m *Message) Name() string { return string(m.elements[0]) }

func (m *Message) args() [][]byte { return m.elements[1:] }

// Len returns the number of arguments.
func (m *Message) Len() int { return len(m.args()) }

// Raw returns argument i as the JSON that came, with placeholders for
// [Message.Attachments]. It must not be changed.
func (m *Message) Raw(i int) []byte { return m.args()[i] }

// Attachments returns the binary values that the placeholders stand for. They
// must not be changed.
func (m *Message) Attachments() [][]byte { return m.attachments }

// Decode decodes the arguments into the targets, which are pointers, or nil to
// pass over an argument. It leaves the targets beyond the last argument as they
// are, and ignores the arguments beyond the last target. The error is a [*DecodeError].
//
// What is decoded belongs to the caller. An any receives bool, float64, string,
// []any, map[string]any, []byte or nil.
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

func (m *Message) decode(i int, target any) error {
	args := m.args()
	if i >= len(args) {
		return nil
	}
	if err := decodeArg(m.codec, args[i], m.attachments, target); err != nil {
		return &DecodeError{Event: m.Name(), Argument: i, Err: err}
	}
	return nil
}

// WantsAck tells whether the peer asked for an acknowledgement that has not been sent yet.
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
