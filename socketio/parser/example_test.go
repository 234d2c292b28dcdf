package parser_test

import (
	"errors"
	"fmt"

	"github.com/isosocket/isosocket/socketio/parser"
)

func ExampleAppend() {
	text := parser.Append([]byte("4"), &parser.Packet{
		Type:      parser.Event,
		Namespace: "/admin",
		ID:        13,
		HasID:     true,
		Data:      []byte(`["foo"]`),
	})
	fmt.Printf("%s\n", text)
	// Output: 42/admin,13["foo"]
}

func ExampleDecoder() {
	var d parser.Decoder
	p, complete, err := d.Text([]byte(`2["message",{"id":1},true]`))
	if err != nil || !complete {
		fmt.Println("not a packet:", err)
		return
	}
	for _, argument := range parser.Split(nil, p.Data) {
		fmt.Printf("%s\n", argument)
	}
	// Output:
	// "message"
	// {"id":1}
	// true
}

func ExampleDecoder_binary() {
	var d parser.Decoder
	p, complete, err := d.Text([]byte(`51-["baz",{"_placeholder":true,"num":0}]`))
	fmt.Println(p.Namespace, complete, err)

	p, complete, err = d.Binary([]byte{1, 2, 3, 4})
	fmt.Println(p.Attachments, complete, err)

	for _, at := range parser.Placeholders(nil, p.Data) {
		fmt.Printf("%s is %v\n", p.Data[at.Start:at.End], p.Attachments[at.Num])
	}
	// Output:
	// / false <nil>
	// [[1 2 3 4]] true <nil>
	// {"_placeholder":true,"num":0} is [1 2 3 4]
}

func ExampleSyntaxError() {
	var d parser.Decoder
	_, _, err := d.Text([]byte(`2["disconnect"]`))
	var syntax *parser.SyntaxError
	if errors.As(err, &syntax) {
		fmt.Printf("byte %d: %v\n", syntax.Offset, syntax.Err)
	}
	fmt.Println(errors.Is(err, parser.ErrReserved))
	// Output:
	// byte 2: reserved event name
	// true
}
