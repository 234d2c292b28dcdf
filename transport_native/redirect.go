//go:build !js

package transportnative

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects is how many redirects an http.Client without a policy follows.
const maxRedirects = 10

// stayAtOrigin returns a policy for redirects that is at least as strict as the user's,
// which may be nil. An http.Client takes headers, the body of a POST and in Referer the
// query to whatever address it is sent to; all three may hold credentials. A POST that it
// would turn into a GET would fetch events in place of sending some.
func stayAtOrigin(policy func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		if policy != nil {
			if err := policy(r, via); err != nil {
				return err
			}
		} else if len(via) >= maxRedirects {
			return fmt.Errorf("stopped after %d redirects", maxRedirects)
		}
		switch first := via[0]; {
		case origin(r.URL) != origin(first.URL):
			return redirected(r, "is another origin, to which no credentials go")
		case r.Method != first.Method:
			return redirected(r, "would make a "+r.Method+" of a "+first.Method)
		}
		return nil
	}
}

// redirected returns the error for a redirect that is not followed. It names the address
// without its query, in which the server may have put that of the request.
func redirected(r *http.Request, why string) error {
	text := fmt.Sprintf("redirect to %.200s://%.200s%.200s", r.URL.Scheme, r.URL.Host, r.URL.EscapedPath())
	if r.Response != nil {
		text += fmt.Sprintf(" with status %d", r.Response.StatusCode)
	}
	return errors.New(text + " " + why)
}

// origin returns scheme, host and port. https://www.rfc-editor.org/rfc/rfc6454#section-4
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}
