package event

import "fmt"

// ConnectError says that a namespace was refused, by a middleware or because it
// does not exist. The peer sees all of it.
// https://socket.io/docs/v4/socket-io-protocol/#connection-to-a-namespace
type ConnectError struct {
	Namespace string // that was asked for
	Message   string // "Invalid namespace", or what the middleware says
	Data      any    // anything that encodes; of an error that came from the peer, use Decode
}

// Error tells the namespace and the message.
func (e *ConnectError) Error() string {
	return fmt.Sprintf("event: connection to namespace %s refused: %s", e.Namespace, e.Message)
}

// Decode decodes the Data of an error that came from the peer into target, a
// pointer. Without Data it leaves the target as it is.
func (e *ConnectError) Decode(target any) error { return decodeData(e.Data, target) }
