//go:build !js

package transportnative

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// OriginAllowed reports whether the page that has sent the request is one of the host
// that it asks for, or its origin is listed. A request without an Origin header does not
// come from a page of another origin, and is allowed.
//
// A pattern is a host or a scheme://host as [path.Match] takes it
// ("https://*.example.com"), or a whole origin ("null"). Case does not count, and the
// default port of a scheme is the same as none. A malformed pattern matches nothing.
func OriginAllowed(r *http.Request, patterns []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	port := defaultPorts[strings.ToLower(u.Scheme)]
	host := strings.TrimSuffix(strings.ToLower(u.Host), port)
	if host != "" && host == strings.TrimSuffix(strings.ToLower(r.Host), port) {
		return true
	}
	for _, pattern := range patterns {
		if pattern = strings.TrimSuffix(strings.ToLower(pattern), port); pattern == "" {
			continue
		}
		target := host
		if strings.Contains(pattern, "://") {
			target = strings.ToLower(u.Scheme) + "://" + host
		}
		if matched, _ := path.Match(pattern, target); matched || pattern == target || strings.EqualFold(pattern, origin) {
			return true
		}
	}
	return false
}

// defaultPorts are the ports that the origin of a page leaves out.
var defaultPorts = map[string]string{"http": ":80", "https": ":443"}
