package main

import (
	"os"
	"os/exec"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// thisProcess is this test as if it were a server.
func thisProcess(address string) *process {
	return &process{name: ours, address: address, cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
}

func TestParseStat(t *testing.T) {
	for name, stat := range map[string]string{
		"a plain name":       "7 (bench) S 1 7 7 0 -1 4194304 100 0 0 0 250 31 5 6 20 0 8 0 100",
		"a name like fields": "7 (a) b (c d) S 1 7 7 0 -1 4194304 100 0 0 0 250 31 5 6 20 0 8 0 100",
	} {
		t.Run(name, func(t *testing.T) {
			user, kernel, err := parseStat(stat)
			require.NoError(t, err)
			require.Equal(t, 2500*time.Millisecond, user)
			require.Equal(t, 310*time.Millisecond, kernel)
		})
	}
	for name, stat := range map[string]string{
		"too short":   "7 (bench) S 1 7 7 0 -1 4194304 100 0 0 0 250",
		"not numbers": "7 (bench) S 1 7 7 0 -1 4194304 100 0 0 0 a b",
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := parseStat(stat)
			require.Error(t, err)
		})
	}
}

func TestUsageCountsWrites(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	s := thisProcess("")
	before, err := s.usage()
	require.NoError(t, err)
	for range 1000 {
		_, err := null.Write([]byte("x"))
		require.NoError(t, err)
	}
	after, err := s.usage()
	require.NoError(t, err)
	used := after.since(before)
	require.GreaterOrEqual(t, used.writes, int64(1000))
	require.Less(t, used.writes, int64(1100), "the runtime writes now and then to wake itself up")
	require.Equal(t, before, after.since(used))
}

func TestUsageOfNoProcess(t *testing.T) {
	s := thisProcess("")
	s.cmd.Process.Pid = 1 << 30
	_, err := s.usage()
	require.Error(t, err)
	_, err = s.resident()
	require.Error(t, err)
	require.Error(t, s.forgetPeak())
}

func TestPeak(t *testing.T) {
	s := thisProcess("")
	const size = 64 << 20
	before, err := s.resident()
	require.NoError(t, err)
	held := make([]byte, size)
	for i := range held {
		held[i] = 1
	}
	high, err := s.peak()
	require.NoError(t, err)
	require.Greater(t, high, before+size/2)
	require.Equal(t, byte(1), held[size-1])

	held = nil
	debug.FreeOSMemory()
	require.NoError(t, s.forgetPeak())
	low, err := s.peak()
	require.NoError(t, err)
	require.Less(t, low, high-size/2)
}
