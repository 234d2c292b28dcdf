package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
)

// unread is what a server has sent to a client that does not read.
type unread struct {
	bytes     int64 // in the kernel, at the client's end and at the server's; at both until they are acknowledged
	connected bool  // the server has not closed the connection
}

// ends are the ports of a connection on this machine, as the kernel writes them.
type ends struct{ local, remote string }

func endsOf(c net.Conn) ends {
	port := func(a net.Addr) string { return fmt.Sprintf("%04X", a.(*net.TCPAddr).Port) }
	return ends{port(c.LocalAddr()), port(c.RemoteAddr())}
}

// findUnread looks for connections, given as the clients see them, in the kernel's
// table /proc/net/tcp. Behind a number, a line has the local and the remote address,
// the state, and how many bytes wait to be sent and to be read: hexadecimal host:port
// and sent:read.
// https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
func findUnread(table io.Reader, clients []ends) ([]unread, error) {
	found := make([]unread, len(clients))
	index := make(map[ends]int, len(clients))
	for i, c := range clients {
		index[c] = i
	}
	lines := bufio.NewScanner(table)
	lines.Scan() // the titles
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			return nil, fmt.Errorf("no queues in %q", lines.Text())
		}
		_, local, _ := strings.Cut(fields[1], ":")
		_, remote, _ := strings.Cut(fields[2], ":")
		client, atClient := index[ends{local, remote}]
		server, atServer := index[ends{remote, local}]
		if !atClient && !atServer {
			continue
		}
		var sending, reading int64
		if _, err := fmt.Sscanf(fields[4], "%x:%x", &sending, &reading); err != nil {
			return nil, fmt.Errorf("queues %q: %w", fields[4], err)
		}
		if atClient {
			found[client].bytes += reading
		}
		if atServer {
			const established = "01"
			found[server].bytes += sending
			found[server].connected = fields[3] == established
		}
	}
	return found, lines.Err()
}
