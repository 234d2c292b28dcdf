//go:build js

package transportjs

import (
	"testing"

	"github.com/isosocket/isosocket/transport/transporttest"
)

func target() transporttest.Target {
	platform := Platform(nil)
	return transporttest.Target{
		Dialer:       platform.Dialer,
		RoundTripper: platform.RoundTripper,
		URL:          peerURL("http", ""),
		TooLarge:     closeCode(1009),
		LosesUnread:  !inPage(),
		Repeats:      true,
	}
}

func TestDialerConforms(t *testing.T) {
	watchBorder(t)
	transporttest.TestDialer(t, target())
}

func TestRoundTripperConforms(t *testing.T) {
	watchBorder(t)
	transporttest.TestRoundTripper(t, target())
}
