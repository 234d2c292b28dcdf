package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
)

var (
	errNotStalled   = errors.New("one that does not read may have received everything")
	errDisconnected = errors.New("one that does not read was disconnected")
)

// addStalled connects one more client that gets what is for everybody and does not read.
func (c *crowd) addStalled(ctx context.Context, s *process) error {
	socket, err := dialSocketWith(ctx, net.Dialer{Control: smallBuffers}, s, 256)
	if err == nil {
		c.stalled = append(c.stalled, socket)
	}
	return err
}

// stall broadcasts until the kernel takes no more for those who do not read. From then
// on the server itself has to keep what is for them, or to disconnect them.
func (c *crowd) stall(ctx context.Context) error {
	if len(c.stalled) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errNotStalled)
	defer cancel()
	for {
		if err := c.round(ctx); err != nil {
			return err
		}
		all, err := c.unread()
		if err != nil {
			return err
		}
		if c.checkStalled(all) == nil {
			return nil
		}
	}
}

// round broadcasts InFlight events, and waits until all who read have them.
func (c *crowd) round(ctx context.Context) error {
	events := newPending()
	c.enter(tally{events})
	events.add(c.load.InFlight * c.load.Group)
	if err := c.tape.send(c.links[0], 0, c.load.InFlight); err != nil {
		return err
	}
	return c.drain(ctx, events)
}

// late is how many bytes a server that can send may be behind with: many rounds.
const late = 64 << 10

// checkStalled fails if the server may have sent everything that was broadcast to
// one who does not read.
func (c *crowd) checkStalled(all []unread) error {
	broadcast := c.delivered / int64(c.load.Group) * int64(c.load.Payload)
	for _, u := range all {
		if u.bytes+late > broadcast {
			return fmt.Errorf("%w: the kernel holds %d bytes, %d were broadcast", errNotStalled, u.bytes, broadcast)
		}
	}
	return nil
}

// checkStillStalled fails unless those who do not read have been connected and
// stalled all the time.
func (c *crowd) checkStillStalled() error {
	if len(c.stalled) == 0 {
		return nil
	}
	all, err := c.unread()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(u unread) bool { return !u.connected }) {
		return errDisconnected
	}
	return c.checkStalled(all)
}

// unread returns what waits for each of those who do not read.
func (c *crowd) unread() ([]unread, error) {
	table, err := os.Open("/proc/net/tcp")
	if err != nil {
		return nil, err
	}
	defer table.Close()
	var clients []ends
	for _, s := range c.stalled {
		clients = append(clients, endsOf(s.conn))
	}
	return findUnread(table, clients)
}
