package endpoint

import (
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// body is how both kinds of error are written.
type body struct {
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

// failure returns the argument of the acknowledgement that is the error.
func failure(e *event.AckError) any {
	return struct {
		Error body `json:"error"`
	}{body{e.Message, resend(e.Data)}}
}

// EncodeConnectError returns the messages that refuse a namespace. The error is one
// of the format, or a [*event.HandlerError] if the data's own methods failed it.
func EncodeConnectError(f parser.Format, namespace, message string, data any) (group []transport.Message, err error) {
	err = Contain("connect_error", func() (err error) {
		group, err = f.EncodeControl(parser.ConnectError, namespace, body{message, resend(data)})
		return err
	})
	return group, err
}

// resend returns the data of an error to be encoded. That of an error which came
// from another peer is decoded for it.
func resend(data any) any {
	received, ok := data.(parser.Value)
	if !ok {
		return data
	}
	var value any
	_ = received.Decode(&value) // whatever came fits into an any
	return value
}

// ConnectError returns what a decoded ConnectError packet says.
func ConnectError(f parser.Format, p *parser.Packet) *event.ConnectError {
	message, data := f.Refusal(*p)
	return &event.ConnectError{Namespace: p.Namespace, Message: message, Data: received(data)}
}
