//go:build !js

package transportnative_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/isosocket/isosocket/transport"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// A client with a certificate authority of its own and a header for every request.
func ExamplePlatform() {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Authorization"))
	}))
	defer server.Close()

	platform := transportnative.Platform(&transportnative.Config{
		HTTPClient: server.Client(), // its transport trusts the server's certificate
		Header:     http.Header{"Authorization": {"Bearer token"}},
	})
	response, err := platform.RoundTripper.RoundTrip(context.Background(), &transport.Request{
		Method:      "GET",
		URL:         server.URL,
		MaxResponse: 1e6,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Status, string(response.Body))
	// Output: 200 Bearer token
}
