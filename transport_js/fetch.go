//go:build js

package transportjs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/isosocket/isosocket/transport"
)

type roundTripper struct {
	credentials string
}

// errRedirect says that an answer sends the request elsewhere. fetch would follow to any
// origin, with the body of a POST, and does not tell a page where that is.
var errRedirect = errors.New("the server redirects, which a page does not follow: use the address where it answers")

// RoundTrip does an exchange with fetch, which sets the headers that a browser sets.
func (t *roundTripper) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	response, err := t.fetch(ctx, r)
	switch {
	case ctx.Err() != nil && err != nil:
		err = context.Cause(ctx) // what fetch says of an abort tells less
		fallthrough
	case err != nil:
		return nil, fmt.Errorf("transportjs: fetch %s: %w", withoutQuery(r.URL), err)
	}
	return response, nil
}

func (t *roundTripper) fetch(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var s script
	global := safejs.Global()
	controller := s.construct(s.get(global, "AbortController"))
	abort := func() { _, _ = controller.Call("abort") }
	options := map[string]any{"method": r.Method, "cache": "no-store", "redirect": "manual", "signal": s.get(controller, "signal")}
	if t.credentials != "" {
		options["credentials"] = t.credentials
	}
	if r.ContentType != "" {
		options["headers"] = map[string]any{"Content-Type": r.ContentType}
	}
	if len(r.Body) > 0 {
		options["body"] = s.array(s.get(global, "Uint8Array"), r.Body)
	}
	response := await(ctx, &s, s.call(global, "fetch", r.URL, options), abort)
	answer := &transport.Response{
		Status: s.int(s.get(response, "status")),
	}
	header := func(name string) (text string) {
		if value := s.call(s.get(response, "headers"), "get", name); value.Type() == safejs.TypeString {
			text = s.string(value)
		}
		return text
	}
	answer.ContentType = header("Content-Type")
	answer.RetryAfter = retryAfter(&s, header("Retry-After")) // of another origin only if it lets pages see it
	if s.err == nil && (answer.Status == 0 || answer.Status/100 == 3) {
		abort()
		return nil, errRedirect
	}
	stream := s.get(response, "body")
	if s.err != nil || stream.IsNull() {
		return answer, s.err
	}
	reader := s.call(stream, "getReader")
	for s.err == nil {
		chunk := await(ctx, &s, s.call(reader, "read"), abort)
		if s.bool(s.get(chunk, "done")) {
			break
		}
		answer.Body = append(answer.Body, s.bytes(s.get(chunk, "value"))...)
		if r.MaxResponse > 0 && len(answer.Body) > r.MaxResponse {
			abort()
			return nil, fmt.Errorf("%w: response body over %d bytes", transport.ErrTooLarge, r.MaxResponse)
		}
	}
	return answer, s.err
}

// retryAfter reads the header of that name, in seconds or a date.
func retryAfter(s *script, text string) time.Duration {
	seconds, err := strconv.Atoi(text)
	if err != nil && text != "" {
		date := s.get(safejs.Global(), "Date")
		if at, now := s.int(s.call(date, "parse", text)), s.int(s.call(date, "now")); at > now { // not NaN either
			seconds = (at - now) / 1000
		}
	}
	return time.Duration(max(min(seconds, 1<<31), 0)) * time.Second
}

// await waits for a promise to settle. When ctx is over it calls abort, which has
// to reject the promise, and waits for that: nothing of Go is left with JavaScript.
func await(ctx context.Context, s *script, promise safejs.Value, abort func()) safejs.Value {
	type outcome struct {
		value    safejs.Value
		rejected bool
	}
	var callbacks callbacks
	defer callbacks.release()
	settled := make(chan outcome, 1)
	settle := func(rejected bool) safejs.Value {
		return callbacks.lend(s, func(args []safejs.Value) { settled <- outcome{args[0], rejected} })
	}
	s.call(promise, "then", settle(false), settle(true))
	if s.err != nil {
		return safejs.Undefined()
	}
	var o outcome
	select {
	case o = <-settled:
	case <-ctx.Done():
		abort()
		o = <-settled
	}
	if o.rejected {
		s.err = thrown(o.value)
	}
	return o.value
}

// thrown makes an error of what a promise was rejected with.
func thrown(reason safejs.Value) error {
	var s script
	text := s.string(s.call(safejs.Global(), "String", reason))
	if s.err != nil {
		return s.err
	}
	return errors.New(text)
}
