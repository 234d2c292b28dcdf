package scenario

import (
	"bytes"
	"fmt"

	"github.com/isosocket/isosocket/socketio/event"
)

// What the client asks and the server does. The events "echo" and "ack" are not
// declared: they bring back whatever they were given.
var (
	Ask   = event.NewCall[string, Answer]("ask") // the server asks back with Question and tells the answer
	Where = event.NewCall[struct{}, Place]("where")
	Enter = event.NewCall[string, struct{}]("enter") // a room
	Left  = event.NewCall[string, string]("left")    // why a socket is gone, once it is

	History = event.New[int]("history")             // asks for as many rows
	Album   = event.New[int]("album")               // asks for as many rows with 300 KB each
	Row     = event.New[Line]("row")                // one of them
	Count   = event.New[int]("count")               // is counted, if it is the next number
	Counted = event.NewCall[string, int]("counted") // how many were, of a socket

	Shout   = event.New[Saying]("shout")     // to everybody in the room
	Tell    = event.New[Saying]("tell")      // to the others in it
	Goodbye = event.New[struct{}]("goodbye") // asks the server to disconnect the socket
	Drop    = event.New[string]("drop")      // asks the official server to break the connection, and to say something in the room then
)

// What the server sends.
var (
	Question = event.NewCall[string, Answer]("question")
	Shouted  = event.New[string]("shout")
	Told     = event.New[string]("tell")
)

// Line is a row that a client asked for.
type Line struct {
	event.Positional
	Number int
	Data   []byte
}

// The events of the namespace /stress, see [Exchange].
var (
	Tick    = event.New[Beat]("tick")
	Stop    = event.New[int]("stop")      // how many ticks the client sent
	Stopped = event.New[Tally]("stopped") // how many ticks the server sent
)

// Answer is what a client says to a question.
type Answer struct {
	Answer string `json:"answer"`
}

// Place is where the server sees a socket.
type Place struct {
	Namespace string `json:"namespace"`
	ID        string `json:"id"`
}

// Saying is a text for a room.
type Saying struct {
	event.Positional
	Room string
	Text string
}

// Credentials open the namespace /guarded, if the token is "secret".
type Credentials struct {
	Token string `json:"token"`
}

// Hint is the data of the refusal of /guarded.
type Hint struct {
	Code int    `json:"code"`
	Hint string `json:"hint"`
}

// Beat is the n-th tick of a side. Every other one has binary, so that a packet
// is one message or two.
type Beat struct {
	event.Positional
	N    int
	Data []byte
}

// NewBeat returns the n-th tick.
func NewBeat(n int) Beat {
	b := Beat{N: n}
	if n%2 == 1 {
		b.Data = bytes.Repeat([]byte{byte(n)}, n%300)
	}
	return b
}

// Check tells what is wrong with a tick that should be the n-th, "" when nothing is.
func (b Beat) Check(n int) string {
	want := NewBeat(n)
	switch {
	case b.N != n:
		return fmt.Sprintf("got %d in place of %d", b.N, n)
	case !bytes.Equal(b.Data, want.Data):
		return fmt.Sprintf("%d came with %d bytes in place of %d, or with others", n, len(b.Data), len(want.Data))
	}
	return ""
}

// Tally is what the server counted.
type Tally struct {
	event.Positional
	Sent     int
	Disorder string // what was wrong with the client's ticks, empty when nothing was
}
