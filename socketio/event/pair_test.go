package event_test

import "github.com/isosocket/isosocket/socketio/endpoint/endpointtest"

func newPair() (a, b *endpointtest.End) { return endpointtest.Pair(nil) }
