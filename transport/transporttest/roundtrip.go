package transporttest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// TestRoundTripper tests the RoundTripper of the target.
func TestRoundTripper(t *testing.T, target Target) {
	e := exchange{target.RoundTripper, target.URL, target.Repeats}
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"get", e.testGet},
		{"post", e.testPost},
		{"status", e.testStatus},
		{"retry after", e.testRetryAfter},
		{"redirect", e.testRedirect},
		{"limit", e.testLimit},
		{"truncated", e.testTruncated},
		{"once", e.testOnce},
		{"unreachable", e.testUnreachable},
		{"context", e.testContext},
		{"concurrent", e.testConcurrent},
	} {
		t.Run(test.name, test.run)
	}
}

type exchange struct {
	transport.RoundTripper
	url     string
	repeats bool
}

// do demands a response with status 200 and returns its body.
func (e exchange) do(t *testing.T, r *transport.Request) string {
	t.Helper()
	response, err := e.RoundTrip(within(t), r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	if response.Status != 200 {
		t.Errorf("%s %s: status %d", r.Method, r.URL, response.Status)
	}
	return string(response.Body)
}

func (e exchange) testGet(t *testing.T) {
	if got := e.do(t, &transport.Request{Method: "GET", URL: e.url + "/echo"}); got != "GET " {
		t.Errorf("body %q", got)
	}
	for _, n := range []int{0, 1, 1 << 20} {
		for _, mode := range []string{"", "&chunked=1"} {
			if got := e.do(t, &transport.Request{Method: "GET", URL: fmt.Sprintf("%s/body?n=%d%s", e.url, n, mode)}); got != strings.Repeat("\x00", n) {
				t.Errorf("n=%d%s: %d bytes", n, mode, len(got))
			}
		}
	}
}

func (e exchange) testPost(t *testing.T) {
	for _, body := range []string{"", "x", "hällo\x1e\x00\xff", strings.Repeat("0123456789", 1<<17)} {
		r := &transport.Request{Method: "POST", URL: e.url + "/echo", Body: []byte(body)}
		if body != "" {
			r.ContentType = "text/plain;charset=UTF-8"
		}
		response, err := e.RoundTrip(within(t), r)
		if err != nil {
			t.Fatalf("POST of %d bytes: %v", len(body), err)
		}
		if string(r.Body) != body {
			t.Error("RoundTrip changed the request's body")
		}
		clear(r.Body)
		if string(response.Body) != "POST "+body {
			t.Errorf("POST of %d bytes: answer of %d bytes %.40q", len(body), len(response.Body), response.Body)
		}
		if response.ContentType != r.ContentType {
			t.Errorf("content type %q, want %q", response.ContentType, r.ContentType)
		}
	}
}

func (e exchange) testStatus(t *testing.T) {
	for _, code := range []int{201, 400, 404, 413, 500, 503} {
		response, err := e.RoundTrip(within(t), &transport.Request{Method: "GET", URL: fmt.Sprintf("%s/status?code=%d", e.url, code)})
		if err != nil {
			t.Errorf("status %d: %v", code, err)
			continue
		}
		if response.Status != code || string(response.Body) != fmt.Sprintf("status %d", code) {
			t.Errorf("status %d: got %d with body %q", code, response.Status, response.Body)
		}
	}
}

func (e exchange) testRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{"7": 7 * time.Second, "soon": 0, "-1": 0, "Sun, 06 Nov 1994 08:49:37 GMT": 0} {
		response, err := e.RoundTrip(within(t), &transport.Request{Method: "GET", URL: e.url + "/status?code=503&after=" + url.QueryEscape(value)})
		if err != nil || response.RetryAfter != want {
			t.Errorf("%q: %+v, %v", value, response, err)
		}
	}
	date := time.Now().Add(time.Hour).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	response, err := e.RoundTrip(within(t), &transport.Request{Method: "GET", URL: e.url + "/status?code=503&after=" + url.QueryEscape(date)})
	if err != nil || response.RetryAfter < 50*time.Minute || response.RetryAfter > time.Hour {
		t.Errorf("a date in an hour: %+v, %v", response, err)
	}
}

