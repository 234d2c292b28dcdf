package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// The messages of the log.
const (
	msgRejected     = "request rejected"     // an HTTP request got an error
	msgUnreadable   = "answer is unreadable" // a browser keeps a polling answer from its page
	msgRefused      = "connection refused"   // a CONNECT got a CONNECT_ERROR
	msgConnected    = "client connected"
	msgUpgraded     = "client upgraded"
	msgDisconnected = "client disconnected"
	msgJoined       = "socket connected"
	msgLeft         = "socket disconnected"
	msgFailed       = "handler failed"
	msgBehind       = "client is not read" // until the handlers have caught up
)

// maxLines is how many lines of one kind there are in a second.
const maxLines = 10

// logger is where the server says what went wrong. Lines of one kind, which are those of
// one message and reason, are counted after maxLines of them: clients cause them, in any number.
type logger struct {
	to *slog.Logger // nil means slog.Default, whatever that is when something is said

	mu    sync.Mutex
	kinds map[kind]*window // those said so far, all from lists of ours; guarded by mu
}

type kind struct {
	level           slog.Level
	message, reason string
}

// window is the second in which lines of a kind are counted.
type window struct {
	begin time.Time
	lines int
	more  int // lines that were not written
}

func (l *logger) logger() *slog.Logger {
	if l.to == nil {
		return slog.Default()
	}
	return l.to
}

// say writes a line, unless there were too many of its kind. The reason is one of ours,
// or empty. more is called only for a line that is written.
func (l *logger) say(level slog.Level, message, reason string, more func(line attributes) attributes) {
	k := kind{level, message, reason}
	protected(func() {
		if l.logger().Enabled(context.Background(), level) && (level <= slog.LevelDebug || l.admit(k)) {
			l.write(k, more)
		}
	})
}

func (l *logger) write(k kind, more func(line attributes) attributes) {
	line := more(attributes(nil).text("reason", k.reason))
	l.logger().LogAttrs(context.Background(), k.level, k.message, line...)
}

// protected calls what calls a slog.Handler, which is user code. A panic of it has no
// place to be told.
func protected(write func()) {
	_ = endpoint.Contain("log", func() error { write(); return nil })
}

// admit reports whether a line may be written.
func (l *logger) admit(k kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	w := l.kinds[k]
	switch {
	case w == nil:
		if l.kinds == nil {
			l.kinds = make(map[kind]*window)
		}
		w = &window{begin: now}
		l.kinds[k] = w
	case w.more == 0 && now.Sub(w.begin) >= time.Second:
		*w = window{begin: now}
	}
	if w.lines < maxLines {
		w.lines++
		return true
	}
	if w.more++; w.more == 1 {
		time.AfterFunc(w.begin.Add(time.Second).Sub(now), func() { l.count(k, w) })
	}
	return false
}

// count says how many lines were not written, and begins a new second.
func (l *logger) count(k kind, w *window) {
	l.mu.Lock()
	more := w.more
	*w = window{begin: time.Now()}
	l.mu.Unlock()
	protected(func() {
		l.write(k, func(line attributes) attributes { return append(line, slog.Int("more", more)) })
	})
}

// maxForeign bounds text in a line that may come from a client, in bytes.
const maxForeign = 512

// foreign returns text for a line: its beginning and its end if it is long, and
// escaped if it could be mistaken for more than text.
func foreign(text string) string {
	text = shorten(text)
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) {
		text = strconv.Quote(text)
		text = shorten(text[1 : len(text)-1])
	}
	return text
}

func shorten(text string) string {
	if len(text) <= maxForeign {
		return text
	}
	head, tail := maxForeign*2/3, len(text)-maxForeign/4
	for head > 0 && !utf8.RuneStart(text[head]) && head > maxForeign*2/3-utf8.UTFMax {
		head--
	}
	for tail < len(text) && !utf8.RuneStart(text[tail]) && tail < len(text)-maxForeign/4+utf8.UTFMax {
		tail++
	}
	return text[:head] + " … " + strconv.Itoa(tail-head) + " bytes … " + text[tail:]
}

// foreignError is an error whose text fits into a line.
type foreignError struct{ error }

func (e foreignError) Error() string { return foreign(e.error.Error()) }
func (e foreignError) Unwrap() error { return e.error }

