//go:build js

package main

import (
	"strconv"
	"strings"
	"syscall/js"

	"github.com/isosocket/isosocket/web/chat"
)

const tones = 8 // colours of avatars in style.css

// paint gives a person one of eight colours, the same for everybody who sees them.
func paint(e js.Value, m chat.Member) {
	text(e, initial(m.Name))
	tone, err := strconv.ParseUint(m.ID[:min(2, len(m.ID))], 16, 8)
	if err != nil {
		tone = 0 // no id yet
	}
	attribute(e, "data-tone", strconv.FormatUint(tone%tones, 10))
}

// initial is the first character of a name as people count characters, which the browser knows how to.
func initial(name string) string {
	segmenter := global.Get("Intl").Get("Segmenter").New()
	first := segmenter.Call("segment", name).Call("containing", 0)
	if first.IsUndefined() {
		return "?"
	}
	return strings.ToUpper(first.Get("segment").String())
}
