package engineio

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"iter"
	"unicode/utf8"

	"github.com/isosocket/isosocket/transport"
)

// separator stands between the packets of a payload.
// https://socket.io/docs/v4/engine-io-protocol/#http-long-polling-1
const separator = '\x1e'

// AppendPayload appends the encoded packets to dst as the body of one polling
// request or response: joined by the record separator, binary ones as "b" and base64.
//
// The protocol has no escape for a separator within a text packet: the data must
// not contain the byte 0x1e, which no JSON text does.
func AppendPayload(dst []byte, messages ...transport.Message) []byte {
	for i, m := range messages {
		if i > 0 {
			dst = append(dst, separator)
		}
		if m.Binary {
			dst = append(dst, base64Mark)
			dst = base64.StdEncoding.AppendEncode(dst, m.Data)
			continue
		}
		if m.Lead != 0 {
			dst = append(dst, m.Lead)
		}
		dst = append(dst, m.Data...)
	}
	return dst
}

// PayloadSize returns how many bytes an encoded packet takes in a payload,
// without the separator before it.
func PayloadSize(m transport.Message) int {
	if m.Binary {
		return 1 + base64.StdEncoding.EncodedLen(len(m.Data))
	}
	return m.Len()
}

// DecodePayload returns the packets of a polling body in order. It stops after
// the first error, a [*SyntaxError]. Data of a text packet is part of body when it
// is at least half of it. Any other is new, so that whoever keeps it does not keep
// the body.
//
// A body that is not UTF-8 or has more than maxPackets packets (0 means no limit)
// fails before its first packet.
func DecodePayload(body []byte, maxPackets int) iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		if err := checkPayload(body, maxPackets); err != nil {
			yield(Packet{}, err)
			return
		}
		for offset := 0; ; {
			text, _, more := bytes.Cut(body[offset:], []byte{separator})
			p, err := Packet{}, error(&SyntaxError{Offset: offset, Err: ErrEmpty})
			if len(text) > 0 {
				p, err = decodeTyped(text[0], text[1:], offset)
			}
			if !p.Binary && 2*len(p.Data) < len(body) {
				p.Data = bytes.Clone(p.Data)
			}
			if !yield(p, err) || err != nil || !more {
				return
			}
			offset += len(text) + 1
		}
	}
}

func checkPayload(body []byte, maxPackets int) error {
	if !utf8.Valid(body) {
		return &SyntaxError{Offset: invalidUTF8(body), Err: ErrUTF8}
	}
	if n := 1 + bytes.Count(body, []byte{separator}); maxPackets > 0 && n > maxPackets {
		return &SyntaxError{Offset: len(body), Err: fmt.Errorf("%w: %d, limit %d", ErrTooManyPackets, n, maxPackets)}
	}
	return nil
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8.
func invalidUTF8(text []byte) int {
	offset := 0
	for offset < len(text) {
		r, size := utf8.DecodeRune(text[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	return offset
}
