package parser

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/isosocket/isosocket/transport/jsontext"
)

// appendText appends the text message of the packet to dst and returns it. What is
// in the packet is taken as it is.
func appendText(dst []byte, p *Packet) []byte {
	start := len(dst)
	dst = append(dst, byte(p.Type))
	if len(p.Attachments) > 0 {
		dst = announce(dst, start, len(p.Attachments))
	}
	if p.Namespace != "" && p.Namespace != "/" {
		dst = append(dst, p.Namespace...)
		dst = append(dst, ',')
	}
	if p.HasID {
		dst = strconv.AppendUint(dst, p.ID, 10)
	}
	return append(dst, p.Data...)
}

// announce makes the text message at text[start:], which appendText wrote for an
// Event or Ack without attachments, one that so many attachments follow. So a
// packet can be encoded behind its header, before its attachments are known.
func announce(text []byte, start, attachments int) []byte {
	text[start] += byte(BinaryEvent - Event)
	var buffer [24]byte
	count := append(strconv.AppendInt(buffer[:0], int64(attachments), 10), '-')
	text = append(text, count...) // slices.Insert would make a browser program 5 KB larger
	copy(text[start+1+len(count):], text[start+1:])
	copy(text[start+1:], count)
	return text
}

// decodeText decodes the text message of a packet and returns how many
// attachments follow it. After an error, pos is where that is.
func (d *jsonDecoder) decodeText(p *Packet, text []byte) (attachments, pos int, err error) {
	attachments, pos, err = d.decodeHeader(p, text)
	if err != nil {
		return 0, pos, err
	}
	p.Data = text[pos:]
	offset, err := checkData(p, d.limits.maxDepth(), attachments)
	if err == nil {
		p.Data = kept(p, cap(text))
	}
	return attachments, pos + offset, err
}

// kept returns the data of a packet whose message takes so many bytes of memory, as
// it may be kept: without white space for a Connect, which lasts as long as its socket.
func kept(p *Packet, message int) []byte {
	if p.Type != Connect || len(p.Data) == 0 {
		return owned(p.Data, message)
	}
	return compact(p.Data)
}

// compact returns a copy of valid JSON without its white space.
func compact(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		end := i + 1
		if text[i] == '"' {
			end = jsontext.SkipString(text, i)
		} else if jsontext.SkipSpace(text, i) > i {
			i = jsontext.SkipSpace(text, i)
			continue
		}
		out = append(out, text[i:end]...)
		i = end
	}
	return append(make([]byte, 0, len(out)), out...)
}

// owned returns the part of so many bytes of memory, or a copy where it would keep much
// more alive than itself.
func owned(part []byte, whole int) []byte {
	const slack = 128 // more than the header of an ordinary packet
	if whole > 2*len(part)+slack {
		part = slices.Clip(bytes.Clone(part))
	}
	return part
}

// decodeHeader decodes what is in front of the JSON, which begins at pos. The form
// of a text message is
//
//	<type>[<attachments>-][<namespace>,][<id>][<JSON>]
//
// https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
func (d *jsonDecoder) decodeHeader(p *Packet, text []byte) (attachments, pos int, err error) {
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
		case n > uint64(d.limits.maxAttachments()):
			return 0, pos, fmt.Errorf("%w: limit %d", ErrTooManyAttachments, d.limits.maxAttachments())
		case jsontext.At(text, end) != '-':
			return 0, end, ErrAttachments
		}
		attachments, pos = int(n), end+1
	default:
		return 0, 0, ErrType
	}

	p.Namespace = "/"
	if jsontext.At(text, pos) == '/' {
		name, _, comma := bytes.Cut(text[pos:], []byte{','})
		pos += len(name)
		if comma {
			pos++
		}
		if len(name) > 1 {
			p.Namespace = d.namespaceOf(name)
		}
	}

	if jsontext.IsDigit(jsontext.At(text, pos)) {
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
	return attachments, pos, nil
}

// checkData checks the JSON of a packet with so many attachments, and takes the
// white space behind it away. After an error, offset is where that is.
func checkData(p *Packet, maxDepth, attachments int) (offset int, err error) {
	if !mayHold(p.Type, p.Data) {
		return 0, ErrPayload
	}
	if len(p.Data) == 0 {
		p.Data = nil
		return 0, nil
	}
	end, err := scanDocument(p.Data, maxDepth, maxElements, attachments)
	if err != nil {
		return end, err
	}
	p.Data = p.Data[:end:end]
	if p.Type == Event {
		return checkEventName(p.Data)
	}
	return 0, nil
}

// namespaceOf returns the name as a string, which is the one of the last packet if
// it can be. A name of such a length that nobody has chosen it is not kept.
func (d *jsonDecoder) namespaceOf(name []byte) string {
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
	switch first := jsontext.At(data, 0); t {
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
	offset = jsontext.SkipSpace(array, 1)
	switch c := array[offset]; {
	case c == '"':
		end, _ := jsontext.ScanString(array, offset)
		if isReserved(array[offset:end]) {
			return offset, ErrReserved
		}
	case jsontext.IsDigit(c) || c == '-':
		// socket.io-parser takes any number; one with a fraction or an exponent has
		// several spellings and so cannot name anything.
		digits, _ := jsontext.ScanDigits(array, offset+1)
		if end, _ := jsontext.ScanNumber(array, offset); end != digits {
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
	return Reserved(jsontext.Unquote(quoted))
}

// decimal reads an unsigned integer in its shortest form: ok is false without a
// digit and for a leading zero. It reads no further than the digit that takes n
// beyond MaxID.
func decimal(text []byte, pos int) (n uint64, end int, ok bool) {
	for end = pos; n <= MaxID && jsontext.IsDigit(jsontext.At(text, end)); end++ {
		n = n*10 + uint64(text[end]-'0')
	}
	return n, end, end == pos+1 || end > pos && text[pos] != '0'
}
