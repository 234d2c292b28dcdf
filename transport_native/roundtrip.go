//go:build !js

package transportnative

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// newRoundTripper returns a roundTripper that uses the client, and does each exchange once.
// The timeout of the client would end a poll that waits for an event.
func newRoundTripper(client *http.Client, extra extra) *roundTripper {
	exact := *client
	exact.Transport, exact.Timeout = once{client.Transport}, 0
	return &roundTripper{&exact, extra}
}

// roundTripper is a transport.RoundTripper on net/http.
type roundTripper struct {
	client *http.Client
	extra  extra
}

// RoundTrip implements transport.RoundTripper.
func (t *roundTripper) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	response, err := t.roundTrip(ctx, r)
	if err == nil {
		return response, nil
	}
	var request *url.Error
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.As(err, &request):
		err = request.Err // without the URL, whose query holds the session id
	}
	return nil, fmt.Errorf("transportnative: %s: %w", r.Method, err)
}

func (t *roundTripper) roundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	var body io.Reader
	if len(r.Body) > 0 {
		body = bytes.NewReader(bytes.Clone(r.Body)) // net/http may read it after it has returned
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return nil, err
	}
	if r.Progress != nil && body != nil {
		request.Body = io.NopCloser(&counted{request.Body, r.Progress}) // of which net/http knows the length by now
	}
	for name, values := range t.extra.header {
		request.Header[name] = values
	}
	request.Host = t.extra.host // "" means that of the URL
	if r.ContentType != "" {
		request.Header.Set("Content-Type", r.ContentType)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() // of the response as it came
	if r.Progress != nil {
		response.Body = io.NopCloser(&counted{response.Body, r.Progress}) // closed by the line above
	}
	data, err := readBody(response, int64(r.MaxResponse))
	if err != nil {
		return nil, err
	}
	return &transport.Response{
		Status:      response.StatusCode,
		ContentType: response.Header.Get("Content-Type"),
		Body:        data,
		RetryAfter:  retryAfter(response.Header),
	}, nil
}

// counted is a reader that tells how much was read of it.
type counted struct {
	io.Reader
	progress func(bytes int)
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if n > 0 {
		c.progress(n)
	}
	return n, err
}

// retryAfter reads the header of that name.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// readBody reads the body of at most limit bytes (0 means no limit).
func readBody(response *http.Response, limit int64) ([]byte, error) {
	if limit == 0 {
		return io.ReadAll(response.Body)
	}
	if response.ContentLength > limit {
		return nil, fmt.Errorf("response body of %d bytes, limit %d: %w", response.ContentLength, limit, transport.ErrTooLarge)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("response body of more than %d bytes: %w", limit, transport.ErrTooLarge)
	}
	return data, err
}
