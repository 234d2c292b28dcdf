package parser

import (
	"fmt"

	"github.com/isosocket/isosocket/transport/jsontext"
)

// scanDocument checks that text is one JSON value, nested no deeper than maxDepth,
// whose placeholders name one of so many attachments, and which has no more than
// maxElements if it is an array. It returns the end of the value, without the white
// space after it, or where the error is.
func scanDocument(text []byte, maxDepth, maxElements, attachments int) (end int, err error) {
	s := scanner{text: text, maxDepth: maxDepth, maxElements: maxElements, attachments: attachments}
	end, err = s.value()
	if err != nil {
		return end, err
	}
	if rest := jsontext.SkipSpace(text, end); rest < len(text) {
		return rest, ErrJSON
	}
	if s.invalid > 0 {
		return s.invalid, ErrPlaceholder
	}
	return end, nil
}

// scanner checks JSON in one pass and without recursion, so that deep nesting
// costs one byte a level.
// https://www.rfc-editor.org/rfc/rfc8259
type scanner struct {
	text        []byte
	maxDepth    int
	maxElements int // of the outermost array
	attachments int // of the packet; without any, nothing is a placeholder

	due      brackets // of the open arrays and objects
	elements int      // of the outermost array, before the last comma

	// What follows is kept while there are attachments.

	objects objects       // the open ones
	marks   int           // how many members are called _placeholder
	invalid int           // where the first placeholder ends that names no attachment; 0 without any
	collect bool          // placeholders are added to found
	found   []Placeholder // that name an attachment
}

// brackets is the stack of closing brackets that are still to come. Its first
// levels are within, so that an ordinary text allocates nothing.
type brackets struct {
	depth int
	outer [32]byte
	inner []byte
}

func (b *brackets) push(bracket byte) {
	if b.depth < len(b.outer) {
		b.outer[b.depth] = bracket
	} else {
		b.inner = append(b.inner[:b.depth-len(b.outer)], bracket)
	}
	b.depth++
}

func (b *brackets) top() byte {
	if b.depth <= len(b.outer) {
		return b.outer[b.depth-1]
	}
	return b.inner[b.depth-len(b.outer)-1]
}

func (b *brackets) pop() { b.depth-- }

// value scans the value at the beginning of the text.
func (s *scanner) value() (end int, err error) {
	for i := 0; ; {
		i = jsontext.SkipSpace(s.text, i)
		switch bracket := jsontext.At(s.text, i); bracket {
		case '{', '[':
			var empty bool
			if i, empty, err = s.open(i, bracket+2); err != nil { // in ASCII, a pair of brackets is two apart
				return i, err
			}
			if !empty {
				continue
			}
		default:
			start, ok := i, false
			if i, ok = jsontext.ScanScalar(s.text, i); !ok {
				return i, ErrJSON
			}
			if s.attachments > 0 {
				s.member(s.text[start:i])
			}
		}
		if i, err = s.next(i); err != nil || s.due.depth == 0 {
			return i, err
		}
	}
}

// open scans from an opening bracket to the first value, or to the closing
// bracket if there is none.
func (s *scanner) open(i int, closing byte) (end int, empty bool, err error) {
	if s.due.depth == s.maxDepth {
		return i, false, fmt.Errorf("%w: limit %d", ErrDepth, s.maxDepth)
	}
	if s.attachments > 0 {
		s.member(nil)
		if closing == '}' {
			s.objects.push(object{start: i, found: len(s.found), num: -1})
		}
	}
	s.due.push(closing)
	i = jsontext.SkipSpace(s.text, i+1)
	if jsontext.At(s.text, i) == closing {
		return i, true, nil
	}
	if closing == '}' {
		i, err = s.key(i)
	}
	return i, false, err
}

// next scans from the end of a value to the next one, or to the end of all.
func (s *scanner) next(i int) (end int, err error) {
	for s.due.depth > 0 {
		closing := s.due.top()
		i = jsontext.SkipSpace(s.text, i)
		switch jsontext.At(s.text, i) {
		case ',':
			if closing == '}' {
				return s.key(jsontext.SkipSpace(s.text, i+1))
			}
			if s.due.depth == 1 {
				if s.elements++; s.elements >= s.maxElements {
					return i, errArguments
				}
			}
			return i + 1, nil
		case closing:
			i++
			s.due.pop()
			if s.attachments > 0 && closing == '}' {
				s.leave(i)
			}
		default:
			return i, ErrJSON
		}
	}
	return i, nil
}

// key scans the name of an object's member and its colon.
func (s *scanner) key(i int) (end int, err error) {
	if jsontext.At(s.text, i) != '"' {
		return i, ErrJSON
	}
	end, ok := jsontext.ScanString(s.text, i)
	if !ok {
		return end, ErrJSON
	}
	if s.attachments > 0 {
		s.name(s.text[i:end])
	}
	if end = jsontext.SkipSpace(s.text, end); jsontext.At(s.text, end) != ':' {
		return end, ErrJSON
	}
	return end + 1, nil
}