// attributes are those of a line.
type attributes []slog.Attr

// text appends text that may be foreign, unless it is empty.
func (l attributes) text(key, text string) attributes {
	if text == "" {
		return l
	}
	return append(l, slog.String(key, foreign(text)))
}

// error appends an error, unless it is nil, and the stack of a panic.
func (l attributes) error(err error) attributes {
	if err == nil {
		return l
	}
	l = append(l, slog.Any("error", foreignError{err}))
	if failed, ok := errors.AsType[*event.HandlerError](err); ok && failed.Stack != nil {
		l = append(l, slog.String("stack", string(failed.Stack)))
	}
	return l
}

// request appends where a client comes from.
func (l attributes) request(remote, host string, h http.Header) attributes {
	return l.text("remote", remote).text("origin", h.Get("Origin")).text("host", host)
}

// client appends which client it is.
func (l attributes) client(c *conn) attributes {
	l = append(l, slog.Uint64("session", c.id), slog.String("transport", c.transport()))
	return l.request(c.handshake.RemoteAddr, c.handshake.Host, c.handshake.Header)
}

// logConn says something about a client that only a developer wants to know.
func (s *Server) logConn(message string, c *conn) {
	s.log.say(slog.LevelDebug, message, "", func(l attributes) attributes { return l.client(c) })
}

// logSocket is logConn for a socket.
func (s *Server) logSocket(message string, socket *Socket, reason event.Reason) {
	s.log.say(slog.LevelDebug, message, string(reason), func(l attributes) attributes {
		return append(l, slog.Uint64("session", socket.conn.id), slog.String("namespace", socket.namespace.name), slog.String("socket", socket.id))
	})
}

// logClosed says how the connection of a client has ended: for all to see if the
// server has ended it, and not its own program.
func (s *Server) logClosed(c *conn, reason event.Reason, err error) {
	level := slog.LevelWarn
	switch failed, ours := errors.AsType[*event.HandlerError](err); {
	case ours && failed.Stack != nil:
		level = slog.LevelError
	case reason == event.PingTimeout:
		level = slog.LevelInfo // the network's fault, most of the time
	case reason == event.TransportClose, reason == event.ForcedClose && (err == nil || errors.Is(err, engineserver.ErrShutdown)), lost(err):
		level = slog.LevelDebug
	}
	s.log.say(level, msgDisconnected, string(reason), func(l attributes) attributes {
		l = l.client(c).error(err)
		if slow(err) {
			l = l.backlog(c.session.Backlog())
		}
		return l.text("hint", settingOf(err))
	})
}

// slow reports whether err says that a client took too little of what was sent.
func slow(err error) bool {
	return err == errSlow || err == engineserver.ErrScarce || errors.Is(err, transport.ErrStalled)
}

// backlog appends what a client did not take, and how long it has been behind.
func (l attributes) backlog(b engineserver.Backlog) attributes {
	l = append(l, slog.Int("waiting_bytes", b.Bytes))
	if !b.Since.IsZero() {
		l = append(l, slog.Duration("behind_for", time.Since(b.Since).Round(time.Millisecond)))
	}
	return l
}

// logBehind says that nothing is read from a client because of a socket's handlers.
func (s *Server) logBehind(socket *Socket) {
	s.log.say(slog.LevelWarn, msgBehind, "handlers are behind", func(l attributes) attributes {
		l = append(l, slog.String("namespace", socket.namespace.name), slog.String("socket", socket.id))
		return l.client(socket.conn).text("hint", "Options.InboxBytes")
	})
}

// lost reports whether err says that the client has gone, or the network.
func lost(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false // it is too slow
	}
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, engineserver.ErrAborted) || errors.Is(err, io.ErrUnexpectedEOF)
}

