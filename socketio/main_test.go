//go:build !js

package socketio

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // servers log what tests provoke
	goleak.VerifyTestMain(m)
}
