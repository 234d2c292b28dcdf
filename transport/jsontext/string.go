package jsontext

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendQuoted appends a string as JSON has it. It escapes what JSON wants escaped and
// nothing else, as JSON.stringify does; what is not UTF-8 becomes U+FFFD. One that stands
// for itself, as most do, takes a tenth of the time of others.
func AppendQuoted(dst []byte, s string) []byte {
	start := len(dst)
	dst = append(dst, '"')
	dst = append(dst, s...)
	if content := dst[start+1:]; Plain(content) < len(content) || !utf8.Valid(content) {
		dst = appendEscaped(dst[:start+1], s)
	}
	return append(dst, '"')
}

const hex = "0123456789abcdef"

func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, `\ufffd`...)
				start = i + size
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(dst, s[start:]...)
}

// Unquote returns what a string stands for: with its escapes replaced, and U+FFFD for what
// is not UTF-8 or half of a pair.
func Unquote(quoted []byte) string {
	if len(quoted) < len(`""`) {
		return ""
	}
	content := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(content, '\\') < 0 && utf8.Valid(content) {
		return string(content)
	}
	return string(AppendUnescaped(make([]byte, 0, len(content)), content))
}

// AppendUnescaped appends what the content of a string stands for, as Unquote does.
func AppendUnescaped(dst, content []byte) []byte {
	for i := 0; i < len(content); {
		c := content[i]
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(content[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		case c != '\\':
			dst = append(dst, c)
			i++
			continue
		}
		if r := EscapedRune(content[i:]); r >= 0 {
			i += len(`\u0000`)
			if utf16.IsSurrogate(r) {
				if pair := utf16.DecodeRune(r, EscapedRune(content[i:])); pair != utf8.RuneError {
					r = pair
					i += len(`\u0000`)
				} else {
					r = utf8.RuneError
				}
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		switch c = At(content, i+1); c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		}
		dst = append(dst, c)
		i += 2
	}
	return dst
}

// ReplaceLoneSurrogates makes escapes in JSON that stand for half a character U+FFFD,
// which encoding/json takes them for. They come from types with JSON of their own, such
// as a json.RawMessage that was received, and many a parser refuses the text for them.
// https://www.rfc-editor.org/rfc/rfc8259#section-8.2
func ReplaceLoneSurrogates(text []byte) {
	for i := 0; ; {
		backslash := bytes.IndexByte(text[i:], '\\')
		if backslash < 0 {
			return
		}
		i += backslash
		switch r := EscapedRune(text[i:]); {
		case r < 0:
			i += len(`\n`)
		case utf16.IsSurrogate(r) && utf16.DecodeRune(r, EscapedRune(text[i+len(`\u0000`):])) != utf8.RuneError:
			i += 2 * len(`\u0000`)
		default:
			if utf16.IsSurrogate(r) {
				copy(text[i:], `\ufffd`)
			}
			i += len(`\u0000`)
		}
	}
}

// EscapedRune returns what a text that begins with \u and four digits stands for, or -1.
func EscapedRune(text []byte) rune {
	if len(text) < len(`\u0000`) || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}
