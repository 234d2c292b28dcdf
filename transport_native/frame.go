//go:build !js

package transportnative

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/bits"
)

// The first two bytes of a frame.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
const (
	fin      = 0x80
	reserved = 0x70
	opMask   = 0x0f

	masked     = 0x80
	lengthMask = 0x7f
)

// The opcodes. Those of control frames have the bit opControl.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opControl      = 8
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

const (
	maxHeader         = 14  // bytes before the payload
	maxControlPayload = 125 // bytes
)

// header is the beginning of a frame.
type header struct {
	fin    bool
	op     byte
	length int    // of the payload; math.MaxInt for what no memory holds
	key    uint32 // that the payload is masked with, its first byte the lowest; 0 masks nothing
}

var (
	errReserved = errors.New("reserved bits are set")
	errMask     = errors.New("masked frame of a server, or the reverse")
	errLength   = errors.New("length with the highest bit")
	errShort    = errors.New("length in more bytes than it takes")
)

// readHeader reads a header, which is masked when it comes from a client. The bytes
// are for its use. An error that the peer is to blame for is a [*violation].
func readHeader(r io.Reader, b *[maxHeader]byte, fromClient bool) (h header, err error) {
	if _, err = io.ReadFull(r, b[:2]); err != nil {
		return h, err
	}
	h.fin, h.op, h.length = b[0]&fin != 0, b[0]&opMask, int(b[1]&lengthMask)
	switch {
	case b[0]&reserved != 0:
		return h, &violation{errReserved}
	case b[1]&masked != 0 != fromClient:
		return h, &violation{errMask}
	}
	extended := 0
	switch h.length {
	case 126:
		extended = 2
	case 127:
		extended = 8
	}
	rest := b[:extended]
	if fromClient {
		rest = b[:extended+4] // with the key
	}
	if _, err = io.ReadFull(r, rest); err != nil {
		return h, err
	}
	switch extended {
	case 2:
		if h.length = int(binary.BigEndian.Uint16(rest)); h.length < 126 {
			return h, &violation{errShort}
		}
	case 8:
		length := binary.BigEndian.Uint64(rest)
		switch {
		case length > math.MaxInt64:
			return h, &violation{errLength}
		case length < 1<<16:
			return h, &violation{errShort}
		}
		h.length = int(min(length, math.MaxInt))
	}
	if fromClient {
		h.key = binary.LittleEndian.Uint32(rest[extended:])
	}
	return h, nil
}

// appendHeader appends the header of a frame. It is that of a client if it has a key.
func appendHeader(dst []byte, first byte, length int, key uint32, fromClient bool) []byte {
	second := byte(0)
	if fromClient {
		second = masked
	}
	switch {
	case length < 126:
		dst = append(dst, first, second|byte(length))
	case length < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, first, second|126), uint16(length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, second|127), uint64(length))
	}
	if fromClient {
		dst = binary.LittleEndian.AppendUint32(dst, key)
	}
	return dst
}

// mask masks or unmasks what is at the beginning of a payload, and returns the key
// for what follows.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.3
func mask(p []byte, key uint32) (next uint32) {
	if key == 0 {
		return 0
	}
	for wide := uint64(key)<<32 | uint64(key); len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
	}
	for i := range p {
		p[i] ^= byte(key)
		key = bits.RotateLeft32(key, -8)
	}
	return key
}
