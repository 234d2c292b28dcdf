package adapter

import (
	"context"
	"encoding/json"
	"iter"
)

// New makes the adapter of a namespace. It is called once a namespace, before any
// client can be in it, and not under a lock; it must not ask the server for the same
// namespace. It need not wait for a broker: an adapter whose broker is away returns
// errors until it is back.
//
// After an error the namespace serves its own sockets, and every call that concerns
// other servers returns that error.
type New func(h Host) (Adapter, error)

// Adapter relays what concerns the sockets of other servers, which are those that
// run the same namespace with an adapter of the same kind. The server has served its
// own sockets before, and never asks for a [Target] that is Local or cannot select
// a socket. The methods may be called concurrently.
//
// Only the methods with a context wait. The others only queue, in bounded memory,
// and return an error where that is not possible. What one goroutine hands over in
// order is applied by every other server in that order: broadcasts, changes and
// asks alike.
//
// Nothing that an adapter is given may be changed, and what it keeps of it stays
// valid.
type Adapter interface {
	// Broadcast has the packet delivered by the other servers to their sockets that
	// t selects, see [Host.Deliver]. Nil means that it was accepted, not that it
	// has arrived.
	Broadcast(p *Packet, t Target) error

	// Change has the other servers change their sockets that t selects, see
	// [Host.Change].
	Change(c Change, t Target) error

	// Ask has the other servers send the packet to their sockets that t selects and
	// yields what these answer, see [Host.Ask]: each socket once, with its answer,
	// or with the reason why there is none. A server that does not say in time which
	// sockets it asked is yielded as a [*SilentError].
	//
	// The iteration ends when all have answered, and soon after ctx is done, with the
	// cause of ctx for each socket left. The request begins with the iteration.
	Ask(ctx context.Context, p *Packet, t Target) iter.Seq[Answer]

	// Sockets yields the sockets of the other servers that t selects, as they come,
	// and a [*SilentError] for each server that has not told in time. What was found
	// is yielded whatever fails besides. It ends as Ask does.
	Sockets(ctx context.Context, t Target) iter.Seq2[Details, error]

	// ServerEmit has the other servers handle the event, see [Host.Serve]. Nil means
	// that it was accepted.
	ServerEmit(p *Packet) error

	// ServerRequest is ServerEmit that yields the answer of each server, whose
	// Socket is empty, or a [*SilentError]. It ends as Ask does.
	ServerRequest(ctx context.Context, p *Packet) iter.Seq[Answer]

	// Nodes returns the names of the other servers that are known, and how many
	// servers there are, this one included.
	Nodes(ctx context.Context) (known []string, count int, err error)

	// Sync returns nil once all that was accepted before is with the broker, or the
	// other servers themselves. An error says that some of it may be lost.
	Sync(ctx context.Context) error

	// Close releases all that the adapter holds and ends all that waits for it. It is
	// called once. Until ctx is done it may wait for what was accepted; a ctx that is
	// done means now. The cause of ctx as the error says that what was accepted may be
	// lost. No method of the Host is called once Close has returned.
	Close(ctx context.Context) error
}

// Host is one namespace of this server, as its adapter knows it. Nothing here
// waits, so one goroutine may apply what comes from the broker, in order. The
// methods may be called concurrently, from the moment that [New] is called.
//
// What is given to a Host may come from a broker as it is: what no client could
// read is reported to the server's log and not sent.
type Host interface {
	// Namespace returns the namespace's name, which begins with a slash.
	Namespace() string

	// Deliver sends the packet to the sockets of this server that t selects.
	Deliver(p *Packet, t Target)

	// Ask sends the packet to the sockets of this server that t selects, and returns
	// the ids of those it was sent to. For each of them answer is called once, with
	// Socket and either Data or Err set, on a goroutine that must not be held up;
	// that may be before Ask returns. After cancel no call of answer begins.
	Ask(p *Packet, t Target, answer func(Answer)) (sockets []string, cancel func())

	// Change changes the sockets of this server that t selects.
	Change(c Change, t Target)

	// Sockets returns the sockets of this server that t selects, in no order.
	Sockets(t Target) []Details

	// Serve hands an event from another server to this server's handlers of such
	// events. They run later, one event at a time, in the order of the calls. A reply that
	// is not nil is called at most once, with the arguments of the answer as in
	// [Answer], and not at all if no handler answers.
	Serve(p *Packet, reply func(data json.RawMessage, attachments [][]byte))

	// Report logs what no caller can be told: something accepted that was lost,
	// something received that makes no sense.
	Report(err error)
}

// Packet is an event on its way between servers. Everything it is handed to shares
// it, so nothing of it may be changed.
type Packet struct {
	// Data is the event in neutral form: the JSON array of its name and arguments,
	// with the placeholders {"_placeholder":true,"num":i} for Attachments.
	Data        json.RawMessage
	Attachments [][]byte // the binary values, in the order of their numbers

	// Volatile allows to drop the event, for a receiver that is not ready for it and
	// on the way there.
	Volatile bool
}

// Target selects sockets: those that are in at least one of Rooms and in none of
// Except. A socket's own id is the name of a room that it is in from the start.
type Target struct {
	Rooms  []string // any of these; empty means the whole namespace
	Except []string // none of these
	Local  bool     // of one server only; such a target is not relayed
}

// Op is what a [Change] does.
type Op uint8

const (
	Join       Op = iota + 1 // puts the sockets into Rooms
	Leave                    // takes them out of Rooms
	Disconnect               // ends them, and their connections with Close
)

// Change is something that is done to sockets.
type Change struct {
	Op    Op       // what is done
	Rooms []string // of Join and Leave
	Close bool     // of Disconnect: the connection is closed, with the sockets in other namespaces
}

// Answer is what one socket, or one server, answers to an event.
type Answer struct {
	Socket string // its id; empty for the answer of a server
	Node   string // the name of the server; set by the adapter that receives the answer

	// Data is the JSON array of the arguments, with placeholders for Attachments. Nil
	// when there is an error.
	Data        json.RawMessage
	Attachments [][]byte // as those of a Packet

	Err error // why there is no answer
}

// Details is what another server is told of a socket. Its JSON is that of the
// official implementation.
type Details struct {
	ID        string          `json:"id"`        // public
	Handshake json.RawMessage `json:"handshake"` // an object with headers, time, address, xdomain, secure, issued, url, query and auth
	Rooms     []string        `json:"rooms"`     // its id included; never nil
	Data      json.RawMessage `json:"data"`      // what the application has attached to the socket; nil if it does not encode
}
