package engine

import "github.com/isosocket/isosocket/transport"

// outgoing is an item of the outbox.
type outgoing struct {
	messages []transport.Message // encoded packets; nothing gets in between them
	last     bool                // the close packet, with which writing ends
}

// write drains the outbox into the transport in use.
func (s *Session) write(batch []outgoing) {
	last := batch[len(batch)-1].last
	conn := s.webSocket()
	if conn != nil && last {
		// A WebSocket is closed, it needs no packet for that: the server ignores
		// it there.
		batch = batch[:len(batch)-1]
	}
	messages := flatten(batch)
	var err error
	if conn == nil {
		err = s.post(messages)
	} else if len(messages) > 0 {
		err = conn.Write(s.ctx, messages...)
	}
	switch {
	case err != nil:
		s.finish(TransportError, wrap("write", err))
	case last:
		s.finish(ForcedClose, nil)
	}
}

func flatten(batch []outgoing) []transport.Message {
	if len(batch) == 1 {
		return batch[0].messages
	}
	n := 0
	for _, item := range batch {
		n += len(item.messages)
	}
	messages := make([]transport.Message, 0, n)
	for _, item := range batch {
		messages = append(messages, item.messages...)
	}
	return messages
}
