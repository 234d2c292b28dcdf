// Package server is a Socket.IO server: an [http.Handler] that clients of every
// language connect to.
//
//	io := server.New(nil)
//	io.OnConnect(func(s *server.Socket) {
//		s.On("greet", func(ctx context.Context, m *event.Message) error {
//			var name string
//			if err := m.Decode(&name); err != nil {
//				return err
//			}
//			return s.Emit("greeting", "hello "+name)
//		})
//	})
//	srv := &http.Server{Addr: ":3000", Handler: io, ReadHeaderTimeout: 10 * time.Second}
//	srv.ListenAndServe()
//
// In a mux it is registered for its path, which is /socket.io/ unless Options.Path
// says otherwise.
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
// Errors and panics of handlers are logged to Options.Logger and given to
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
// is over when the socket is disconnected, and its cause says why. A client that
// reconnects gets a new socket.
//
// # Limits
//
// Everything that a client could make grow is bounded, see [Options]. What waits to
// be sent to a client that does not read, too: it is disconnected. An http.Server
// should have a ReadHeaderTimeout, and needs no other timeout for this handler.
//
// # Limitations
//
// The JavaScript client's bundle is not served: serve it from your own files. There
// are no namespaces by pattern, no recovery of a connection's state, no compression
// and no adapter for several servers yet. Protocol versions before Engine.IO 4 are
// refused.
package server
