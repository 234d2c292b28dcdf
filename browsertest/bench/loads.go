package main

import (
	"context"
	"fmt"
	"time"
)

// load is one row of the table: something to do to each server.
//
// A load of events has Conns connections in groups. Group 1: each connection gets
// back what it sends. Otherwise the first connection sends for all, and event e
// reaches all connections of the group e modulo the number of groups.
type load struct {
	Name     string
	Kind     string // of handlers, see newOurs
	Conns    int
	Group    int // connections that get an event
	InFlight int // events: on each connection, or on the one that sends for all; or handshakes
	Rate     int // events a second that the open loop sends, on all connections together
	Payload  int // bytes of an event's argument
	Rooms    int // that the events go to in turn, a multiple of the number of groups; 0 without rooms
	Polling  bool
	Stalled  int   // connections more, which get what is for everybody and do not read
	Events   int   // of a storm or a burst
	RawToo   bool  // also for a server without Socket.IO
	Steps    []int // connections to hold, and to measure the memory at; InFlight are opened at a time
	Again    bool  // those of the last step are cut, and come back

	run func(ctx context.Context, l *load, s *process, d durations) ([]Result, error)
}

// holdName is the load whose results have the number of connections before it.
const holdName = "held"

// durations say how long is measured.
type durations struct {
	warmUp, closed, open time.Duration
}

// loads returns all the loads.
func loads() []load {
	var all []load
	for _, kind := range []struct{ name, kind string }{{"text", "echo"}, {"binary", "blob"}} {
		for _, size := range []struct {
			name                        string
			bytes, conns, rate1, rate32 int
		}{{"50 B", 50, 100, 2000, 10_000}, {"1 KB", 1024, 100, 2000, 10_000}, {"64 KB", 64 << 10, 10, 200, 500}} {
			all = append(all,
				load{Name: fmt.Sprintf("echo %s %s, 1 in flight", size.name, kind.name), Kind: kind.kind, Conns: min(20, size.conns), Group: 1, InFlight: 1, Rate: size.rate1, Payload: size.bytes, RawToo: true, run: traffic},
				load{Name: fmt.Sprintf("echo %s %s, 32 in flight", size.name, kind.name), Kind: kind.kind, Conns: size.conns, Group: 1, InFlight: 32, Rate: size.rate32, Payload: size.bytes, RawToo: true, run: traffic},
			)
		}
	}
	all = append(all,
		load{Name: "ack, 1 in flight", Kind: "ack", Conns: 20, Group: 1, InFlight: 1, Rate: 2000, Payload: 50, run: traffic},
		load{Name: "ack, 32 in flight", Kind: "ack", Conns: 100, Group: 1, InFlight: 32, Rate: 10_000, Payload: 50, run: traffic},
		load{Name: "polling echo, 1 in flight", Kind: "echo", Conns: 100, Group: 1, InFlight: 1, Rate: 1000, Payload: 50, Polling: true, run: traffic},
		load{Name: "broadcast to 100", Kind: "cast", Conns: 100, Group: 100, InFlight: 4, Rate: 100, Payload: 50, RawToo: true, run: traffic},
		load{Name: "broadcast to 1,000", Kind: "cast", Conns: 1000, Group: 1000, InFlight: 4, Rate: 10, Payload: 50, RawToo: true, run: traffic},
		load{Name: "broadcast to 10,000", Kind: "cast", Conns: 10_000, Group: 10_000, InFlight: 4, Rate: 2, Payload: 50, RawToo: true, run: traffic},
		load{Name: "broadcast 1 KB to 1,000", Kind: "cast", Conns: 1000, Group: 1000, InFlight: 4, Rate: 25, Payload: 1024, run: traffic},
		load{Name: "broadcast 1 KB to 1,000, another does not read", Kind: "cast", Conns: 1000, Group: 1000, InFlight: 4, Rate: 25, Payload: 1024, Stalled: 1, run: traffic},
		load{Name: "broadcast storm 1 KB to 100, 100 others do not read", Kind: "storm", Conns: 100, Group: 100, InFlight: 32, Payload: 1024, Stalled: 100, Events: 10_240, run: storm},
		load{Name: "10 in a room, 100 rooms", Kind: "room", Conns: 1000, Group: 10, InFlight: 32, Rate: 1000, Payload: 50, Rooms: 100, run: traffic},
		load{Name: "10 in a room, 10,000 rooms", Kind: "room", Conns: 1000, Group: 10, InFlight: 32, Rate: 1000, Payload: 50, Rooms: 10_000, run: traffic},
		load{Name: "connect and disconnect", Kind: "echo", InFlight: 16, RawToo: true, run: churn},
		load{Name: holdName, Kind: "echo", InFlight: dialers, Steps: []int{100, 1000, 10_000, 18_000}, RawToo: true, run: hold},
		load{Name: "connected at once", Kind: "echo", InFlight: 10_000, Steps: []int{10_000}, Again: true, RawToo: true, run: hold},
	)
	return append(all, burstLoads()...)
}

// small returns the load with at most 100 connections, for a smoke run.
func (l load) small() load {
	if l.Conns > 100 {
		l.Conns, l.Group, l.Rooms = 100, min(l.Group, 100), min(l.Rooms, 1000)
	}
	l.Stalled, l.Events = min(l.Stalled, 10), min(l.Events, 512)
	if l.Steps != nil {
		l.Steps = []int{20, 100}
	}
	return l
}
