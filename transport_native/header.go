//go:build !js

package transportnative

import (
	"fmt"
	"net/http"
	"strings"
)

// extra is what the user adds to each request.
type extra struct {
	header http.Header
	host   string // "" for that of the URL
}

// split takes the host, which net/http has apart from the other fields, out of a header.
func split(header http.Header) (e extra, err error) {
	e.header = make(http.Header, len(header))
	for name, values := range header {
		switch canonical := http.CanonicalHeaderKey(name); {
		case canonical == "Host" && len(values) == 1 && values[0] != "" && isHeaderValue(values[0]):
			e.host = values[0]
		case !isToken(name):
			err = fmt.Errorf("transportnative: Config.Header has the name %.100q, which no header can have", name)
		case isReserved(canonical):
			err = fmt.Errorf("transportnative: Config.Header has %s, which is not the user's to choose", canonical)
		case canonical == "Host":
			err = fmt.Errorf("transportnative: Config.Header has Host %.100q, which must be one host", values)
		default:
			e.header[name] = values
			for _, value := range values {
				if !isHeaderValue(value) { // which is not told: it may be a secret
					err = fmt.Errorf("transportnative: Config.Header has a value of %s with a control character", name)
				}
			}
		}
	}
	return e, err
}

// isReserved reports whether net/http or the handshake of a WebSocket set the field
// themselves.
func isReserved(canonical string) bool {
	switch canonical {
	case "Connection", "Upgrade", "Content-Length", "Transfer-Encoding", "Trailer", "Te":
		return true
	}
	return strings.HasPrefix(canonical, "Sec-Websocket-")
}

// isToken reports whether s can be the name of a header.
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
func isToken(s string) bool {
	return s != "" && strings.Trim(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// isHeaderValue reports whether s can be the value of a header.
// https://www.rfc-editor.org/rfc/rfc9110#section-5.5
func isHeaderValue(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
}
