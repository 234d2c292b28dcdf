package parser

import "github.com/isosocket/isosocket/transport/jsontext"

// Split appends the elements of an array to dst, raw and as parts of it. The
// array is the Data of a decoded packet, or other valid JSON that begins with its bracket.
func Split(dst [][]byte, array []byte) [][]byte {
	dst, _ = split(dst, array, -1)
	return dst
}

// split is Split for the first elements, or all if max is negative. more reports whether
// some are left.
func split(dst [][]byte, array []byte, max int) (elements [][]byte, more bool) {
	i := jsontext.SkipSpace(array, 1)
	for ; i < len(array) && array[i] != ']'; max-- {
		if max == 0 {
			return dst, true
		}
		end := jsontext.SkipValue(array, i)
		dst = append(dst, array[i:end:end])
		if i = jsontext.SkipSpace(array, end); jsontext.At(array, i) != ',' {
			break
		}
		i = jsontext.SkipSpace(array, i+1)
	}
	return dst, false
}
