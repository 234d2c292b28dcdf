package parser

import (
	"math"
	"strconv"
)

// Placeholder is where an attachment belongs in JSON.
type Placeholder struct {
	Start, End int // of the object, JSON[Start:End]
	Num        int // index in the packet's Attachments
}

// AppendPlaceholder appends the object that stands in JSON for the attachment
// with the index num.
// https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
func AppendPlaceholder(dst []byte, num int) []byte {
	dst = append(dst, `{"_placeholder":true,"num":`...)
	dst = strconv.AppendInt(dst, int64(num), 10)
	return append(dst, '}')
}

// Placeholders appends the placeholders of a JSON value to dst in the order of
// the text. The value is the Data of a decoded packet with attachments, or an
// element of it: Num is then a valid index.
func Placeholders(dst []Placeholder, value []byte) []Placeholder {
	s := scanner{text: value, maxDepth: math.MaxInt, attachments: math.MaxInt, found: &dst}
	s.value()
	return dst
}

// object is what the scanner knows of the object it is in. A placeholder has
// exactly two members, _placeholder, which is true, and num, in whatever order.
// socket.io-parser/lib/binary.ts also takes one with more members, but nobody writes those.
type object struct {
	start   int
	members int
	last    memberKind
	marked  bool // _placeholder is true
	nested  bool // a member is an array or object
	num     int  // -1 unless it is an index
}

type memberKind byte

const (
	otherMember memberKind = iota
	markMember
	numMember
)

// key takes note of a member's name, in quotation marks.
func (o *object) key(name []byte) {
	o.members++
	switch string(name) {
	case `"_placeholder"`:
		o.last = markMember
	case `"num"`:
		o.last = numMember
	default:
		o.last = otherMember
	}
}

// value takes note of the last member's value, which is a scalar.
func (o *object) value(scalar []byte) {
	switch o.last {
	case markMember:
		o.marked = string(scalar) == "true"
	case numMember:
		if n, end, ok := decimal(scalar, 0); ok && end == len(scalar) && n < math.MaxInt32 {
			o.num = int(n)
		}
	}
}
