package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

func Example() {
	sio := server.New(nil)
	sio.OnConnect(func(s *server.Socket) {
		s.On("greet", func(_ context.Context, m *event.Message) error {
			var name string
			if err := m.Decode(&name); err != nil {
				return err
			}
			return s.Emit("greeting", "hello "+name)
		})
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sio)
	mux.Handle("/", http.FileServer(http.Dir("public"))) // the page, and the client's bundle
	srv := &http.Server{
		Addr:              "127.0.0.1:3000",
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	go srv.ListenAndServe()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := sio.Shutdown(ctx); err != nil { // first, because http.Server does not wait for WebSockets
		fmt.Println(err)
	}
	if err := srv.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
}

// exampleClient is the least that talks to a server: packets over HTTP requests
// that are calls of its handler.
type exampleClient struct {
	sio   http.Handler
	query string
}

// connectTo opens a session and joins the namespace "/".
func connectTo(sio http.Handler, auth string) *exampleClient {
	c := &exampleClient{sio: sio}
	_, rest, _ := strings.Cut(c.do("GET", ""), `"sid":"`)
	id, _, _ := strings.Cut(rest, `"`)
	c.query = "&sid=" + id
	c.send("40" + auth)
	return c
}

func (c *exampleClient) do(method, body string) string {
	w := httptest.NewRecorder()
	c.sio.ServeHTTP(w, httptest.NewRequest(method, "/socket.io/?EIO=4&transport=polling"+c.query, strings.NewReader(body)))
	return w.Body.String()
}

func (c *exampleClient) send(packet string) { c.do("POST", packet) }

// receive prints n packets, without session ids.
func (c *exampleClient) receive(n int) {
	for n > 0 {
		for packet := range strings.SplitSeq(c.do("GET", ""), "\x1e") {
			if strings.HasPrefix(packet, "40") {
				packet = "40{…}"
			}
			fmt.Println(packet)
			n--
		}
	}
}
