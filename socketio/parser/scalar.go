package parser

// The functions of this file scan what begins at position i of a JSON text. They
// return the position behind it, or where it stops being valid and false.

// scanScalar scans a value that is neither array nor object.
func scanScalar(text []byte, i int) (end int, ok bool) {
	switch at(text, i) {
	case '"':
		return scanString(text, i)
	case 't':
		return scanLiteral(text, i, "true")
	case 'f':
		return scanLiteral(text, i, "false")
	case 'n':
		return scanLiteral(text, i, "null")
	}
	return scanNumber(text, i)
}

func scanLiteral(text []byte, i int, literal string) (end int, ok bool) {
	end = i + len(literal)
	if end > len(text) || string(text[i:end]) != literal {
		return i, false
	}
	return end, true
}

// scanString scans from one quotation mark to the other. Like encoding/json it
// leaves UTF-8 and pairs of surrogates to whoever decodes the string.
func scanString(text []byte, i int) (end int, ok bool) {
	for i++; ; i++ {
		i += plain(text[i:])
		switch at(text, i) {
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
	switch at(text, i) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i, true
	case 'u':
		for range 4 {
			i++
			if !isHex(at(text, i)) {
				return i, false
			}
		}
		return i, true
	}
	return i, false
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func scanNumber(text []byte, i int) (end int, ok bool) {
	if at(text, i) == '-' {
		i++
	}
	if at(text, i) == '0' {
		i++ // no digit follows a leading zero
	} else if i, ok = scanDigits(text, i); !ok {
		return i, false
	}
	if at(text, i) == '.' {
		if i, ok = scanDigits(text, i+1); !ok {
			return i, false
		}
	}
	if c := at(text, i); c == 'e' || c == 'E' {
		i++
		if c := at(text, i); c == '+' || c == '-' {
			i++
		}
		if i, ok = scanDigits(text, i); !ok {
			return i, false
		}
	}
	return i, true
}

// scanDigits scans one digit or more.
func scanDigits(text []byte, i int) (end int, ok bool) {
	for end = i; isDigit(at(text, end)); end++ {
	}
	return end, end > i
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
		i++
	}
	return i
}
