package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const titles = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

func TestFindUnread(t *testing.T) {
	table := titles +
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 2 0 100 0 0 10 0\n" +
		"   1: 0100007F:8000 0100007F:1F90 01 00000000:00000A00 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1\n" +
		"   2: 0100007F:1F90 0100007F:8000 01 00000B00:00000000 01:00000014 00000000     0        0 3 3 0 20 4 30 10 -1\n" +
		"   3: 0100007F:1F90 0100007F:8001 04 00000C00:00000007 01:00000014 00000000     0        0 0 3 0\n" +
		"   4: 0100007F:8002 0100007F:1F90 08 00000000:00000D00 00:00000000 00000000     0        0 4 1 0\n" +
		"   5: 0100007F:8000 0100007F:2000 01 00000000:00009999 00:00000000 00000000     0        0 5 1 0\n"
	found, err := findUnread(strings.NewReader(table), []ends{{"8000", "1F90"}, {"8001", "1F90"}, {"8002", "1F90"}})
	require.NoError(t, err)
	require.Equal(t, []unread{
		{bytes: 0xA00 + 0xB00, connected: true},
		{bytes: 0xC00},
		{bytes: 0xD00},
	}, found)
}

func TestFindUnreadInOddTable(t *testing.T) {
	for name, line := range map[string]string{
		"a short line": "   0: 0100007F:8000 0100007F:1F90 01\n",
		"no numbers":   "   0: 0100007F:8000 0100007F:1F90 01 what:ever\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := findUnread(strings.NewReader(titles+line), []ends{{"8000", "1F90"}})
			require.Error(t, err)
		})
	}
}

func TestFindUnreadOfThisMachine(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := listener.Accept()
	require.NoError(t, err)
	_, err = server.Write(make([]byte, 1000))
	require.NoError(t, err)

	look := func() unread {
		table, err := os.Open("/proc/net/tcp")
		require.NoError(t, err)
		defer table.Close()
		found, err := findUnread(table, []ends{endsOf(client)})
		require.NoError(t, err)
		require.Len(t, found, 1)
		return found[0]
	}
	require.True(t, look().connected)
	// Once at each end until they are acknowledged.
	require.GreaterOrEqual(t, look().bytes, int64(1000))
	require.LessOrEqual(t, look().bytes, int64(2000))
	require.NoError(t, server.Close())
	require.False(t, look().connected)
}
