package parser

import (
	"encoding/base64"
	"math/rand/v2"
)

// A token stands for a binary value while encoding/json is at work, which knows
// the rules of struct tags but nothing of attachments. It is a []byte to Go, and
// in JSON the base64 text of it.
//
// The text is made of 28 random characters, the same for the tokens of one
// argument, and 8 that tell the number. The characters are of 5 bits each, and
// none of them has more than one spelling in JSON.
const (
	tokenSecret = 28
	tokenText   = tokenSecret + 8
	tokenBytes  = tokenText / 4 * 3
	tokenAbc    = "abcdefghijklmnopqrstuvwxyz012345"
)

// tokens makes the tokens of one argument.
//
// A string of a user cannot pass for a token unless it repeats 140 random bits
// that are drawn for this argument and are forgotten before anybody could see
// them. math/rand/v2's global source suffices for that: it is ChaCha8, seeded by
// the operating system, and nothing it gives out here leaves the process.
type tokens struct {
	secret [tokenSecret]byte
	drawn  bool
}

// append appends the text of token number i to dst.
func (t *tokens) append(dst []byte, i int) []byte {
	if !t.drawn {
		t.drawn = true
		for i := 0; i < tokenSecret; {
			for r, n := rand.Uint64(), 12; n > 0 && i < tokenSecret; n-- {
				t.secret[i] = tokenAbc[r&31]
				r >>= 5
				i++
			}
		}
	}
	dst = append(dst, t.secret[:]...)
	for shift := 35; shift >= 0; shift -= 5 {
		dst = append(dst, tokenAbc[i>>shift&31])
	}
	return dst
}

// fill writes token number i to dst, which has tokenBytes bytes.
func (t *tokens) fill(dst []byte, i int) {
	var text [tokenText]byte
	base64.StdEncoding.Decode(dst, t.append(text[:0], i))
}

// number returns the number of the token that the text is.
func (t *tokens) number(text []byte) (i int, ok bool) {
	if !t.drawn || len(text) != tokenText || string(text[:tokenSecret]) != string(t.secret[:]) {
		return 0, false
	}
	for _, c := range text[tokenSecret:] {
		if c >= 'a' {
			c -= 'a'
		} else {
			c -= '0' - 26
		}
		i = i<<5 | int(c&31)
	}
	return i, true
}

// numberOf is number for the bytes of a token.
func (t *tokens) numberOf(token []byte) (i int, ok bool) {
	if len(token) != tokenBytes {
		return 0, false
	}
	var text [tokenText]byte
	base64.StdEncoding.Encode(text[:], token)
	return t.number(text[:])
}
