package parser

import "github.com/isosocket/isosocket/transport/jsontext"

// Split appends the elements of an array to dst, raw and as parts of it. The
// array is the Data of a decoded packet, or other valid JSON that begins with its bracket.
func Split(dst [][]byte, array []byte) [][]byte {
	dst, _ = jsontext.Split(dst, array, -1)
	return dst
}
