package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is also the servers: start runs the test's own binary.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		exit(serve(os.Args[2], os.Args[3]))
	}
	goleak.VerifyTestMain(m)
}
