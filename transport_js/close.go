//go:build js

package transportjs

import (
	"unicode/utf8"

	"github.com/hack-pad/safejs"
)

// maxReason is what a close frame holds besides the code, in bytes.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5
const maxReason = 123

// closeSocket starts the closing handshake and does not wait for it.
func closeSocket(socket safejs.Value, code int, reason string) {
	if code = closeCode(code); code != 0 {
		_, _ = socket.Call("close", code, closeReason(reason))
	} else {
		_, _ = socket.Call("close")
	}
}

// closeCode maps a code of the protocol to one that a page may send: 1000 or an
// application's own. The protocol's others, such as 1009, become 4009; those that
// are nobody's are sent as none.
// https://websockets.spec.whatwg.org/#dom-websocket-close
func closeCode(code int) int {
	switch {
	case code == 1000, 3000 <= code && code <= 4999:
		return code
	case 1000 < code && code < 2000:
		return 3000 + code
	}
	return 0
}

// closeReason cuts a reason that a browser would throw at.
func closeReason(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	end := maxReason
	for !utf8.RuneStart(reason[end]) {
		end--
	}
	return reason[:end]
}
