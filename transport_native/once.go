//go:build !js

package transportnative

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
)

// once is an http.RoundTripper that does not repeat a GET.
//
// An http.Transport sends a GET without a body again when the connection that it was sent on had
// served others before and breaks without an answer. But the server may have answered:
// a polling GET takes events out of the session, and the repeated one gets those
// behind them. So the request is given an empty body that cannot be had twice.
type once struct{ base http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet && (r.Body == nil || r.Body == http.NoBody) {
		body := new(onceBody)
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: body.gotConn}))
		r.Body, r.GetBody = body, body.again
	}
	return o.base.RoundTrip(r)
}

// onceBody is the empty body of a request that is sent once. HTTP/1 looks whether
// something is in it while it writes the header: as long as it was not read, the server
// has no whole request, and an http.Transport may try another connection.
type onceBody struct{ http2 bool }

func (b *onceBody) Read([]byte) (int, error) { return 0, io.EOF }
func (b *onceBody) Close() error             { return nil }

func (b *onceBody) gotConn(info httptrace.GotConnInfo) {
	conn, ok := info.Conn.(*tls.Conn)
	b.http2 = ok && conn.ConnectionState().NegotiatedProtocol == "h2"
}

var errUnanswered = errors.New("the connection broke before the answer")

// again is asked for the body when the request is about to be repeated. With HTTP/2
// that happens only to one that the server says it has not looked at.
// https://www.rfc-editor.org/rfc/rfc9113#section-8.7
func (b *onceBody) again() (io.ReadCloser, error) {
	if !b.http2 {
		return nil, errUnanswered
	}
	return b, nil
}
