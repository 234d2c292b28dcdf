package transport_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// Whoever reads a connection reads it to its end, and learns there how the peer closed it.
func ExampleConn() {
	ctx := context.Background()
	var conn, peer transport.Conn = transporttest.Pipe(0)
	_ = peer.Write(ctx, transport.Message{Data: []byte("hello")})
	_ = peer.Close(1000, "bye")

	for {
		m, err := conn.Read(ctx)
		var closed *transport.CloseError
		if errors.As(err, &closed) {
			fmt.Println("closed:", closed.Code, closed.Reason)
			return
		}
		fmt.Printf("%s\n", m.Data)
	}
	// Output:
	// hello
	// closed: 1000 bye
}
