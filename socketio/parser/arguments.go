package parser

import "bytes"

// Split appends the elements of an array to dst, raw and as parts of it. The
// array is the Data of a decoded packet, or other valid JSON that begins with its bracket.
func Split(dst [][]byte, array []byte) [][]byte {
	dst, _ = split(dst, array, -1)
	return dst
}

// split is Split for the first elements, or all if max is negative. more reports whether
// some are left.
func split(dst [][]byte, array []byte, max int) (elements [][]byte, more bool) {
	i := skipSpace(array, 1)
	for ; i < len(array) && array[i] != ']'; max-- {
		if max == 0 {
			return dst, true
		}
		end := skipValue(array, i)
		dst = append(dst, array[i:end:end])
		if i = skipSpace(array, end); at(array, i) != ',' {
			break
		}
		i = skipSpace(array, i+1)
	}
	return dst, false
}

// skipValue returns the end of the element that begins at i.
func skipValue(text []byte, i int) int {
	for depth := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = skipString(text, i) - 1
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

// skipString returns the end of the string that begins at i. Because it is valid
// it ends with the first quotation mark that is not escaped, for which
// [bytes.IndexByte] takes a tenth of the time that checking the string takes.
func skipString(text []byte, i int) int {
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
