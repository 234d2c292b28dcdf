package parser_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/stretchr/testify/require"
)

// decode returns the packet of a text message and its attachments.
func decode(text string, attachments ...string) (*parser.Packet, error) {
	d := parser.JSON{}.NewDecoder(parser.Limits{MaxAttachments: 1000})
	p, _, err := d.Decode(transport.Message{Data: []byte(text)})
	for _, a := range attachments {
		if err == nil {
			p, _, err = d.Decode(transport.Message{Data: []byte(a), Binary: true})
		}
	}
	return &p, err
}

// message returns the message of an event named "x" with these arguments in JSON.
// In the arguments, $0 is the placeholder of the first attachment, and so on.
func message(t testing.TB, arguments string, attachments ...string) *event.Message {
	header := "2"
	for i := range attachments {
		header = fmt.Sprintf("5%d-", len(attachments))
		arguments = strings.ReplaceAll(arguments, fmt.Sprint("$", i), string(parser.AppendPlaceholder(nil, i)))
	}
	p, err := decode(header+`["x",`+arguments+`]`, attachments...)
	require.NoError(t, err)
	return event.NewMessage(parser.JSON{}, p, nil)
}

// upload unmarshals itself from the base64 text that encoding/json writes for bytes.
type upload struct{ content string }

func (u *upload) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	u.content = "content " + string(b)
	return nil
}

type picky struct{ text string }

func (p *picky) UnmarshalText(text []byte) error {
	if string(text) != "Yg==" {
		return errors.New("not what I like")
	}
	p.text = string(text)
	return nil
}

type shout string

func (s shout) String() string { return string(s) + "!" }

type labelled struct {
	S    fmt.Stringer
	Data []byte `json:"data"`
}

