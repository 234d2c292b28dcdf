package main

import (
	"encoding/binary"
	"errors"
	"io"
)

// The opcodes of frames.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
)

// mask is the key of every client frame. Not zero, for which servers skip the
// work; that it is no secret matters to proxies only.
var mask = [4]byte{0x5a, 0x17, 0xc3, 0x6e}

// appendFrame appends a whole message as a client's frame.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	const final, masked = 0x80, 0x80
	dst = append(dst, final|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, masked|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, masked|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, masked|127), uint64(n))
	}
	dst = append(dst, mask[:]...)
	for i, b := range payload {
		dst = append(dst, b^mask[i%4])
	}
	return dst
}

// message is what a frame means to the load.
type message byte

const (
	other     message = iota
	handshake         // the Engine.IO handshake
	ping              // to be answered
	connected         // the namespace is joined
	refused           // the namespace is not joined
	delivered         // an event or an acknowledgement is complete
	goodbye           // the server closes
)

// classify tells what a message is by its opcode and its first two bytes. An event
// with an attachment is complete with the attachment.
func classify(op byte, head []byte) message {
	switch {
	case op == opClose:
		return goodbye
	case op == opBinary:
		return delivered
	case op != opText:
		return other
	}
	switch string(head) {
	case "42", "43":
		return delivered
	case "40":
		return connected
	case "44":
		return refused
	case "2":
		return ping
	}
	if len(head) > 0 && head[0] == '0' {
		return handshake
	}
	return other
}

var (
	errFragmented = errors.New("fragmented message")
	errMasked     = errors.New("masked frame from a server")
)

// scanner finds the messages in the bytes that a server sends. It keeps no payload:
// what was read is overwritten by the next read.
type scanner struct {
	buffer  []byte  // at least 16 bytes, the longest header and two bytes of payload
	waiting int     // bytes of buffer that are the beginning of a header
	current message // that payload bytes are missing of
	missing int     // how many; 0 between frames
}

// read reads once and calls found with each message that is complete.
func (s *scanner) read(r io.Reader, found func(m message) error) error {
	n, err := r.Read(s.buffer[s.waiting:])
	if scanErr := s.scan(s.buffer[:s.waiting+n], found); scanErr != nil {
		return scanErr
	}
	return err
}

// scan works off data and keeps what is the beginning of a header.
func (s *scanner) scan(data []byte, found func(m message) error) error {
	for {
		if s.missing == 0 {
			m, header, payload, err := parseHeader(data)
			if err != nil {
				return err
			}
			if header == 0 {
				s.waiting = copy(s.buffer, data)
				return nil
			}
			s.current, s.missing = m, payload
			data = data[header:]
		}
		taken := min(s.missing, len(data))
		s.missing -= taken
		data = data[taken:]
		if s.missing > 0 {
			s.waiting = 0
			return nil
		}
		if err := found(s.current); err != nil {
			return err
		}
	}
}

// parseHeader returns what message a frame is, and the sizes of its header and its
// payload. The header's size is 0 when more bytes are needed to tell.
func parseHeader(data []byte) (m message, header, payload int, err error) {
	if len(data) < 2 {
		return 0, 0, 0, nil
	}
	const final, opcode, masked = 0x80, 0x0f, 0x80
	switch {
	case data[0]&final == 0:
		return 0, 0, 0, errFragmented
	case data[1]&masked != 0:
		return 0, 0, 0, errMasked
	}
	header, payload = 2, int(data[1])
	switch payload {
	case 126:
		header = 4
		if len(data) >= header {
			payload = int(binary.BigEndian.Uint16(data[2:]))
		}
	case 127:
		header = 10
		if len(data) >= header {
			payload = int(binary.BigEndian.Uint64(data[2:]))
		}
	}
	look := min(2, payload)
	if len(data) < header+look {
		return 0, 0, 0, nil
	}
	return classify(data[0]&opcode, data[header:header+look]), header, payload, nil
}
