package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a server's process has used since it began.
type usage struct {
	user, kernel time.Duration // of processor time
	writes       int64         // system calls that write; to sockets, most of them
}

func (s *process) usage() (u usage, err error) {
	stat, err := os.ReadFile(s.proc("stat"))
	if err != nil {
		return u, err
	}
	if u.user, u.kernel, err = parseStat(string(stat)); err != nil {
		return u, err
	}
	u.writes, err = strconv.ParseInt(field(s.proc("io"), "syscw"), 10, 64)
	return u, err
}

// since returns what was used after an earlier usage.
func (u usage) since(before usage) usage {
	return usage{u.user - before.user, u.kernel - before.kernel, u.writes - before.writes}
}

// during returns what the server uses, and how long it takes, until work returns.
func (s *process) during(work func() error) (spent usage, took time.Duration, err error) {
	began := time.Now()
	before, err := s.usage()
	if err != nil {
		return usage{}, 0, err
	}
	if err := work(); err != nil {
		return usage{}, 0, err
	}
	after, err := s.usage()
	return after.since(before), time.Since(began), err
}

// parseStat returns the processor time in /proc/PID/stat.
func parseStat(stat string) (user, kernel time.Duration, err error) {
	// The second field is a name in parentheses, in which anything may stand.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const utime, stime = 14 - 3, 15 - 3 // proc(5) counts from 1, and two fields are cut off
	if len(fields) <= stime {
		return 0, 0, fmt.Errorf("no processor time in %q", stat)
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 wherever Linux runs Go
	for i, d := range map[int]*time.Duration{utime: &user, stime: &kernel} {
		ticks, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, 0, err
		}
		*d = time.Duration(ticks) * tick
	}
	return user, kernel, nil
}

// resident returns the server's memory in bytes.
func (s *process) resident() (int64, error) { return s.memory("VmRSS") }

// forgetPeak makes peak count from now on.
func (s *process) forgetPeak() error {
	return os.WriteFile(s.proc("clear_refs"), []byte("5"), 0)
}

// peak returns the most memory in bytes that the server has had.
func (s *process) peak() (int64, error) { return s.memory("VmHWM") }

// memory returns a size of /proc/PID/status in bytes.
func (s *process) memory(name string) (int64, error) {
	kilobytes, err := strconv.ParseInt(strings.TrimSuffix(field(s.proc("status"), name), " kB"), 10, 64)
	return kilobytes << 10, err
}
