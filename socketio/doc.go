// Package socketio is a Socket.IO client, natively and in a browser, with the
// same lines of Go.
//
//	s, err := socketio.New("https://host/chat", nil)
//	if err != nil {
//		return err
//	}
//	s.On("news", func(ctx context.Context, m *socketio.Message) error {
//		var headline string
//		if err := m.Decode(&headline); err != nil {
//			return err
//		}
//		fmt.Println(headline)
//		return nil
//	})
//	if err := s.Connect(ctx); err != nil {
//		return err
//	}
//	defer s.Close()
//	err = s.Emit("read", 42)
//
// The path of the URL is the namespace, as in JavaScript. Handlers that are added
// before Connect miss nothing. A program that speaks first may use [Dial].
//
// # Events
//
// Emit sends, On receives. Arguments are whatever encoding/json encodes, and []byte,
// which travels as binary. Package event declares events once, with their types,
// for both ends:
//
//	var News = event.New[string]("news")
//
//	News.On(s, func(ctx context.Context, headline string) error { … })
//	err := News.Emit(s, "hello")
//
// # Acknowledgements
//
// [Socket.Request] sends an event and waits for the answer. The deadline of its
// context is the only timeout, and it always ends: with the answer, the context,
// or a [*DisconnectError]. A handler answers with Message.Ack.
//
// # Connecting and reconnecting
//
// [Socket.Connect] waits until the socket is connected, and repeats attempts that
// fail, with growing delays, until its context is done or it is clear that trying
// cannot help: the server refuses the client or the namespace, speaks another
// protocol revision, or is no Socket.IO server. A connection that is lost later
// is restored without a call. [Socket.OnConnect], [Socket.OnConnectError] and
// [Socket.OnDisconnect] tell; [Trace] tells more, for a status line or a log.
//
// What is emitted while there is no connection is buffered, within
// Options.SendBufferBytes, and sent in order as soon as there is one. Events that
// are worthless later go through [Socket.Volatile]. An event that was handed to a
// connection which then broke may have arrived or not: Request tells.
//
// # Cancellation and closing
//
// [Socket.Context] is canceled when the socket is disconnected, its cause says why.
// Handlers are given it. [Socket.Disconnect] leaves the namespace and does not wait.
// [Socket.Close] and [Manager.Close] are for good: they send what was emitted, close
// the connection, which takes at most 5 seconds, and do not wait for handlers, so that
// one may call them. Wait does, and Shutdown is both.
//
// # Several namespaces
//
// A [Manager] keeps one connection for the sockets of several namespaces.
//
//	m, err := socketio.NewManager("https://host", nil)
//	root, err := m.Socket("/", nil)
//	admin, err := m.Socket("/admin", &socketio.SocketOptions{Auth: credentials})
//
// Manager and Socket mean what they mean to the JavaScript client, except that
// each call of New makes a manager of its own.
//
// # In a browser
//
// Build with GOOS=js GOARCH=wasm; URLs may be relative to the page. What waits,
// such as Connect and Request, must not be called in a js.Func callback, but in a
// goroutine that it starts. The client notices when the network goes and comes,
// and closes the connection while the page sleeps in the back-forward cache.
// Headers, TLS and cookies are the business of Options.Platform: see packages
// transportnative and transportjs.
//
// # Limitations
//
// There is no WebTransport, and no queue that sends an event again until it is
// acknowledged. Events missed during an interruption are only recovered from
// servers with connection state recovery, see [Socket.Recovered]. Options.Format
// must be what the server speaks: nothing is negotiated.
//
// Protocol: https://socket.io/docs/v4/socket-io-protocol/ revision 5 on
// https://socket.io/docs/v4/engine-io-protocol/ revision 4.
package socketio
