//go:build !linux

package main

import (
	"syscall"
	"time"
)

// The measurements need Linux. What is here lets the package compile elsewhere.

func sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }

func smallBuffers(_, _ string, _ syscall.RawConn) error { return nil }
