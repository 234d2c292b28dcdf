package event

import (
	"errors"

	"github.com/isosocket/isosocket/socketio/parser"
)

// AckError is the one error of a handler that the peer gets to see. The
// acknowledgement is then the single argument
// {"error":{"message":…,"data":…}}, and Request returns it on the peer's side.
type AckError struct {
	Message string // for a person or a program to read
	Data    any    // anything that encodes; of an error that came from the peer, use Decode
}

// Error returns the message.
func (e *AckError) Error() string { return "event: answered with an error: " + e.Message }

// Decode decodes the Data of an error that came from the peer into target, a
// pointer. Without Data it leaves the target as it is.
func (e *AckError) Decode(target any) error { return decodeData(e.Data, target) }

func decodeData(data, target any) error {
	switch data := data.(type) {
	case nil:
		return nil
	case parser.Value:
		return data.Decode(target)
	}
	return errNotReceived
}

var errNotReceived = errors.New("event: the error did not come from a peer: its Data is a value")
