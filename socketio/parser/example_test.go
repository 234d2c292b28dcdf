package parser_test

import (
	"errors"
	"fmt"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

func ExampleFormat() {
	var f parser.Format = parser.JSON{}
	id := uint64(13)
	group, err := f.EncodeEvent("/admin", &id, "upload", []any{"a.png", []byte{1, 2, 3}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range group {
		if m.Binary {
			fmt.Println(m.Data)
		} else {
			fmt.Printf("%s\n", m.Data)
		}
	}

	d := f.NewDecoder(parser.Limits{})
	for _, m := range group {
		p, complete, err := d.Decode(m)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Type, p.Namespace, p.ID, complete)
		if !complete {
			continue
		}
		elements, _ := f.Split(nil, p, -1)
		var data []byte
		err = f.Decode(elements[2], p.Attachments, &data)
		fmt.Printf("%s %v %v\n", elements[0], data, err)
	}
	// Output:
	// 51-/admin,13["upload","a.png",{"_placeholder":true,"num":0}]
	// [1 2 3]
	// EVENT /admin 13 false
	// EVENT /admin 13 true
	// upload [1 2 3] <nil>
}

func ExampleJSON_AppendArgument() {
	event, _ := parser.JSON{}.EncodeEvent("/", nil, "news", []any{1})
	longer := parser.JSON{}.AppendArgument(event, "an offset")
	fmt.Printf("%s\n%s\n", event[0].Data, longer[0].Data)
	// Output:
	// 2["news",1]
	// 2["news",1,"an offset"]
}

func ExampleSyntaxError() {
	d := parser.JSON{}.NewDecoder(parser.Limits{})
	_, _, err := d.Decode(transport.Message{Data: []byte(`2["disconnect"]`)})
	var syntax *parser.SyntaxError
	if errors.As(err, &syntax) {
		fmt.Printf("byte %d: %v\n", syntax.Offset, syntax.Err)
	}
	fmt.Println(errors.Is(err, parser.ErrReserved))
	// Output:
	// byte 2: reserved event name
	// true
}
