//go:build !js

package transporttest_test

import (
	"fmt"
	"io"
	"net/http"

	"github.com/isosocket/isosocket/transport/transporttest"
)

// An HTTP server and its client without a socket of the system.
func ExampleNetwork() {
	n := transporttest.NewNetwork(1)
	listener, err := n.Listen("server:80")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(w, "hello from", r.Host)
	})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()

	transport := &http.Transport{DialContext: n.Dial}
	client := &http.Client{Transport: transport}
	response, err := client.Get("http://server/")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(response.Body)
	fmt.Print(string(body))

	n.Cut()
	transport.CloseIdleConnections()
	_ = server.Close()
	<-served
	// Output:
	// hello from server
}
