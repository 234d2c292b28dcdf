package parser

import (
	"strconv"

	"github.com/isosocket/isosocket/transport/jsontext"
)

// level is an array or object on the way to a value.
type level struct {
	name  string // of the member
	index int    // of the element; -1 in an object
}

// pathOf returns the way to what comes behind the beginning of some JSON, as one would
// write it in JavaScript: ".items[3].price", or ["odd name"] for what is no identifier.
func pathOf(text []byte) string {
	var levels []level
	name := "" // the last string, which may be that of a member
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '"':
			end, ok := jsontext.ScanString(text, i)
			if !ok {
				return pathText(levels)
			}
			name = jsontext.Unquote(text[i:end])
			i = end
			continue
		case '{':
			levels = append(levels, level{index: -1})
		case '[':
			levels = append(levels, level{})
		case '}', ']':
			if len(levels) > 0 {
				levels = levels[:len(levels)-1]
			}
		case ':':
			if n := len(levels); n > 0 {
				levels[n-1].name = name
			}
		case ',':
			if n := len(levels); n > 0 && levels[n-1].index >= 0 {
				levels[n-1].index++
			}
		}
		i++
	}
	return pathText(levels)
}

func pathText(levels []level) string {
	var path []byte
	for _, l := range levels {
		switch {
		case l.index >= 0:
			path = append(path, '[')
			path = strconv.AppendInt(path, int64(l.index), 10)
			path = append(path, ']')
		case isIdentifier(l.name):
			path = append(path, '.')
			path = append(path, l.name...)
		default:
			path = append(path, '[')
			path = strconv.AppendQuote(path, l.name)
			path = append(path, ']')
		}
		if len(path) > maxPath {
			return string(path[:maxPath]) + "…"
		}
	}
	return string(path)
}

// maxPath bounds the text of a path, in bytes: a peer may nest thousands of levels.
const maxPath = 256

func isIdentifier(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80 || i > 0 && jsontext.IsDigit(c)) {
			return false
		}
	}
	return name != ""
}