func decoded(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	a, b := []byte("a"), []byte("b")
	type twice struct {
		A, B []byte
	}
	type mixed struct {
		At    time.Time
		Size  *big.Int
		Data  []byte
		Any   any
		File  upload
		Raw   json.RawMessage
		Picky *picky
	}
	now := time.Unix(0, 0).UTC()
	tests := []struct {
		name        string
		argument    string
		attachments []string
		target      any
		want        any
	}{
		{"number", `1.5`, nil, new(any), 1.5},
		{"any", `{"a":[1,"s",null,true]}`, nil, new(any), map[string]any{"a": []any{1.0, "s", nil, true}}},
		{"more digits than a float64 has", `12345678901234567890`, nil, new(any), 12345678901234567890.0},
		{"every digit", `12345678901234567890`, nil, new(json.Number), json.Number("12345678901234567890")},
		{"negative zero", `-0`, nil, new(any), math.Copysign(0, -1)},
		{"lone surrogate", `"a\ud800b"`, nil, new(any), "a\uFFFDb"},
		{"null", `null`, nil, &inner{a}, inner{a}},
		{"a placeholder without attachments is an object", `{"_placeholder":true,"num":0}`, nil, new(any),
			map[string]any{"_placeholder": true, "num": 0.0}},
		{"base64 text, as encoding/json takes it", `"YQ=="`, nil, new([]byte), a},

		{"bytes", `$0`, []string{"a"}, new([]byte), a},
		{"bytes between white space", ` $0 `, []string{"a"}, new([]byte), a},
		{"members the other way round", `{"num": 0, "_placeholder": true}`, []string{"a"}, new([]byte), a},
		{"empty bytes", `$0`, []string{""}, new([]byte), []byte{}},
		{"bytes into any", `$0`, []string{"a"}, new(any), any(a)},
		{"bytes into a pointer", `$0`, []string{"a"}, new(*[]byte), &a},
		{"named bytes", `$0`, []string{"a"}, new(blob), blob("a")},
		{"bytes of a named type", `$0`, []string{"a"}, new([]octet), []octet{'a'}},
		{"struct", `{"data":$0}`, []string{"a"}, new(inner), inner{a}},
		{"pointer to struct", `{"data":$0}`, []string{"a"}, new(*inner), &inner{a}},
		{"names in another case", `{"DATA":$0}`, []string{"a"}, new(inner), inner{a}},
		{"unknown fields", `{"other":$1,"data":$0}`, []string{"a", "b"}, new(inner), inner{a}},
		{"slice", `[$0,null,$1]`, []string{"a", "b"}, new([][]byte), [][]byte{a, nil, b}},
		{"array", `[$0,{"data":$1}]`, []string{"a", "b"}, new([2]any), [2]any{a, map[string]any{"data": b}}},
		{"map", `{"k":$0,"l":null}`, []string{"a"}, new(map[string][]byte), map[string][]byte{"k": a, "l": nil}},
		{"map of structs", `{"k":{"data":$0}}`, []string{"a"}, new(map[string]inner), map[string]inner{"k": {a}}},
		{"map of any", `{"k":[{"l":$0},"s"]}`, []string{"a"}, new(map[string]any), map[string]any{"k": []any{map[string]any{"l": a}, "s"}}},
		{"embedded structs", `{"thumb":$0,"promoted":$1}`, []string{"a", "b"}, new(struct {
			*Embedded
			hidden
		}), struct {
			*Embedded
			hidden
		}{&Embedded{a}, hidden{b}}},
		{"the same attachment twice", `{"A":$0,"B":$0}`, []string{"a"}, new(twice), twice{a, a}},
		{"recursive type", `{"Data":$0,"Next":{"Data":$1}}`, []string{"a", "b"}, new(list), list{Data: a, Next: &list{Data: b}}},
		{"what the target held", `{"l":$0}`, []string{"a"}, &map[string]any{"k": "v"}, map[string]any{"k": "v", "l": a}},
		{"text that looks like a token", `["` + strings.Repeat("a", 36) + `",$0,"` + strings.Repeat("a", 28) + `aaaaaaaa"]`, []string{"a"}, new(any),
			any([]any{strings.Repeat("a", 36), a, strings.Repeat("a", 36)})},
		{"text that looks like the bytes of a token", `["` + strings.Repeat("abcd", 9) + `",$0]`, []string{"a"}, new([][]byte),
			[][]byte{decoded(strings.Repeat("abcd", 9)), a}},
		{"value in an interface with methods", `{"data":$0,"S":null}`, []string{"a"}, &labelled{S: shout("s")}, labelled{Data: a}},
		{"value left in an interface with methods", `{"data":$0}`, []string{"a"}, &labelled{S: shout("s")}, labelled{S: shout("s"), Data: a}},
		{"pointer in an interface", `{"data":$0}`, []string{"a"}, func() *any { v := any(new(inner)); return &v }(), any(&inner{a})},

		{"raw JSON gets base64 text", `{"k":$0}`, []string{"a"}, new(json.RawMessage), json.RawMessage(`{"k":"YQ=="}`)},
		{"types with their own JSON get base64 text",
			`{"At":"1970-01-01T00:00:00Z","Size":7,"Data":$0,"Any":[$1],"File":$0,"Raw":[$1],"Picky":$1}`, []string{"a", "b"}, new(mixed),
			mixed{At: now, Size: big.NewInt(7), Data: a, Any: []any{b}, File: upload{"content a"}, Raw: json.RawMessage(`["Yg=="]`), Picky: &picky{"Yg=="}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := message(t, tt.argument, tt.attachments...)
			require.NoError(t, m.Decode(tt.target))
			require.Equal(t, tt.want, deref(tt.target))
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	mismatch := new(*parser.TypeError)
	tests := []struct {
		name        string
		argument    string
		attachments []string
		target      any
		as          any // of errors.As, or an error for errors.Is
		after       any // what the target holds then
	}{
		{"string into int", `"s"`, nil, new(int), mismatch, 0},
		{"binary into string", `$0`, []string{"a"}, new(string), mismatch, ""},
		{"binary into a string of a struct", `{"S":$0,"B":$0}`, []string{"a"}, new(struct {
			S string
			B []byte
		}), mismatch, struct {
			S string
			B []byte
		}{"", []byte("a")}},
		{"binary into strings", `{"k":[$0]}`, []string{"a"}, new(map[string][]string), mismatch, map[string][]string{"k": {""}}},
		{"binary into int", `$0`, []string{"a"}, new(int), mismatch, 0},
		{"binary into a struct", `$0`, []string{"a"}, new(inner), mismatch, inner{}},
		{"binary into an array", `$0`, []string{"a"}, new([1]byte), mismatch, [1]byte{}},
		{"no pointer", `$0`, []string{"a"}, inner{}, parser.ErrTarget, nil},
		{"nil pointer", `$0`, []string{"a"}, (*inner)(nil), parser.ErrTarget, nil},
		{"nil pointer to bytes", `$0`, []string{"a"}, (*[]byte)(nil), parser.ErrTarget, nil},
		{"number too large for float64", `1e400`, nil, new(any), mismatch, nil},
		{"binary into an interface with methods", `{"S":$0}`, []string{"a"}, new(labelled), mismatch, labelled{}},
		{"binary into what an interface points to", `$0`, []string{"a"}, func() *any { v := any(new(int)); return &v }(), mismatch, nil},
		{"binary into an interface that points to itself", `$0`, []string{"a"}, func() *any { var v any; v = &v; return &v }(), nil, nil},
		{"a type that refuses", `[$0]`, []string{"a"}, new([]picky), nil, []picky{{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := message(t, `0,`+tt.argument, tt.attachments...).Decode(nil, tt.target)
			var decode *event.DecodeError
			require.ErrorAs(t, err, &decode)
			require.Equal(t, "x", decode.Event)
			require.Equal(t, 1, decode.Argument)
			if is, ok := tt.as.(error); ok {
				require.ErrorIs(t, err, is)
			} else if tt.as != nil {
				require.ErrorAs(t, err, tt.as)
			}
			if tt.after != nil {
				require.Equal(t, tt.after, deref(tt.target))
			}
		})
	}
}

func TestDecodeTargets(t *testing.T) {
	m := message(t, `1,2,3`)
	require.Equal(t, 3, m.Len())

	a, c, d := -1, -1, -1
	require.NoError(t, m.Decode(&a))
	require.Equal(t, 1, a, "fewer targets than arguments")
	require.NoError(t, m.Decode(nil, nil, &c, &d))
	require.Equal(t, 3, c)
	require.Equal(t, -1, d, "fewer arguments than targets")
}

func TestDecodedBytesBelongToTheReceiver(t *testing.T) {
	m := message(t, `[$0,$0],$0,{"data":$0}`, "a")
	var first, second struct {
		pair  [][]byte
		whole []byte
		named inner
	}
	require.NoError(t, m.Decode(&first.pair, &first.whole, &first.named))
	for _, b := range [][]byte{first.pair[0], first.whole, first.named.Data} {
		b[0] = 'x'
	}
	require.Equal(t, "a", string(first.pair[1]))
	require.NoError(t, m.Decode(&second.pair, &second.whole, &second.named))
	for _, b := range append(second.pair, second.whole, second.named.Data) {
		require.Equal(t, "a", string(b))
	}
}

func TestDecodeBoundsCopies(t *testing.T) {
	large := strings.Repeat("a", 1000)
	var list [][]byte
	require.NoError(t, message(t, `[$0,$0,$0,$0]`, large).Decode(&list))
	require.Len(t, list, 4)
	require.NoError(t, message(t, `[$0`+strings.Repeat(`,$0`, 999)+`]`, "").Decode(&list))
	require.Len(t, list, 1000, "empty ones cost nothing")

	var decode *event.DecodeError
	many := message(t, `[$0`+strings.Repeat(`,$0`, 999)+`]`, large)
	require.ErrorAs(t, many.Decode(&list), &decode)
	require.ErrorAs(t, many.Decode(new(json.RawMessage)), &decode)
}

func TestNewMessage(t *testing.T) {
	tests := []struct {
		data string
		name string
		args int
	}{
		{`["x"]`, "x", 0},
		{`["a\u0062\"",1]`, `ab"`, 1},
		{`[7,1,2,3,4,5]`, "7", 5},
		{`[ "" , 1 ]`, "", 1},
	}
	for _, tt := range tests {
		p, err := decode("2" + tt.data)
		require.NoError(t, err, tt.data)
		m := event.NewMessage(parser.JSON{}, p, nil)
		require.Equal(t, tt.name, m.Name(), tt.data)
		require.Equal(t, tt.args, m.Len(), tt.data)
	}
	for _, data := range []string{``, `[`, `[]`, `{}`, `"x"`, `null`} { // which no decoder lets through
		m := event.NewMessage(parser.JSON{}, &parser.Packet{Type: parser.Event, Data: []byte(data)}, nil)
		require.NotPanics(t, func() { _ = m.Decode(new(any)) }, data)
	}
}

// The decoder refuses such packets; one that is made otherwise must not panic.
func TestPlaceholderWithoutAttachment(t *testing.T) {
	for _, num := range []string{"1", "2147483646"} {
		m := event.NewMessage(parser.JSON{}, &parser.Packet{
			Type: parser.Event, Data: []byte(`["x",{"_placeholder":true,"num":` + num + `}]`), Attachments: [][]byte{{1}},
		}, nil)
		var decode *event.DecodeError
		require.ErrorAs(t, m.Decode(new(any)), &decode)
	}
}

// What socket.io-parser 4.2.7 writes for emit("x", {file: Buffer, list: [Uint8Array, ArrayBuffer]}, "<é>", undefined).
func TestDecodeJavaScript(t *testing.T) {
	p, err := decode(`53-["x",{"file":{"_placeholder":true,"num":0},"list":[{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]},"<é>",null]`, "a", "b", "")
	require.NoError(t, err)
	m := event.NewMessage(parser.JSON{}, p, nil)

	var payload struct {
		File []byte
		List [][]byte
	}
	var s string
	undefined := "untouched"
	require.NoError(t, m.Decode(&payload, &s, &undefined))
	require.Equal(t, "a", string(payload.File))
	require.Equal(t, [][]byte{[]byte("b"), {}}, payload.List)
	require.Equal(t, "<é>", s)
	require.Equal(t, "untouched", undefined)
}

// deref returns what the pointer, if it is one, points to.
func deref(pointer any) any {
	v := reflect.ValueOf(pointer)
	if v.Kind() != reflect.Pointer {
		return pointer
	}
	return v.Elem().Interface()
}
