package event

import (
	"encoding/json"
	"fmt"
)

// ConnectError tells that a namespace was refused, by a middleware or because it
// does not exist. The peer sees all of it.
// https://socket.io/docs/v4/socket-io-protocol/#connection-to-a-namespace
type ConnectError struct {
	Namespace string // that was asked for
	Message   string // "Invalid namespace", or what the middleware says
	Data      any    // anything that the codec takes; a json.RawMessage when it came from the peer, nil if nothing did
}

// Error tells the namespace and the message.
func (e *ConnectError) Error() string {
	return fmt.Sprintf("event: connection to namespace %s refused: %s", e.Namespace, e.Message)
}

// Decode decodes Data into target, a pointer.
func (e *ConnectError) Decode(target any) error { return decodeData(e.Data, target) }

// Encode returns the Data of the CONNECT_ERROR packet. A nil codec means [JSON]. A
// []byte becomes base64 text: such a packet has no attachments.
func (e *ConnectError) Encode(codec Codec) ([]byte, error) {
	data, err := orJSON(codec).Marshal(errorBody{e.Message, e.Data})
	if err != nil {
		return nil, fmt.Errorf("event: encode error for namespace %s: %w", e.Namespace, err)
	}
	return data, nil
}

// ParseConnectError returns what the Data of a CONNECT_ERROR packet tells: an
// object, or the string that earlier servers sent.
func ParseConnectError(namespace string, data []byte) *ConnectError {
	e := &ConnectError{Namespace: namespace}
	if json.Unmarshal(data, &e.Message) == nil {
		return e
	}
	var body struct {
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	}
	_ = json.Unmarshal(data, &body) // what is not of that shape says nothing
	if e.Message = body.Message; body.Data != nil {
		e.Data = body.Data
	}
	return e
}
