package guest

import (
	"time"

	"github.com/isosocket/isosocket/web/chat"
)

// View shows what a [Guest] tells it. The calls come one at a time, in order,
// and must not wait; a view may call the methods of the guest.
type View interface {
	// Status tells how the connection is.
	Status(Status)
	// Rooms is the list of rooms, of which the guest is in one.
	Rooms(rooms []chat.Room)
	// Entering begins a room: what was shown of another one is over.
	Entering(room string)
	// Joined ends the entering, or the way back after a lost connection.
	Joined(room string, members []chat.Member, me chat.Member)
	// Refused tells that the server does not let the guest in.
	Refused(reason string)
	// Gap tells that messages are missing between the last one and the next.
	Gap(gap chat.Gap)
	// Presence tells who is in the room. Who is the one that came or left, nil when that is no news.
	Presence(members []chat.Member, me chat.Member, who *chat.Member, left bool)
	// Message adds a message at the end.
	Message(m chat.Message, mine bool, state State)
	// Progress tells what became of a message.
	Progress(id string, p Progress)
	// Writers are the names of the others who are writing.
	Writers(names []string)
}

// State is how far a message got.
type State string

const (
	Waiting   State = "waiting"   // for a connection, or for the server's reply
	Sent      State = "sent"      // the server has it
	Delivered State = "delivered" // and all the others who were in the room
	Failed    State = "failed"    // the server refused it
)

// Progress is a change of a message's state.
type Progress struct {
	State  State
	Seq    int    // 0 when not told
	At     int64  // Unix time in milliseconds; 0 when not told
	Got    int    // others that have it
	Others int    // others it was sent to
	Reason string // of Failed
}

// Link is the state of the connection.
type Link string

const (
	Connecting   Link = "connecting"
	Connected    Link = "connected"
	Reconnecting Link = "reconnecting"
	Offline      Link = "offline" // the runtime says that there is no network
)

// Status is what a status line shows.
type Status struct {
	Link      Link
	Attempt   int           // to reconnect; 0 before the first
	Transport string        // "polling" or "websocket", while connected
	Upgraded  bool          // from polling
	Latency   time.Duration // of the last round trip; 0 before one was measured
}
