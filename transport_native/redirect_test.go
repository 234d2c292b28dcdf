//go:build !js

package transportnative

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

var redirectCodes = []int{301, 302, 303, 307, 308}

// foreign returns the address of another origin, to which no request may come.
func foreign(t *testing.T) string {
	server := listen(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s came to another origin", r.Method, r.URL)
	}))
	return server.URL
}

func TestRedirectsStayAtTheirOrigin(t *testing.T) {
	elsewhere := foreign(t)
	target := elsewhere
	code := 0
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/once" { // which leads there by an address of its own
			http.Redirect(w, r, "/?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
			return
		}
		http.Redirect(w, r, target+"/stolen?"+r.URL.RawQuery, code)
	}))
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	p := platform(t, Config{Header: http.Header{"Authorization": {"Bearer x"}}})
	for _, other := range []string{
		elsewhere, // another port
		"https://" + address.Host,
		"http://localhost:" + address.Port(),
		"//user:password@" + elsewhere[len("http://"):],
	} {
		for _, code = range redirectCodes {
			target = other
			want := "/stolen with status " + fmt.Sprint(code) + " is another origin"
			for _, path := range []string{"/?sid=secret", "/once?sid=secret"} {
				for _, r := range []transport.Request{{Method: "GET"}, {Method: "POST", Body: []byte("40{}")}} {
					r.URL = server.URL + path
					_, err := p.RoundTripper.RoundTrip(t.Context(), &r)
					require.ErrorContains(t, err, want, "%s %s", r.Method, r.URL)
					require.NotContains(t, err.Error(), "secret")
					require.NotContains(t, err.Error(), "password")
				}
				_, err = p.Dialer.Dial(t.Context(), "ws"+server.URL[len("http"):]+path, 0)
				require.ErrorContains(t, err, want)
				require.NotContains(t, err.Error(), "secret")
			}
		}
	}
	target = "ws" + elsewhere[len("http"):]
	_, err = p.Dialer.Dial(t.Context(), "ws"+server.URL[len("http"):], 0)
	require.ErrorContains(t, err, "another origin")
}

func TestRedirectsWithinAnOrigin(t *testing.T) {
	a := newAcceptor(AcceptOptions{})
	code := 0
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/there":
			http.Redirect(w, r, strings.ToUpper("http://"+r.Host)+"/there?q", code)
		case r.Header.Get("Upgrade") != "":
			a.ServeHTTP(w, r)
		default:
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL, body)
		}
	}))
	p := platform(t, Config{})
	for _, code = range redirectCodes {
		response, err := p.RoundTripper.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: server.URL + "/"})
		require.NoError(t, err)
		require.Equal(t, "GET /there?q ", string(response.Body))

		response, err = p.RoundTripper.RoundTrip(t.Context(), &transport.Request{Method: "POST", URL: server.URL + "/", Body: []byte("x")})
		if code < 304 {
			require.ErrorContains(t, err, fmt.Sprintf("/there with status %d would make a GET of a POST", code))
			require.NotContains(t, err.Error(), "?q")
		} else {
			require.NoError(t, err)
			require.Equal(t, "POST /there?q x", string(response.Body))
		}

		conn, err := p.Dialer.Dial(t.Context(), "ws"+server.URL[len("http"):], 0)
		require.NoError(t, err)
		require.NoError(t, conn.Close(0, ""))
		_, err = (<-a.conns).Read(t.Context())
		require.Error(t, err)
	}
}

func TestEndlessRedirects(t *testing.T) {
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	}))
	p := platform(t, Config{})
	_, err := p.RoundTripper.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: server.URL + "/"})
	require.ErrorContains(t, err, "stopped after 10 redirects")
	_, err = p.Dialer.Dial(t.Context(), "ws"+server.URL[len("http"):], 0)
	require.ErrorContains(t, err, "stopped after 10 redirects")
}

func TestRedirectsOfTheUser(t *testing.T) {
	elsewhere := foreign(t)
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusFound)
	}))
	get := func(policy func(*http.Request, []*http.Request) error) (*transport.Response, error) {
		client := &http.Client{Transport: server.Client().Transport, CheckRedirect: policy}
		r := &transport.Request{Method: "GET", URL: server.URL}
		return Platform(&Config{HTTPClient: client}).RoundTripper.RoundTrip(t.Context(), r)
	}
	_, err := get(func(*http.Request, []*http.Request) error { return http.ErrHandlerTimeout })
	require.ErrorIs(t, err, http.ErrHandlerTimeout)
	_, err = get(func(*http.Request, []*http.Request) error { return nil })
	require.ErrorContains(t, err, "another origin")
	response, err := get(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, response.Status)
}

func TestOriginOfURLs(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"http://h/a", "http://H:80/b?c", true},
		{"https://h", "https://h:443", true},
		{"http://[::1]:80", "http://[::1]", true},
		{"http://h", "https://h", false},
		{"http://h", "http://h:443", false},
		{"http://h", "http://h.", false},
		{"http://h", "http://h.example", false},
		{"http://h", "http://x.h", false},
	} {
		a, err := url.Parse(test.a)
		require.NoError(t, err)
		b, err := url.Parse(test.b)
		require.NoError(t, err)
		require.Equal(t, test.same, origin(a) == origin(b), "%s %s", a, b)
	}
}

func TestPlatformLeavesTheClientAsItIs(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	given := http.Client{Transport: roundTripFunc(nil)}
	Platform(&Config{HTTPClient: &given})
	require.Nil(t, given.Jar)
	require.Nil(t, given.CheckRedirect)

	given.Jar = jar
	require.Same(t, jar, (&Config{HTTPClient: &given}).httpClient().Jar)
}
