// Package server is a Socket.IO server: an [http.Handler] that clients of every
// language connect to.
//
//	sio := server.New(nil)
//	sio.OnConnect(func(s *server.Socket) {
//		s.On("greet", func(ctx context.Context, m *event.Message) error {
//			var name string
//			if err := m.Decode(&name); err != nil {
//				return err
//			}
//			return s.Emit("greeting", "hello "+name)
//		})
//	})
//	srv := &http.Server{
//		Addr:              ":3000",
//		Handler:           sio,
//		ReadHeaderTimeout: 10 * time.Second,
//		IdleTimeout:       2 * time.Minute,
//		MaxHeaderBytes:    64 << 10,
//	}
//	srv.ListenAndServe()
//
// In a mux it is registered for its path, which is /socket.io/ unless Options.Path
// says otherwise. A client that leaves out the slash at the end needs a registration
// for /socket.io as well: a redirect, which is what a mux answers, it does not follow.
//
// # Events
//
// A socket receives with On and sends with Emit. Request sends an event and waits
// for the acknowledgement; a handler answers one with Message.Ack. Events whose
// types are declared once, with [event.New] and [event.NewCall], do all of that
// typed: they take a socket, a namespace or a broadcast where they need one.
// Options.Format says how packets are written; the default is what every client
// speaks.
//
// The handlers of a socket run one after the other, on a goroutine of its own.
// Errors and panics of handlers are logged and given to
// Options.OnError. They do not end the process and the client does not see them,
// except for an [*event.AckError].
//
// # Rooms
//
// A socket joins rooms by name. [Server.To], [Namespace.To] and [Socket.To] select
// the sockets in them. A [Broadcast] is encoded once.
//
// # Namespaces
//
// [Server.Of] makes a namespace, whose sockets, rooms, middleware and handlers are
// its own. The methods of Server itself are those of the namespace "/".
//
// # Connection and disconnection
//
// A [Middleware] decides about a connection before the client gets an answer. The
// functions given to OnConnect run before any event is delivered. [Socket.Context]
// is canceled when the socket is disconnected, and its cause says why. A client that
// reconnects gets a new socket.
//
// [Server.Shutdown] ends the server in order. [Server.Close] ends it at once, without
// waiting for handlers.
//
// # Several servers
//
// Options.Adapter connects a server with others. A [Broadcast] then reaches the sockets
// of all of them: Emit and Request, SocketsJoin, SocketsLeave and DisconnectSockets,
// and Fetch, which yields sockets of other servers as [RemoteSocket]. Servers talk to
// each other with [Namespace.ServerEmit], [Namespace.ServerRequest] and
// [Namespace.OnServer]. A server's own sockets are served first, and whatever becomes
// of the others. Package adapter says what an adapter does.
//
// # Behind proxies and middleware
//
// A proxy has to pass on the headers Host, Upgrade and Connection, and several servers
// behind one need it to keep a client on one of them. Options.TrustedProxies makes
// X-Forwarded-For, X-Forwarded-Host and X-Forwarded-Proto count. A middleware that wraps
// the ResponseWriter has to give it a method Unwrap, or Hijack: a WebSocket takes the
// connection. It sees no status of such a request then.
//
// [Handshake] has copies of what a client's first request said. Values of that
// request's context are gone when it is answered: Options.Context copies some of them to
// [Socket.Context].
//
// # What happens
//
// Whatever is refused, cut off or has failed is a line in Options.Logger, which is
// [slog.Default] unless it is set, with the option to change where one decides.
//
// A [Trace] is told of connections, sockets, rooms, events and packets, see
// [Server.AddTrace]. To see every packet:
//
//	sio.AddTrace(server.TracePackets(os.Stderr))
//
// # Limits
//
// Everything that a client could make grow is bounded, see [Options]. What waits to
// be sent to a client that does not read, too: it is disconnected. An http.Server
// should have a ReadHeaderTimeout, an IdleTimeout, without which connections that ask
// for nothing stay for ever, and MaxHeaderBytes, which is 1 MB otherwise. It needs no
// other timeout for this handler.
//
// # Limitations
//
// The JavaScript client's bundle is not served: serve it from your own files. There
// are no namespaces by pattern, no recovery of a connection's state, no compression
// and no adapter for a broker yet. Protocol versions before Engine.IO 4 are refused.
package server
