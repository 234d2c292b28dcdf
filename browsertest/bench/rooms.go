package main

import (
	"context"
	"encoding/json"
	"strconv"
)

// join makes every connection a member of the rooms whose events are for its group,
// which is the first phase of a load with rooms.
func (c *crowd) join(ctx context.Context) error {
	joined := newPending()
	c.enter(tally{joined})
	joined.add(len(c.links)) // one acknowledgement each
	for i, link := range c.links {
		if err := link.send(c.load.joinPacket(i / c.load.Group)); err != nil {
			return err
		}
	}
	return c.drain(ctx, joined)
}

// joinPacket asks for the rooms of a group.
func (l *load) joinPacket(group int) []byte {
	var names []string
	for room := group; room < l.Rooms; room += l.groups() {
		names = append(names, roomName(room))
	}
	list, err := json.Marshal(names)
	if err != nil {
		panic("BUG: encode names of rooms: " + err.Error()) // strings always encode
	}
	return l.packet(`420["join",` + string(list) + `]`)
}

func roomName(i int) string { return "room-" + strconv.Itoa(i) }
