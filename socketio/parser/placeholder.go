package parser

import (
	"bytes"
	"math"
	"strconv"

	"github.com/isosocket/isosocket/transport/jsontext"
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
	s := placeholderScanner(value)
	s.collect, s.found = true, dst
	s.value()
	return s.found
}

// placeholderScanner returns a scanner for valid JSON that takes any number for that
// of an attachment.
func placeholderScanner(value []byte) scanner {
	return scanner{text: value, maxDepth: math.MaxInt, maxElements: math.MaxInt, attachments: math.MaxInt}
}

// mayMark reports whether JSON may have a member that is called _placeholder.
func mayMark(text []byte) bool {
	return bytes.Contains(text, []byte(placeholderMember)) || bytes.Contains(text, []byte(`\u`))
}

const placeholderMember = "_placeholder"

// object is what the scanner knows of an open object. One whose member _placeholder
// is true is a placeholder, whatever else is in it; of members with the same name
// the last one counts.
// socket.io-parser/lib/binary.ts _reconstructPacket
type object struct {
	start  int
	found  int        // how many placeholders were found before it
	num    int32      // -1 unless it is an index
	last   memberKind // of the member whose value comes next
	marked bool       // _placeholder is true
}

// objects is the stack of the open objects. Its first levels are within, as with brackets.
type objects struct {
	depth int
	outer [4]object
	inner []object
}

func (s *objects) push(o object) {
	if s.depth < len(s.outer) {
		s.outer[s.depth] = o
	} else {
		s.inner = append(s.inner[:s.depth-len(s.outer)], o)
	}
	s.depth++
}

func (s *objects) top() *object {
	if s.depth <= len(s.outer) {
		return &s.outer[s.depth-1]
	}
	return &s.inner[s.depth-len(s.outer)-1]
}

type memberKind byte

const (
	otherMember memberKind = iota
	markMember
	numMember
)

// name takes note of a member's name, in quotation marks.
func (s *scanner) name(quoted []byte) {
	o := s.objects.top()
	switch string(unescaped(quoted)) {
	case placeholderMember:
		o.last = markMember
		s.marks++
	case "num":
		o.last = numMember
	default:
		o.last = otherMember
	}
}

// unescaped returns the content of a JSON string if it may be a name that a
// placeholder has.
func unescaped(quoted []byte) []byte {
	content := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(content, '\\') < 0 {
		return content
	}
	if len(content) > len(placeholderMember)*len(`\u0000`) {
		return nil
	}
	return jsontext.AppendUnescaped(nil, content)
}

// member takes note of a value, which may be that of a member: the text of a
// scalar, or nil for an array or object.
func (s *scanner) member(scalar []byte) {
	if s.due.depth == 0 || s.due.top() != '}' {
		return
	}
	switch o := s.objects.top(); o.last {
	case markMember:
		o.marked = string(scalar) == "true"
	case numMember:
		o.num = index(scalar)
	}
}

// index returns the number that the text of a scalar is, however it is written, or -1
// if it is no index.
func index(scalar []byte) int32 {
	c := jsontext.At(scalar, 0)
	if !jsontext.IsDigit(c) && c != '-' {
		return -1
	}
	if n, end, ok := decimal(scalar, 0); ok && end == len(scalar) && n < math.MaxInt32 {
		return int32(n)
	}
	n, err := strconv.ParseFloat(string(scalar), 64)
	if err != nil || n < 0 || n >= math.MaxInt32 || n != math.Trunc(n) {
		return -1
	}
	return int32(n)
}

// leave ends the innermost object, whose bracket is before end.
func (s *scanner) leave(end int) {
	o := s.objects.top()
	s.objects.depth--
	if !o.marked {
		return
	}
	if s.invalid > o.start {
		s.invalid = 0 // it is within this one, so that nobody looks at it
	}
	if s.invalid == 0 && (o.num < 0 || int(o.num) >= s.attachments) {
		s.invalid = end - 1
	}
	if !s.collect {
		return
	}
	s.found = s.found[:o.found]
	if o.num >= 0 {
		s.found = append(s.found, Placeholder{Start: o.start, End: end, Num: int(o.num)})
	}
}
