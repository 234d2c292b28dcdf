package parsertest

import (
	"encoding/binary"
	"fmt"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// Masked is a [parser.Format] for tests: one binary message a packet, in which no
// byte is what it is in JSON. Inside of it is that of [parser.JSON]: each message
// behind its length, all of it masked. The values of decoded packets are masked, too.
type Masked struct{}

var (
	_ parser.Format = Masked{}

	inner parser.JSON
)

// mask returns a copy of data with every bit turned over, which is its own reverse.
func mask(data []byte) []byte {
	if data == nil {
		return nil
	}
	masked := make([]byte, len(data))
	for i, c := range data {
		masked[i] = ^c
	}
	return masked
}

func pack(group []transport.Message, err error) ([]transport.Message, error) {
	if err != nil {
		return nil, err
	}
	var data []byte
	for _, m := range group {
		data = binary.AppendUvarint(data, uint64(len(m.Data)))
		data = append(data, m.Data...)
	}
	return []transport.Message{{Data: mask(data), Binary: true}}, nil
}

func unpack(packed transport.Message) ([]transport.Message, error) {
	if !packed.Binary {
		return nil, parser.ErrUnexpectedText
	}
	var group []transport.Message
	for data := mask(packed.Data); len(data) > 0; {
		size, n := binary.Uvarint(data)
		if n <= 0 || size > uint64(len(data)-n) {
			return nil, fmt.Errorf("parsertest: %d bytes in place of %d", len(data)-max(n, 0), size)
		}
		end := n + int(size)
		group = append(group, transport.Message{Data: data[n:end:end], Binary: len(group) > 0})
		data = data[end:]
	}
	return group, nil
}

// EncodeEvent implements [parser.Format].
func (Masked) EncodeEvent(namespace string, id *uint64, name string, args []any) ([]transport.Message, error) {
	return pack(inner.EncodeEvent(namespace, id, name, args))
}

// EncodeAck implements [parser.Format].
func (Masked) EncodeAck(namespace string, id uint64, args []any) ([]transport.Message, error) {
	return pack(inner.EncodeAck(namespace, id, args))
}

// EncodeControl implements [parser.Format].
func (Masked) EncodeControl(t parser.Type, namespace string, payload any, members ...parser.Member) ([]transport.Message, error) {
	return pack(inner.EncodeControl(t, namespace, payload, members...))
}

// AppendArgument implements [parser.Format].
func (Masked) AppendArgument(event []transport.Message, argument string) []transport.Message {
	group, err := unpack(event[0])
	if err == nil {
		group, err = pack(inner.AppendArgument(group, argument), nil)
	}
	if err != nil {
		panic("BUG: parsertest: " + err.Error()) // the event was packed here
	}
	return group
}

// NewDecoder implements [parser.Format].
func (Masked) NewDecoder(limits parser.Limits) parser.Decoder {
	return decoder{inner.NewDecoder(limits)}
}

type decoder struct{ inner parser.Decoder }

func (d decoder) Decode(m transport.Message) (p parser.Packet, complete bool, err error) {
	group, err := unpack(m)
	for _, m := range group {
		if p, complete, err = d.inner.Decode(m); err != nil {
			return parser.Packet{}, false, err
		}
	}
	if err == nil && !complete {
		err = fmt.Errorf("parsertest: %d messages are no packet", len(group))
	}
	if err != nil {
		return parser.Packet{}, false, err
	}
	p.Data = mask(p.Data)
	return p, true, nil
}

// unmasked returns the packet as the inner format has it.
func unmasked(p parser.Packet) parser.Packet {
	p.Data = mask(p.Data)
	return p
}

// Split implements [parser.Format].
func (Masked) Split(dst [][]byte, p parser.Packet, max int) (elements [][]byte, more bool) {
	start := len(dst)
	dst, more = inner.Split(dst, unmasked(p), max)
	if p.Type == parser.Event {
		start++ // the name is text
	}
	for i := start; i < len(dst); i++ {
		dst[i] = mask(dst[i])
	}
	return dst, more
}

// Decode implements [parser.Format].
func (Masked) Decode(value []byte, attachments [][]byte, target any) error {
	return inner.Decode(mask(value), attachments, target)
}

// Refusal implements [parser.Format].
func (f Masked) Refusal(p parser.Packet) (message string, data parser.Value) {
	message, data = inner.Refusal(unmasked(p))
	data.Format, data.Data = f, mask(data.Data)
	return message, data
}

// Failure implements [parser.Format].
func (f Masked) Failure(p parser.Packet) (message string, data parser.Value, failed bool) {
	message, data, failed = inner.Failure(unmasked(p))
	data.Format, data.Data = f, mask(data.Data)
	return message, data, failed
}

// RelayEvent implements [parser.Relay].
func (Masked) RelayEvent(event []transport.Message) (parser.Relayed, error) {
	group, err := unpack(event[0])
	if err != nil {
		return parser.Relayed{}, err
	}
	return inner.RelayEvent(group)
}

// RelayAck implements [parser.Relay].
func (Masked) RelayAck(p parser.Packet) (parser.Relayed, error) { return inner.RelayAck(unmasked(p)) }

// EncodeRelayed implements [parser.Relay].
func (Masked) EncodeRelayed(namespace string, id *uint64, event parser.Relayed) ([]transport.Message, error) {
	return pack(inner.EncodeRelayed(namespace, id, event))
}
