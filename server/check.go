package server

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
)

// maxDepth is the largest MaxDepth: each level takes some stack where it is decoded.
const maxDepth = 10_000

// check panics at an option that cannot work. Defaults have been filled in.
func (o *Options) check() {
	for _, d := range []struct {
		field string
		value time.Duration
	}{
		{"PingInterval", o.PingInterval},
		{"PingTimeout", o.PingTimeout},
		{"UpgradeTimeout", o.UpgradeTimeout},
		{"ConnectTimeout", o.ConnectTimeout},
		{"AttachmentTimeout", o.AttachmentTimeout},
		{"StallTimeout", o.StallTimeout},
	} {
		switch {
		case d.value < 0:
			wrong(d.field, d.value, "it must not be negative")
		case d.value < time.Millisecond:
			wrong(d.field, d.value, "a duration without a unit is in nanoseconds, write 25 * time.Second")
		}
	}
	for _, n := range []struct {
		field string
		value int
	}{
		{"MaxPayload", o.MaxPayload},
		{"MaxAttachmentBytes", o.MaxAttachmentBytes},
		{"MaxDepth", o.MaxDepth},
		{"MaxNamespaces", o.MaxNamespaces},
		{"MaxHeaderBytes", o.MaxHeaderBytes},
		{"MaxUnfinished", o.MaxUnfinished},
		{"MaxConnections", o.MaxConnections},
		{"TotalSendBufferBytes", o.TotalSendBufferBytes},
		{"SendBufferBytes", o.SendBufferBytes},
		{"InboxBytes", o.InboxBytes},
	} {
		if n.value < 0 {
			wrong(n.field, n.value, "it must not be negative")
		}
	}
	if o.MaxDepth > maxDepth {
		wrong("MaxDepth", o.MaxDepth, fmt.Sprintf("there is no more than %d", maxDepth))
	}
	if o.TotalSendBufferBytes < o.SendBufferBytes {
		wrong("TotalSendBufferBytes", o.TotalSendBufferBytes, fmt.Sprintf("one client alone may take %d, which is SendBufferBytes", o.SendBufferBytes))
	}
	if len(o.Transports) == 0 {
		wrong("Transports", o.Transports, "clients need one")
	}
	for _, name := range o.Transports {
		if name != "polling" && name != "websocket" {
			wrong("Transports", o.Transports, `there are "polling" and "websocket"`)
		}
	}
	for _, pattern := range o.Origins {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			wrong("Origins", o.Origins, fmt.Sprintf("%q is not the pattern of an origin", pattern))
		}
	}
	for _, name := range o.TrustedProxies {
		if err := new(proxies).add(name); err != nil {
			wrong("TrustedProxies", o.TrustedProxies, fmt.Sprintf("%q is no address, no prefix like 10.0.0.0/8, and not unix", name))
		}
	}
	if strings.ContainsAny(o.Path, "?#") || strings.Contains(o.Path, "://") {
		wrong("Path", o.Path, "it is the path alone, without host and query")
	}
	if o.Cookie != nil {
		o.Cookie.check()
	}
}

func (c *Cookie) check() {
	if c.MaxAge != 0 && c.MaxAge < time.Second {
		wrong("Cookie.MaxAge", c.MaxAge, "it must be a second at least")
	}
	if err := c.with("", new(http.Request)).Valid(); err != nil {
		wrong("Cookie", fmt.Sprintf("%+v", *c), err.Error())
	}
}

func wrong(field string, value any, why string) {
	panic(fmt.Sprintf("server: Options.%s is %v: %s", field, value, why))
}
