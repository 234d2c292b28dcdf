package server

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
)

// RemoteSocket is what is known of a socket wherever it is, on this server or
// another. [Namespace.To] its ID selects it, to emit to it or to disconnect it.
type RemoteSocket struct {
	ID        string    // as [Socket.ID] of its server tells it
	Rooms     []string  // its ID included, in no order
	Handshake Handshake // of its client

	data json.RawMessage
}

// DecodeData decodes what [Socket.SetData] has attached to the socket, on its server
// and encoded there, into target, a pointer. It leaves target as it is if there is
// nothing, or nothing that could be encoded.
func (r *RemoteSocket) DecodeData(target any) error {
	if len(r.data) == 0 {
		return nil
	}
	return json.Unmarshal(r.data, target)
}

// Fetch yields the selected sockets, first those of this server. Those of others
// follow as they come, and for each server that has not told when ctx is done an
// [*adapter.SilentError]. What was found is yielded whatever fails besides.
func (b Broadcast) Fetch(ctx context.Context) iter.Seq2[RemoteSocket, error] {
	return func(yield func(RemoteSocket, error) bool) {
		for _, s := range b.Sockets() {
			d := s.details()
			if !yield(RemoteSocket{ID: d.ID, Rooms: d.Rooms, Handshake: s.Handshake(), data: d.Data}, nil) {
				return
			}
		}
		if !b.relayed() {
			return
		}
		for d, err := range b.namespace.adapter.Sockets(ctx, b.target) {
			r, err := remote(d, err)
			if !yield(r, err) {
				return
			}
		}
	}
}

func remote(d adapter.Details, err error) (RemoteSocket, error) {
	if err != nil {
		return RemoteSocket{}, err
	}
	h, err := handshakeOf(d.Handshake)
	return RemoteSocket{ID: d.ID, Rooms: d.Rooms, Handshake: h, data: d.Data}, err
}

// details returns what other servers are told of the socket. What does not encode is
// left out.
func (s *Socket) details() adapter.Details {
	d := adapter.Details{ID: s.id, Rooms: s.Rooms()}
	var err error
	if d.Handshake, err = s.Handshake().encode(); err != nil {
		s.notEncoded("handshake", err)
	}
	if data := s.Data(); data != nil {
		err := endpoint.Contain("data", func() (err error) { // its type may marshal itself
			d.Data, err = json.Marshal(data)
			return err
		})
		if err != nil {
			d.Data = nil
			s.notEncoded("data", err)
		}
	}
	return d
}

func (s *Socket) notEncoded(what string, err error) {
	s.namespace.server.logError(slog.LevelWarn, "socket told to others in part", err,
		slog.String("namespace", s.namespace.name), slog.String("socket", s.id), slog.String("without", what))
}
