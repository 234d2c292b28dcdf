package parser

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// decodeText decodes the text message of a packet and tells how many attachments
// follow it. After an error, pos is where that is. The message's form is
//
//	<type>[<attachments>-][<namespace>,][<id>][<JSON>]
//
// https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
func (d *Decoder) decodeText(p *Packet, text []byte) (attachments, pos int, err error) {
	if len(text) == 0 {
		return 0, 0, ErrType
	}
	pos = 1
	switch p.Type = Type(text[0]); p.Type {
	case Connect, Disconnect, Event, Ack, ConnectError:
	case BinaryEvent, BinaryAck:
		p.Type -= BinaryEvent - Event
		n, end, ok := decimal(text, pos)
		switch {
		case !ok || n == 0:
			return 0, pos, ErrAttachments
		case n > uint64(d.Limits.maxAttachments()):
			return 0, pos, fmt.Errorf("%w: limit %d", ErrTooManyAttachments, d.Limits.maxAttachments())
		case at(text, end) != '-':
			return 0, end, ErrAttachments
		}
		attachments, pos = int(n), end+1
	default:
		return 0, 0, ErrType
	}

	p.Namespace = "/"
	if at(text, pos) == '/' {
		name, _, comma := bytes.Cut(text[pos:], []byte{','})
		pos += len(name)
		if comma {
			pos++
		}
		if len(name) > 1 {
			p.Namespace = d.namespaceOf(name)
		}
	}

	if isDigit(at(text, pos)) {
		id, end, ok := decimal(text, pos)
		if !ok || id > MaxID {
			return 0, pos, ErrID
		}
		// The other types have no use for an id; socket.io-parser ignores it there.
		if p.Type == Event || p.Type == Ack {
			p.ID, p.HasID = id, true
		}
		pos = end
	}

	if !mayHold(p.Type, text[pos:]) {
		return 0, pos, ErrPayload
	}
	if pos == len(text) {
		return 0, pos, nil
	}
	end, err := scanDocument(text[pos:], d.Limits.maxDepth(), attachments)
	if err != nil {
		return 0, pos + end, err
	}
	p.Data = text[pos : pos+end : pos+end]
	if p.Type == Event {
		if offset, err := checkEventName(p.Data); err != nil {
			return 0, pos + offset, err
		}
	}
	return attachments, pos, nil
}

// namespaceOf returns the name as a string, which is the one of the last packet if
// it can be. A name of such a length that nobody has chosen it is not kept.
func (d *Decoder) namespaceOf(name []byte) string {
	const longest = 64
	if string(name) == d.namespace {
		return d.namespace
	}
	namespace := string(name)
	if len(namespace) <= longest {
		d.namespace = namespace
	}
	return namespace
}

// mayHold tells whether a packet of type t may have this data, by the first
// byte of the JSON, which is not white space.
// socket.io-parser/lib/index.ts isPayloadValid, which lets missing data pass
func mayHold(t Type, data []byte) bool {
	switch first := at(data, 0); t {
	case Connect:
		return len(data) == 0 || first == '{'
	case Disconnect:
		return len(data) == 0
	case ConnectError:
		return first == '{' || first == '"'
	default:
		return first == '['
	}
}

// checkEventName looks at the first element of a valid JSON array. After an
// error, offset is where that is.
func checkEventName(array []byte) (offset int, err error) {
	offset = skipSpace(array, 1)
	switch c := array[offset]; {
	case c == '"':
		end, _ := scanString(array, offset)
		if isReserved(array[offset:end]) {
			return offset, ErrReserved
		}
	case isDigit(c) || c == '-':
		// socket.io-parser takes any number; one with a fraction or an exponent has
		// several spellings and so cannot name anything.
		digits, _ := scanDigits(array, offset+1)
		if end, _ := scanNumber(array, offset); end != digits {
			return offset, ErrEventName
		}
	default:
		return offset, ErrEventName
	}
	return 0, nil
}

// isReserved is Reserved for a JSON string.
func isReserved(quoted []byte) bool {
	const longest = len("removeListener")
	name := quoted[1 : len(quoted)-1]
	if len(name) > longest*len(`\u0000`) {
		return false
	}
	if bytes.IndexByte(name, '\\') < 0 {
		return Reserved(string(name))
	}
	var unescaped string
	return json.Unmarshal(quoted, &unescaped) == nil && Reserved(unescaped)
}

// decimal reads an unsigned integer in its shortest form: ok is false without a
// digit and for a leading zero. It reads no further than the digit that takes n
// beyond MaxID.
func decimal(text []byte, pos int) (n uint64, end int, ok bool) {
	for end = pos; n <= MaxID && isDigit(at(text, end)); end++ {
		n = n*10 + uint64(text[end]-'0')
	}
	return n, end, end == pos+1 || end > pos && text[pos] != '0'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// at returns the byte at position i, and behind the end 0, which occurs nowhere in a valid text.
func at(text []byte, i int) byte {
	if i < len(text) {
		return text[i]
	}
	return 0
}