// testRedirect sends a request to another origin, to which what is in it must not go.
func (e exchange) testRedirect(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		for _, r := range []transport.Request{
			{Method: "GET"},
			{Method: "POST", ContentType: "text/plain", Body: []byte("secret")},
		} {
			name := rand.Text()
			r.URL = fmt.Sprintf("%s/redirect?code=%d&name=%s", e.url, code, name)
			_, err := e.RoundTrip(within(t), &r)
			if err == nil || !strings.Contains(err.Error(), "redirect") {
				t.Errorf("%s, %d: error %v, want one that tells of a redirect", r.Method, code, err)
			}
			if got := e.do(t, &transport.Request{Method: "GET", URL: e.url + "/count?name=" + name}); got != "0" {
				t.Errorf("%s, %d: the other origin got %s requests", r.Method, code, got)
			}
		}
	}
}

func (e exchange) testLimit(t *testing.T) {
	for _, mode := range []string{"", "&chunked=1"} {
		for _, n := range []int{1000, 1001, 1 << 20} {
			r := &transport.Request{Method: "GET", URL: fmt.Sprintf("%s/body?n=%d%s", e.url, n, mode), MaxResponse: 1000}
			response, err := e.RoundTrip(within(t), r)
			switch {
			case n <= r.MaxResponse && err != nil:
				t.Errorf("n=%d%s: %v", n, mode, err)
			case n <= r.MaxResponse && len(response.Body) != n:
				t.Errorf("n=%d%s: %d bytes", n, mode, len(response.Body))
			case n > r.MaxResponse && !errors.Is(err, transport.ErrTooLarge):
				t.Errorf("n=%d%s: error %v, want ErrTooLarge", n, mode, err)
			}
		}
	}
}

func (e exchange) testTruncated(t *testing.T) {
	if response, err := e.RoundTrip(within(t), &transport.Request{Method: "GET", URL: e.url + "/truncated"}); err == nil {
		t.Errorf("a response that broke off was returned: %d bytes", len(response.Body))
	}
}

// testOnce breaks a connection that has served an exchange before, in place of an answer.
func (e exchange) testOnce(t *testing.T) {
	for _, r := range []transport.Request{
		{Method: "GET"},
		{Method: "POST"},
		{Method: "POST", ContentType: "text/plain", Body: []byte("x")},
	} {
		name := rand.Text()
		e.do(t, &transport.Request{Method: "GET", URL: e.url + "/echo"})
		r.URL = e.url + "/unanswered?name=" + name
		if response, err := e.RoundTrip(within(t), &r); err == nil {
			t.Errorf("%s of %d bytes: a response with status %d, and none was sent", r.Method, len(r.Body), response.Status)
		}
		got := e.do(t, &transport.Request{Method: "GET", URL: e.url + "/count?name=" + name})
		if got != "1" && !e.repeats {
			t.Errorf("%s of %d bytes: the server got %s requests", r.Method, len(r.Body), got)
		}
	}
}

func (e exchange) testUnreachable(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:1/", "gopher://127.0.0.1/", "http://%"} {
		if _, err := e.RoundTrip(within(t), &transport.Request{Method: "GET", URL: url}); err == nil {
			t.Errorf("an exchange with %s succeeded", url)
		}
	}
}

func (e exchange) testContext(t *testing.T) {
	cause := errors.New("no longer interested")
	ctx, cancel := context.WithCancelCause(within(t))
	timer := time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	defer timer.Stop()
	silent := &transport.Request{Method: "GET", URL: e.url + "/silent"}
	if _, err := e.RoundTrip(ctx, silent); !errors.Is(err, cause) {
		t.Errorf("waiting: error %v, want the cause of the context", err)
	}
	if _, err := e.RoundTrip(ctx, silent); !errors.Is(err, cause) {
		t.Errorf("ended: error %v, want the cause of the context", err)
	}
}

func (e exchange) testConcurrent(t *testing.T) {
	ctx := within(t)
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Go(func() {
			body := strings.Repeat(fmt.Sprint(i), 100)
			response, err := e.RoundTrip(ctx, &transport.Request{Method: "POST", URL: e.url + "/echo", ContentType: "text/plain", Body: []byte(body)})
			if err != nil || string(response.Body) != "POST "+body {
				t.Errorf("exchange %d: %v", i, err)
			}
		})
	}
	wait.Wait()
}
