package server

import (
	"net/http"
	"time"
)

// Cookie says how the cookie with the session id looks:
// "io=<sid>; Path=/; HttpOnly; SameSite=Lax" for the zero value. It is Secure as
// well when the request came over TLS, see [Options].TrustedProxies.
type Cookie struct {
	Name       string        // empty means "io"
	Path       string        // empty means "/"
	Domain     string        // empty means the host alone
	MaxAge     time.Duration // whole seconds; 0 means until the browser is closed
	Secure     bool          // also without TLS, which a proxy in front may have ended
	Scriptable bool          // without HttpOnly
	SameSite   http.SameSite // 0 means http.SameSiteLaxMode
}

func (c *Cookie) with(sid string, r *http.Request) *http.Cookie {
	sameSite := c.SameSite
	if sameSite == 0 {
		sameSite = http.SameSiteLaxMode
	}
	return &http.Cookie{
		Name:     or(c.Name, "io"),
		Value:    sid,
		Path:     or(c.Path, "/"),
		Domain:   c.Domain,
		MaxAge:   int(c.MaxAge / time.Second),
		Secure:   c.Secure || secure(r),
		HttpOnly: !c.Scriptable,
		SameSite: sameSite,
	}
}
