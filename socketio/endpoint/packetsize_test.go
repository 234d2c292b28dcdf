package endpoint_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/queue"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// What waits in an inbox holds no more than twice what is counted for it.
func TestPacketSize(t *testing.T) {
	blanks := strings.Repeat(" ", 500_000)
	for _, tt := range []struct {
		name       string
		text       string
		attachment []byte // of which there are ten for a binary event
	}{
		{"small", `2["x"]`, nil},
		{"with an id", `29007199254740991["x",1]`, nil},
		{"blanks behind", `2["x"]` + strings.Repeat(" ", 10_000), nil},
		{"blanks between", `2["x",` + blanks + `1]`, nil},
		{"one more blank than data", `2["` + blanks + `"]` + blanks, nil},
		{"many arguments", `2["x"` + strings.Repeat(",1", 9_999) + `]`, nil},
		{"a long name", `2["` + blanks + `"]`, nil},
		{"a long name with escapes", `2["` + strings.Repeat(`\u0000`, 100_000) + `"]`, nil},
		{"empty attachments", `510-["x"]`, []byte{}},
		{"small attachments of large messages", `510-["x"]`, make([]byte, 4000)[:1]},
		{"large attachments", `510-["x"]`, make([]byte, 100_000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			packets := 1 + 4_000_000/(len(tt.text)+10*cap(tt.attachment)+1000)
			counted := 0
			var inbox endpoint.Inbox
			inbox.Init(queue.Limits{}, func(any, *event.Message) {}, nil)
			blocked := make(chan struct{})
			inbox.Call(func() { <-blocked })
			held := transporttest.Held(t, func() any {
				d := parser.JSON{}.NewDecoder(parser.Limits{MaxBytes: -1})
				for range packets {
					p, complete, err := d.Decode(transport.Message{Data: []byte(tt.text)})
					for err == nil && !complete {
						data := make([]byte, cap(tt.attachment))[:len(tt.attachment)]
						p, complete, err = d.Decode(transport.Message{Data: data, Binary: true})
					}
					require.NoError(t, err)
					var ack func(...any) error
					if p.HasID {
						id := p.ID
						ack = func(...any) error { return fmt.Errorf("%v %d", inbox.Wait(context.Background()), id) }
					}
					size := endpoint.PacketSize(&p)
					counted += size
					require.NoError(t, inbox.Put(nil, event.NewMessage(parser.JSON{}, &p, ack), size))
				}
				return nil
			})
			require.Less(t, held, int64(2*counted), "in all of %d packets", packets)
			require.Less(t, int64(counted), 4*held, "it is not counted out of proportion")
			close(blocked)
			require.NoError(t, inbox.Wait(t.Context()))
		})
	}
}
