package engineio_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

func Example() {
	m := engineio.Encode(engineio.Packet{Type: engineio.TypePing, Data: []byte("probe")})
	fmt.Printf("%c%s\n", m.Lead, m.Data)

	p, err := engineio.Decode(m)
	fmt.Printf("%v %s %v\n", p.Type, p.Data, err)
	// Output:
	// 2probe
	// ping probe <nil>
}

func ExampleAppendPayload() {
	body := engineio.AppendPayload(nil,
		transport.Message{Data: []byte("4hello")},
		transport.Message{Data: []byte{1, 2, 3, 4}, Binary: true},
	)
	fmt.Printf("%q\n", body)
	// Output: "4hello\x1ebAQIDBA=="
}

func ExampleDecodePayload() {
	for p, err := range engineio.DecodePayload([]byte("2\x1e4hello\x1e?"), 100) {
		var syntax *engineio.SyntaxError
		if errors.As(err, &syntax) {
			fmt.Println("byte", syntax.Offset, syntax.Err)
			break
		}
		fmt.Printf("%v %q\n", p.Type, p.Data)
	}
	// Output:
	// ping ""
	// message "hello"
	// byte 9 unknown packet type
}

func ExampleHandshake() {
	h := engineio.Handshake{
		SID:          "lv_VI97HAXpY6yYWAAAC",
		Upgrades:     []engineio.Transport{engineio.WebSocket},
		PingInterval: 25 * time.Second,
		PingTimeout:  20 * time.Second,
		MaxPayload:   1_000_000,
	}
	fmt.Printf("%s\n", engineio.AppendPayload(nil, h.Encode()))
	// Output: 0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}
}
