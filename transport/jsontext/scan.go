package jsontext

import "bytes"

// The functions of this file scan what begins at position i of a JSON text. They
// return the position behind it, or where it stops being valid and false.

// ScanScalar scans a value that is neither array nor object.
func ScanScalar(text []byte, i int) (end int, ok bool) {
	switch At(text, i) {
	case '"':
		return ScanString(text, i)
	case 't':
		return scanLiteral(text, i, "true")
	case 'f':
		return scanLiteral(text, i, "false")
	case 'n':
		return scanLiteral(text, i, "null")
	}
	return ScanNumber(text, i)
}

func scanLiteral(text []byte, i int, literal string) (end int, ok bool) {
	end = i + len(literal)
	if end > len(text) || string(text[i:end]) != literal {
		return i, false
	}
	return end, true
}

// ScanString scans from one quotation mark to the other. Like encoding/json it
// leaves UTF-8 and pairs of surrogates to whoever decodes the string.
func ScanString(text []byte, i int) (end int, ok bool) {
	for i++; ; i++ {
		i += Plain(text[i:])
		switch At(text, i) {
		case '"':
			return i + 1, true
		case '\\':
			if i, ok = scanEscape(text, i); !ok {
				return i, false
			}
		default: // a control character, or the end
			return i, false
		}
	}
}

// scanEscape scans from a backslash to the last byte that belongs to it.
func scanEscape(text []byte, i int) (last int, ok bool) {
	i++
	switch At(text, i) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i, true
	case 'u':
		for range 4 {
			i++
			if !isHex(At(text, i)) {
				return i, false
			}
		}
		return i, true
	}
	return i, false
}

func isHex(c byte) bool {
	return IsDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// ScanNumber scans a number.
func ScanNumber(text []byte, i int) (end int, ok bool) {
	if At(text, i) == '-' {
		i++
	}
	if At(text, i) == '0' {
		i++ // no digit follows a leading zero
	} else if i, ok = ScanDigits(text, i); !ok {
		return i, false
	}
	if At(text, i) == '.' {
		if i, ok = ScanDigits(text, i+1); !ok {
			return i, false
		}
	}
	if c := At(text, i); c == 'e' || c == 'E' {
		i++
		if c := At(text, i); c == '+' || c == '-' {
			i++
		}
		if i, ok = ScanDigits(text, i); !ok {
			return i, false
		}
	}
	return i, true
}

// ScanDigits scans one digit or more.
func ScanDigits(text []byte, i int) (end int, ok bool) {
	for end = i; IsDigit(At(text, end)); end++ {
	}
	return end, end > i
}

// SkipSpace returns where white space that may begin at i ends.
func SkipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
		i++
	}
	return i
}

// SkipValue returns the end of the valid value that begins at i, by its brackets and
// quotation marks alone.
func SkipValue(text []byte, i int) int {
	for depth := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = SkipString(text, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// SkipString returns the end of the string that begins at i. Because it is valid
// it ends with the first quotation mark that is not escaped, for which
// [bytes.IndexByte] takes a tenth of the time that checking the string takes.
func SkipString(text []byte, i int) int {
	for {
		quote := bytes.IndexByte(text[i+1:], '"')
		if quote < 0 {
			return len(text)
		}
		i += 1 + quote
		if text[i-1] != '\\' || !escaped(text[:i]) {
			return i + 1
		}
	}
}

// escaped tells whether the text ends with an odd number of backslashes.
func escaped(text []byte) bool {
	odd := false
	for i := len(text) - 1; i >= 0 && text[i] == '\\'; i-- {
		odd = !odd
	}
	return odd
}

// IsDigit reports whether c is a digit.
func IsDigit(c byte) bool { return '0' <= c && c <= '9' }

// At returns the byte at position i, and behind the end 0, which occurs nowhere in a valid text.
func At(text []byte, i int) byte {
	if i < len(text) {
		return text[i]
	}
	return 0
}
