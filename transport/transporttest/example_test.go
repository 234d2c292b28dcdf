package transporttest_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func ExamplePipe() {
	ctx := context.Background()
	a, b := transporttest.Pipe(0)

	// A packet and its attachment are one group.
	err := a.Write(ctx,
		transport.Message{Data: []byte(`451-["photo",{"_placeholder":true,"num":0}]`)},
		transport.Message{Data: []byte{0xff, 0xd8}, Binary: true},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = a.Close(1000, "done")

	for {
		m, err := b.Read(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%t %q\n", m.Binary, m.Data)
	}
	// Output:
	// false "451-[\"photo\",{\"_placeholder\":true,\"num\":0}]"
	// true "\xff\xd8"
	// transport: closed by peer with code 1000: done
}

func ExampleListener() {
	ctx := context.Background()
	listener := transporttest.Listen(0)
	dialer := transport.Dialer(listener) // what the code under test is given

	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, url, err := listener.Accept(ctx)
		if err != nil {
			return
		}
		_ = conn.Write(ctx, transport.Message{Data: []byte("welcome to " + url)})
		conn.Drop()
	}()

	conn, err := dialer.Dial(ctx, "ws://example.com/socket.io/", 1e6)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, _ := conn.Read(ctx)
	fmt.Println(string(m.Data))
	_, err = conn.Read(ctx)
	fmt.Println(err)
	<-done
	// Output:
	// welcome to ws://example.com/socket.io/
	// transport: closed by peer with code 1006
}
