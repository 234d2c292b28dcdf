package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// serverFrame is a whole message as a server frames it.
func serverFrame(op byte, payload string) []byte {
	frame := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	return append(frame, payload...)
}

func TestScanner(t *testing.T) {
	stream := bytes.Join([][]byte{
		serverFrame(opText, `0{"sid":"x"}`),
		serverFrame(opText, `40{"sid":"y"}`),
		serverFrame(opText, `42["echo","`+strings.Repeat("a", 125)+`"]`),
		serverFrame(opText, "2"),
		serverFrame(opText, `431["`+strings.Repeat("b", 70_000)+`"]`),
		serverFrame(opText, `451-["blob",{"_placeholder":true,"num":0}]`),
		serverFrame(opBinary, strings.Repeat("c", 65_535)),
		serverFrame(opBinary, ""),
		serverFrame(opText, `44{"message":"no"}`),
		serverFrame(opText, ""),
		serverFrame(opClose, "\x03\xe8"),
	}, nil)
	want := []message{handshake, connected, delivered, ping, delivered, other, delivered, delivered, refused, other, goodbye}

	for name, reader := range map[string]io.Reader{
		"as it comes":  bytes.NewReader(stream),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
		"in halves":    iotest.HalfReader(bytes.NewReader(stream)),
	} {
		t.Run(name, func(t *testing.T) {
			s := scanner{buffer: make([]byte, 64)}
			var got []message
			var err error
			for err == nil {
				err = s.read(reader, func(m message) error { got = append(got, m); return nil })
			}
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, want, got)
		})
	}
}

func TestScannerRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		err  error
	}{
		"a fragment":     {[]byte{opText, 1, '2'}, errFragmented},
		"a masked frame": {appendFrame(nil, opText, []byte("2")), errMasked},
	} {
		t.Run(name, func(t *testing.T) {
			s := scanner{buffer: make([]byte, 64)}
			err := s.scan(tt.data, func(message) error { return nil })
			require.ErrorIs(t, err, tt.err)
		})
	}
}

// The frame of section 5.7 of RFC 6455, with our mask.
func TestAppendFrame(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65_535, 65_536} {
		payload := bytes.Repeat([]byte("xyz"), size/3+1)[:size]
		frame := appendFrame(nil, opBinary, payload)
		require.Equal(t, byte(0x80|opBinary), frame[0])
		require.NotZero(t, frame[1]&0x80, "masked")

		// Without the mask it is what a server would send.
		header := len(frame) - size - len(mask)
		unmasked := append(bytes.Clone(frame[:header]), frame[header+len(mask):]...)
		unmasked[1] &^= 0x80
		for i := range payload {
			unmasked[header+i] ^= mask[i%4]
		}
		require.Equal(t, serverFrame(opBinary, string(payload)), unmasked)
	}
}
