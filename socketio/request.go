package socketio

import "context"

// Request sends an event and waits for its acknowledgement, for as long as ctx
// allows: its deadline is the only timeout. The returned Message holds the
// arguments of the acknowledgement.
//
// While the socket is not connected the packet is buffered like that of Emit; it
// is taken back when ctx is done before it was sent. The error is that of Emit,
// the cause of ctx, an [*AckError] that the other side answered with, or a
// [*DisconnectError] when the connection ended with the event sent and no answer
// received.
//
// It may be called in a handler: acknowledgements do not wait for handlers. Give
// it a deadline there, because of what is said at [Socket].
func (s *Socket) Request(ctx context.Context, name string, args ...any) (*Message, error) {
	var sent packet
	reply, err := s.acks.Request(ctx, s.manager.opts.Format, name, func(id uint64) (err error) {
		if sent, err = s.event(name, args, &id); err != nil {
			return err
		}
		return s.send(sent)
	})
	if err != nil && sent.hasID {
		s.takeBack(sent.id) // if it is not sent yet, because nothing waits for the answer any more
	}
	return reply, err
}

// takeBack removes a packet that waits to be sent.
func (s *Socket) takeBack(id uint64) {
	s.manager.mu.Lock()
	s.buffer.remove(id)
	s.manager.drained()
	s.manager.mu.Unlock()
}