// settingOf returns the option that decides about an error of a client.
func settingOf(err error) string {
	for _, s := range []struct {
		err    error
		option string
	}{
		{errSlow, "Options.SendBufferBytes"},
		{engineserver.ErrScarce, "Options.TotalSendBufferBytes"},
		{transport.ErrStalled, "Options.StallTimeout"},
		{os.ErrDeadlineExceeded, "Options.StallTimeout"},
		{transport.ErrTooLarge, "Options.MaxPayload"},
		{parser.ErrTooLarge, "Options.MaxPayload"},
		{parser.ErrTooManyAttachments, "Options.MaxAttachments"},
		{parser.ErrDepth, "Options.MaxDepth"},
		{errManyNamespaces, "Options.MaxNamespaces"},
		{errCrowded, "Options.MaxUnfinished"},
		{errNoNamespace, "Options.ConnectTimeout"},
		{errAttachments, "Options.AttachmentTimeout"},
	} {
		if errors.Is(err, s.err) {
			return s.option
		}
	}
	return ""
}

// logRejection says that a request was answered with an error.
func (s *Server) logRejection(r *Rejection) {
	level, reason := slog.LevelWarn, r.Reason
	switch {
	case r.Code == int(engineio.CodeForbidden): // by the application, in any words
		level, reason = slog.LevelInfo, engineio.CodeForbidden.String()
	case errors.Is(r.Err, engineserver.ErrShutdown):
		level = slog.LevelInfo
	}
	s.log.say(level, msgRejected, reason, func(l attributes) attributes {
		if r.Status != 0 {
			l = append(l, slog.Int("status", r.Status))
		}
		if r.Code >= 0 {
			l = append(l, slog.Int("code", r.Code))
		}
		l = l.text("method", r.Request.Method).text("transport", r.Request.URL.Query().Get("transport"))
		l = l.request(r.Request.RemoteAddr, r.Request.Host, r.Request.Header)
		return l.error(r.Err).text("hint", s.hint(r))
	})
}

// hint returns what to set so that such a request is served.
func (s *Server) hint(r *Rejection) string {
	switch code := engineio.Code(r.Code); {
	case code == engineio.CodeTransportUnknown:
		return "Options.Transports"
	case code == engineio.CodeSessionUnknown:
		return "several servers need a load balancer that keeps a client on one of them"
	case code == engineio.CodeBadRequest && r.Err != nil:
		return "a proxy in front has to pass on the headers Upgrade and Connection"
	case code == engineio.CodeVersion:
		return "the client has to be one of Socket.IO 3 or later"
	case code != engineio.CodeNone:
		return ""
	}
	switch r.Status {
	case http.StatusForbidden:
		switch {
		case r.Request.Header.Get("X-Forwarded-Host") != "" && !s.proxies.trust(r.Request):
			return "Options.TrustedProxies, if X-Forwarded-Host is to count; or Options.Origins"
		case s.options.CORS != nil:
			return "Options.Origins; or Options.AnyOrigin if cookies mean nothing, which browsers send with a WebSocket whatever CORS says"
		}
		return "Options.Origins; or a proxy in front has to pass on the header Host"
	case http.StatusNotFound:
		return "Options.Path"
	case http.StatusRequestEntityTooLarge:
		return "Options.MaxPayload"
	case http.StatusRequestHeaderFieldsTooLarge:
		return "Options.MaxHeaderBytes"
	case http.StatusNotImplemented:
		return "the ResponseWriter of a middleware in front has to have a method Hijack or Unwrap, which that of http.TimeoutHandler has not"
	case http.StatusServiceUnavailable:
		if !errors.Is(r.Err, engineserver.ErrShutdown) {
			return "Options.MaxConnections"
		}
	}
	return ""
}

// logUnreadable says that a browser will keep an answer from the page that asked.
func (s *Server) logUnreadable(r *http.Request) {
	s.log.say(slog.LevelWarn, msgUnreadable, "origin not allowed", func(l attributes) attributes {
		return l.request(r.RemoteAddr, r.Host, r.Header).text("hint", "Options.Origins or Options.CORS; or a proxy in front has to pass on the header Host")
	})
}

// logRefused says that a client may not join a namespace.
func (s *Server) logRefused(c *conn, level slog.Level, namespace, reason string, err error) {
	s.log.say(level, msgRefused, reason, func(l attributes) attributes {
		return l.client(c).text("namespace", namespace).error(err).text("hint", settingOf(err))
	})
}

// logError says that something failed that is no client's fault.
func (s *Server) logError(level slog.Level, message string, err error, more ...slog.Attr) {
	s.log.say(level, message, "", func(l attributes) attributes { return append(l, more...).error(err) })
}
