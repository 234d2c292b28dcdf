package chat

import "github.com/isosocket/isosocket/socketio/event"

// From client to server.
var (
	// Join enters a room, and leaves the one the socket was in.
	Join = event.NewCall[JoinRequest, Joined]("join")
	// Post delivers a message. The reply says that the server has it; who of the
	// others has it is told by [Delivered] afterwards.
	Post = event.NewCall[Draft, Receipt]("post")
	// Shown says that a message, named by its ID, is on the sender's screen.
	Shown = event.New[string]("shown")
	// Typing says whether the sender is writing in the room it is in.
	Typing = event.New[bool]("typing")
	// Latency is answered at once, so that a client can measure a round trip.
	Latency = event.NewCall[struct{}, struct{}]("latency")
)

// From server to client.
var (
	// Rooms is the list of rooms, sent on connection and whenever it changes.
	Rooms = event.New[[]Room]("rooms")
	// Presence tells everybody in a room that somebody came or left.
	Presence = event.New[RoomPresence]("presence")
	// Posted is a message in the room: of the history after joining, or one that
	// somebody else has just written. They come in the order of their Seq.
	Posted = event.New[Message]("posted")
	// Delivered tells the author of a message how many of the others show it.
	Delivered = event.New[Delivery]("delivered")
	// Typed tells that somebody in the room began or stopped writing.
	Typed = event.New[Writer]("typed")
)

// FixedRooms always exist. Others exist while somebody is in them.
var FixedRooms = []string{"lobby", "garden", "workshop"}

// Room is an entry in the list of rooms.
type Room struct {
	Name   string `json:"name"`
	People int    `json:"people"`
}

// Member is a person in a room.
type Member struct {
	// ID is derived by the server from the person's key, so that it stays the same
	// over a reconnection and a restart, and cannot be taken by somebody else.
	ID   string `json:"id"`
	Name string `json:"name"`
}

// JoinRequest asks to enter a room.
type JoinRequest struct {
	Room string `json:"room"`
	Name string `json:"name"`
	Key  string `json:"key"` // a secret of the client, at least 16 characters
	// After is how far the client has followed this room; the zero value asks for
	// everything there is.
	After Cursor `json:"after"`
}

// Cursor is a position in the history of a room.
type Cursor struct {
	Run string `json:"run"` // of the server's memory: a restarted server has another
	Seq int    `json:"seq"` // of the last message
}

// Gap says why the history does not continue where the client was.
type Gap string

const (
	// NoGap means that nothing is missing.
	NoGap Gap = ""
	// GapRestart means that the server's memory is gone: it was started again.
	GapRestart Gap = "restart"
	// GapTrimmed means that more was written meanwhile than the server remembers.
	GapTrimmed Gap = "trimmed"
)

// Joined is the reply to [Join]. What the client lacks follows as [Posted] events,
// of which the first may overtake it.
type Joined struct {
	Room    string   `json:"room"`
	You     Member   `json:"you"`
	Members []Member `json:"members"`
	Gap     Gap      `json:"gap"`
	Cursor  Cursor   `json:"cursor"` // before the first of what follows
}

// Draft is a message as its author sends it.
type Draft struct {
	// ID is chosen by the author and unique. A draft that is sent again, because the
	// reply was lost with the connection, is posted once.
	ID      string   `json:"id"`
	Room    string   `json:"room"` // may be another than the one joined: the draft may have waited for a connection
	Text    string   `json:"text"`
	Picture *Picture `json:"picture,omitempty"`
}

// Receipt is the reply to [Post].
type Receipt struct {
	Seq    int   `json:"seq"`
	At     int64 `json:"at"`
	Others int   `json:"others"` // people in the room it is now sent to, without the author
}

// Message is a message in a room.
type Message struct {
	ID      string   `json:"id"`
	Room    string   `json:"room"`
	Seq     int      `json:"seq"` // 1, 2, 3 … in the room
	From    Member   `json:"from"`
	At      int64    `json:"at"` // Unix time in milliseconds, by the server's clock
	Text    string   `json:"text"`
	Picture *Picture `json:"picture,omitempty"`
}

// Picture is an image. Its bytes travel as a binary attachment.
type Picture struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // one of PictureTypes
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Data   []byte `json:"data"`
}

// Delivery says who has a message.
type Delivery struct {
	ID     string `json:"id"`
	Got    int    `json:"got"`    // others who show it
	Others int    `json:"others"` // others it was sent to
}

// RoomPresence says who is in a room, and whose coming or going changed it.
type RoomPresence struct {
	Room    string   `json:"room"`
	Members []Member `json:"members"`
	Who     Member   `json:"who"`
	Left    bool     `json:"left"` // or joined
}

// Writer is somebody who began or stopped writing.
type Writer struct {
	Room   string `json:"room"`
	From   Member `json:"from"`
	Active bool   `json:"active"`
}
