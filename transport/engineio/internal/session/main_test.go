package session

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails on goroutines left behind. Under js the runtime keeps one for the events of the host.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
