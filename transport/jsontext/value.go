package jsontext

// Valid reports whether text is one JSON value, nested no deeper than maxDepth, and
// white space around it.
// https://www.rfc-editor.org/rfc/rfc8259
func Valid(text []byte, maxDepth int) bool {
	end, ok := scanValue(text, SkipSpace(text, 0), maxDepth)
	return ok && SkipSpace(text, end) == len(text)
}

// scanValue scans a value with recursion: for what is nested deep there is a scanner in
// package parser.
func scanValue(text []byte, i, depth int) (end int, ok bool) {
	bracket := At(text, i)
	if bracket != '{' && bracket != '[' {
		return ScanScalar(text, i)
	}
	if depth == 0 {
		return i, false
	}
	closing := bracket + 2 // in ASCII
	if i = SkipSpace(text, i+1); At(text, i) == closing {
		return i + 1, true
	}
	for {
		if bracket == '{' {
			if At(text, i) != '"' {
				return i, false
			}
			if i, ok = ScanString(text, i); !ok {
				return i, false
			}
			if i = SkipSpace(text, i); At(text, i) != ':' {
				return i, false
			}
			i = SkipSpace(text, i+1)
		}
		if i, ok = scanValue(text, i, depth-1); !ok {
			return i, false
		}
		switch i = SkipSpace(text, i); At(text, i) {
		case ',':
			i = SkipSpace(text, i+1)
		case closing:
			return i + 1, true
		default:
			return i, false
		}
	}
}

// Members calls fn with the members of valid JSON, the values as they stand. It reports
// whether that is an object and fn has not ended it by returning false.
func Members(object []byte, fn func(name string, value []byte) bool) bool {
	i := SkipSpace(object, 0)
	if At(object, i) != '{' {
		return false
	}
	for i = SkipSpace(object, i+1); i < len(object) && object[i] != '}'; {
		end := SkipString(object, i)
		name := Unquote(object[i:end])
		i = SkipSpace(object, SkipSpace(object, end)+1) // the colon
		if i >= len(object) {
			return false // it is not valid
		}
		end = SkipValue(object, i)
		if !fn(name, object[i:end:end]) {
			return false
		}
		if i = SkipSpace(object, end); At(object, i) == ',' {
			i = SkipSpace(object, i+1)
		}
	}
	return true
}

// Split appends the elements of a valid array that begins with its bracket to dst, as parts of
// it: max of them at most, or all if max is negative. more reports whether some are left.
func Split(dst [][]byte, array []byte, max int) (elements [][]byte, more bool) {
	i := SkipSpace(array, 1)
	for ; i < len(array) && array[i] != ']'; max-- {
		if max == 0 {
			return dst, true
		}
		end := SkipValue(array, i)
		dst = append(dst, array[i:end:end])
		if i = SkipSpace(array, end); At(array, i) != ',' {
			break
		}
		i = SkipSpace(array, i+1)
	}
	return dst, false
}
