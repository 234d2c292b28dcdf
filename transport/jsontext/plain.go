package jsontext

import (
	"encoding/binary"
	"math/bits"
)

// Plain returns how many bytes at the beginning of text stand for themselves in a
// JSON string: all before the first quotation mark, backslash or control
// character. Whether they are valid UTF-8 is not looked at.
// https://www.rfc-editor.org/rfc/rfc8259#section-7
func Plain(text []byte) int {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		if found := special(text[i:]); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
		if i == 24 {
			i += plainBlocks(text[32:])
		}
	}
	for i < len(text) && text[i] >= ' ' && text[i] != '"' && text[i] != '\\' {
		i++
	}
	return i
}

// plainBlocks is Plain for whole blocks of 32 bytes, of which it takes half the
// time. Most strings are too short for it.
func plainBlocks(text []byte) int {
	i := 0
	for ; i+32 <= len(text); i += 32 {
		block := text[i : i+32]
		if special(block)|special(block[8:])|special(block[16:])|special(block[24:]) != 0 {
			break
		}
	}
	return i
}

// special looks at the first eight bytes of text and sets the high bit of those
// that do not stand for themselves. The lowest bit that is set is right; the
// subtractions borrow, which may set more above it.
func special(text []byte) uint64 {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	w := binary.LittleEndian.Uint64(text)
	// Without the bit that tells it from a space, a quotation mark is what the control characters are: less than '!'.
	quoteOrControl := w ^ ones*('"'^' ') - ones*'!'
	backslash := w ^ ones*'\\' - ones
	return (quoteOrControl | backslash) &^ w & highs
}
