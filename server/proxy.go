package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// proxies are those that Options.TrustedProxies names.
type proxies struct {
	prefixes []netip.Prefix
	unix     bool // whoever connects by a Unix socket
}

// add adds a proxy of the option.
func (p *proxies) add(name string) error {
	if name == "unix" {
		p.unix = true
		return nil
	}
	if !strings.Contains(name, "/") {
		address, err := netip.ParseAddr(name)
		p.prefixes = append(p.prefixes, netip.PrefixFrom(address, address.BitLen()))
		return err
	}
	prefix, err := netip.ParsePrefix(name)
	p.prefixes = append(p.prefixes, prefix)
	return err
}

// include reports whether an address is that of one of the proxies.
func (p *proxies) include(address netip.Addr) bool {
	for _, prefix := range p.prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// trust reports whether a request comes from one of the proxies.
func (p *proxies) trust(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return p.unix
	}
	address, ok := parseAddress(r.RemoteAddr)
	return ok && p.include(address)
}

// parseAddress reads an address with a port or without.
func parseAddress(text string) (address netip.Addr, ok bool) {
	if both, err := netip.ParseAddrPort(text); err == nil {
		return both.Addr().Unmap().WithZone(""), true
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return address.Unmap().WithZone(""), err == nil
}

// original returns the request as the client has made it, if a proxy has passed it on
// that is trusted, and the request itself otherwise.
//
// Each proxy adds what it sees at the end of a header, so what counts is the first that
// one of ours has written: those before it may be the client's own words.
func (p *proxies) original(r *http.Request) *http.Request {
	if len(p.prefixes) == 0 && !p.unix || !p.trust(r) {
		return r
	}
	seen := list(r.Header, "X-Forwarded-For")
	remote, hops := r.RemoteAddr, 1
	for ; hops <= len(seen); hops++ {
		address, ok := parseAddress(seen[len(seen)-hops])
		if !ok {
			break
		}
		remote = address.String()
		if !p.include(address) {
			break
		}
	}
	ctx := r.Context()
	if scheme := written(r.Header, "X-Forwarded-Proto", hops); scheme != "" {
		ctx = context.WithValue(ctx, secureKey{}, strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "wss"))
	}
	r = r.WithContext(ctx)
	r.RemoteAddr = remote
	if host := written(r.Header, "X-Forwarded-Host", hops); host != "" {
		r.Host = host
	}
	return r
}

// written returns what the first of the last hops proxies has written, or the first of
// all if not each of them has written something.
func written(h http.Header, name string, hops int) string {
	values := list(h, name)
	if len(values) == 0 {
		return ""
	}
	return values[max(0, len(values)-hops)]
}

// list returns the values of a header that is a list.
func list(h http.Header, name string) []string {
	lines := h.Values(name)
	if len(lines) == 0 {
		return nil
	}
	values := strings.Split(strings.Join(lines, ","), ",")
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	return values
}

// secureKey is the key of whether a proxy says that the client's request came over TLS.
type secureKey struct{}

// secure reports whether the client's request came over TLS.
func secure(r *http.Request) bool {
	if secure, told := r.Context().Value(secureKey{}).(bool); told {
		return secure
	}
	return r.TLS != nil
}
