package parser

// Split appends the elements of an array to dst, raw and as parts of it. The
// array is the Data of a decoded packet, or other valid JSON that begins with its bracket.
func Split(dst [][]byte, array []byte) [][]byte {
	i := skipSpace(array, 1)
	for i < len(array) && array[i] != ']' {
		end := skipValue(array, i)
		dst = append(dst, array[i:end:end])
		if i = skipSpace(array, end); at(array, i) != ',' {
			break
		}
		i = skipSpace(array, i+1)
	}
	return dst
}

// skipValue returns the end of the element that begins at i.
func skipValue(text []byte, i int) int {
	for depth := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			end, _ := scanString(text, i)
			i = end - 1
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
