package parser_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/socketio/parser/parsertest"
	"github.com/isosocket/isosocket/transport"
)

// ownJSON marshals itself to what it is.
type ownJSON string

func (j ownJSON) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// What a peer may take for a placeholder cannot be sent beside binary values: the
// protocol has no escape for it.
func TestEncodeWhatLooksLikeAPlaceholder(t *testing.T) {
	type honest struct {
		Mark bool `json:"_placeholder"`
		Num  int  `json:"num"`
	}
	object := map[string]any{"_placeholder": true, "num": 7.0}
	for _, tt := range []struct {
		name  string
		value any
	}{
		{"map", object},
		{"map within", []any{1, map[string]any{"a": []any{object}}}},
		{"map of booleans", map[string]bool{"_placeholder": true}},
		{"struct", honest{Mark: true}},
		{"pointer to a struct", &honest{Mark: true, Num: 7}},
		{"valid number", map[string]any{"_placeholder": true, "num": 0}},
		{"no number", map[string]any{"_placeholder": true}},
		{"true to Python", map[string]any{"_placeholder": 1, "num": 7}},
		{"true to Java", map[string]any{"_placeholder": "true", "num": 7}},
		{"false", map[string]any{"_placeholder": false, "num": 7}}, // C++ wants a boolean, whichever
		{"raw JSON", json.RawMessage(`{"_placeholder":true,"num":7}`)},
		{"raw JSON with an escape", json.RawMessage(`{"\u005fplaceholder":true,"num":7}`)},
		{"raw JSON with other escapes", json.RawMessage(`[[{ "_place\u0068older" : true , "n\u0075m":7}]]`)},
		{"raw JSON with members twice", json.RawMessage(`{"_placeholder":true,"num":7,"_placeholder":false}`)},
		{"raw JSON of a placeholder", json.RawMessage(parser.AppendPlaceholder(nil, 0))},
		{"marshaler", ownJSON(`{"a":{"_placeholder":true,"num":7}}`)},
		{"marshaler in a map", map[string]any{"a": ownJSON(`{"\u005Fplaceholder":true,"num":7}`)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var encode *parser.EncodeError
			for argument, args := range [][]any{{tt.value, []byte("a")}, {[]byte("a"), tt.value}, {1, "s", tt.value, "s", []any{[]byte("a")}}} {
				for _, name := range []string{"x", "_placeholder"} {
					_, err := parser.JSON{}.EncodeEvent("/_placeholder", nil, name, args)
					require.ErrorAs(t, err, &encode)
					require.ErrorIs(t, err, parser.ErrPlaceholder)
					require.Equal(t, argument, encode.Argument)
				}
				_, err := parser.JSON{}.EncodeAck("/", 1, args)
				require.ErrorAs(t, err, &encode)
				require.ErrorIs(t, err, parser.ErrPlaceholder)
				require.Equal(t, argument, encode.Argument)
			}
			_, err := parser.JSON{}.EncodeEvent("/", nil, "x", []any{map[string]any{"a": []byte("a"), "b": tt.value}})
			require.ErrorIs(t, err, parser.ErrPlaceholder, "in one argument")

			group, err := parser.JSON{}.EncodeEvent("/", nil, "x", []any{tt.value, "s"})
			require.NoError(t, err, "without binary values it is an ordinary object")
			requirePacket(t, group)
		})
	}
	for _, value := range []any{
		"_placeholder", []any{"_placeholder", true}, map[string]any{"a": "_placeholder"}, map[string]any{"_placeholder ": true, "\n": 1},
		json.RawMessage(`{"\u005f":"\u005fplaceholder"}`), map[string]any{"a": []byte("_placeholder"), "b": `{"_placeholder":true,"num":7}`},
	} {
		group, err := parser.JSON{}.EncodeEvent("/", nil, "x", []any{value, []byte("a"), value})
		require.NoError(t, err, "%v", value)
		requirePacket(t, group)
	}
}

func TestEncodeMaxArguments(t *testing.T) {
	group, err := parser.JSON{}.EncodeEvent("/", nil, "x", make([]any, 10_000))
	require.NoError(t, err)
	group = parser.JSON{}.AppendArgument(group, "an offset")
	requirePacket(t, group) // it is received with the offset that recovery adds

	var encode *parser.EncodeError
	_, err = parser.JSON{}.EncodeEvent("/", nil, "x", make([]any, 10_001))
	require.ErrorAs(t, err, &encode)
	require.ErrorIs(t, err, parser.ErrArguments)
	_, err = parser.JSON{}.EncodeAck("/", 1, make([]any, 10_001))
	require.ErrorIs(t, err, parser.ErrArguments)
}

func TestEncodeLoneSurrogates(t *testing.T) {
	for _, tt := range []struct{ raw, want string }{
		{`"\ud800"`, `"\ufffd"`},
		{`"a\uDFFFb\n"`, `"a\ufffdb\n"`},
		{`"\ud83d\ude80"`, `"\ud83d\ude80"`},
		{`"\ud83d\ud83d\ude80\ude80"`, `"\ufffd\ud83d\ude80\ufffd"`},
		{`"\ude80\ud83d"`, `"\ufffd\ufffd"`},
		{`{"\ud800":"\\ud800\\\ud800"}`, `{"\ufffd":"\\ud800\\\ufffd"}`},
		{`"\ud83d\\ude80\u0041\t"`, `"\ufffd\\ude80\u0041\t"`},
		{`["\ud83d","\ude80"]`, `["\ufffd","\ufffd"]`},
	} {
		raw := json.RawMessage(tt.raw)
		group, err := parser.JSON{}.EncodeEvent("/", nil, "x", []any{raw})
		require.NoError(t, err)
		require.Equal(t, `2["x",`+tt.want+`]`, string(group[0].Data))
		require.Equal(t, tt.raw, string(raw), "the caller's own stays")
		group, err = parser.JSON{}.EncodeControl(parser.ConnectError, "/", map[string]any{"message": "m", "data": raw})
		require.NoError(t, err)
		require.Equal(t, `4{"data":`+tt.want+`,"message":"m"}`, string(group[0].Data))
	}
}

// Whatever was received can be sent on, in any of the ways that Go has for it, beside
// binary values or not, or Encode says why not: no peer gets what it cannot read.
func TestSendOn(t *testing.T) {
	for _, argument := range parsertest.Hostile {
		receiveAndSendOn(t, []byte(`2["x",`+argument+`]`))
		receiveAndSendOn(t, []byte(`51-["x",`+argument+`,{"_placeholder":true,"num":0}]`))
		receiveAndSendOn(t, []byte(`51-["x",{"a":[{"_placeholder":true,"num":0},`+argument+`]},{"_placeholder":true,"num":0,"b":`+argument+`}]`))
	}
}

// receiveAndSendOn decodes a packet, if it is one, and sends on what is in it.
func receiveAndSendOn(t *testing.T, text []byte) {
	d := parser.JSON{}.NewDecoder(parser.Limits{MaxDepth: 2000, MaxBytes: -1})
	p, complete, err := d.Decode(transport.Message{Data: text})
	for err == nil && !complete {
		p, complete, err = d.Decode(transport.Message{Data: []byte("b"), Binary: true})
	}
	if err != nil || p.Type != parser.Event && p.Type != parser.Ack {
		return
	}
	elements, _ := parser.JSON{}.Split(nil, p, -1)
	name := "x"
	if p.Type == parser.Event {
		name, elements = string(elements[0]), elements[1:]
	}
	var dynamic, raw, wrapped []any
	for _, element := range elements {
		var v any
		if (parser.JSON{}).Decode(element, p.Attachments, &v) == nil {
			dynamic = append(dynamic, v)
		}
		var r json.RawMessage
		if (parser.JSON{}).Decode(element, p.Attachments, &r) == nil {
			raw = append(raw, r)
			wrapped = append(wrapped, ownJSON(r), map[string]any{string(r): r}, struct{ R any }{&r})
		}
	}
	for _, args := range [][]any{dynamic, raw, wrapped, append(dynamic, raw...)} {
		sendOn(t, name, args)
		sendOn(t, name, append([]any{[]byte("own")}, args...))
		sendOn(t, name, append(args, map[string]any{"own": []byte("own"), "all": args}))
	}
}

// sendOn encodes an event as a handler does that has its arguments from a client.
func sendOn(t *testing.T, name string, args []any) {
	group, err := parser.JSON{}.EncodeEvent("/", nil, name, args)
	if err != nil {
		var encode *parser.EncodeError
		require.ErrorAs(t, err, &encode)
		return
	}
	p := requirePacket(t, group)
	elements, _ := parser.JSON{}.Split(nil, p, -1)
	require.Len(t, elements, 1+len(args))
	if utf8.ValidString(name) { // else the transport has refused it
		require.Equal(t, name, string(elements[0]))
	}
	if len(group) == 1 {
		return
	}
	// A reader that takes whatever has a member _placeholder for a placeholder reads the same.
	var data any
	var all func(v any) int
	all = func(v any) (found int) {
		switch v := v.(type) {
		case []any:
			for _, v := range v {
				found += all(v)
			}
		case map[string]any:
			if _, ok := v["_placeholder"]; ok {
				require.Equal(t, map[string]any{"_placeholder": true, "num": v["num"]}, v)
				require.Less(t, v["num"], float64(len(p.Attachments)))
				found++
			}
			for _, v := range v {
				found += all(v)
			}
		}
		return found
	}
	if json.Unmarshal(p.Data, &data) == nil { // else there is a number beyond float64
		require.Equal(t, len(p.Attachments), all(data))
	}
}

// requirePacket returns the packet of a group, as a peer with the usual limits reads it.
func requirePacket(t *testing.T, group []transport.Message) parser.Packet {
	t.Helper()
	d := parser.JSON{}.NewDecoder(parser.Limits{MaxBytes: -1})
	for i, m := range group {
		p, complete, err := d.Decode(m)
		require.NoError(t, err, "%q", group[0].Data)
		require.Equal(t, i == len(group)-1, complete)
		if complete {
			return p
		}
	}
	return parser.Packet{}
}

// FuzzSendOn sends on whatever is a packet.
func FuzzSendOn(f *testing.F) {
	for _, argument := range parsertest.Hostile {
		f.Add([]byte(`2["x",` + argument + `]`))
		f.Add([]byte(`52-["x",` + argument + `,[{"_placeholder":true,"num":1},` + argument + `]]`))
	}
	f.Fuzz(receiveAndSendOn)
}

// A peer that takes ten attachments hangs up on more, such as when the same one was
// received in many places and is sent on.
func TestEncodeMaxAttachments(t *testing.T) {
	many := func(n int) (list []any) {
		for range n {
			list = append(list, []byte{1})
		}
		return list
	}
	var encode *parser.EncodeError
	for _, tt := range []struct {
		format parser.JSON
		limit  int
	}{{parser.JSON{}, 10}, {parser.JSON{MaxAttachments: 3}, 3}, {parser.JSON{MaxAttachments: 20}, 20}, {parser.JSON{MaxAttachments: -1}, 1000}} {
		_, err := tt.format.EncodeEvent("/", nil, "x", many(tt.limit))
		require.NoError(t, err)
		_, err = tt.format.EncodeEvent("/", nil, "x", []any{"s", many(tt.limit)})
		require.NoError(t, err)
		event := parser.Relayed{Data: []byte(`["x"]`), Attachments: make([][]byte, tt.limit)}
		_, err = tt.format.EncodeRelayed("/", nil, event)
		require.NoError(t, err)
		if tt.format.MaxAttachments < 0 {
			continue
		}
		_, err = tt.format.EncodeAck("/", 1, many(tt.limit+1))
		require.ErrorAs(t, err, &encode)
		require.ErrorIs(t, err, parser.ErrTooManyAttachments)
		require.Equal(t, tt.limit, encode.Argument)
		_, err = tt.format.EncodeEvent("/", nil, "x", []any{1, many(tt.limit + 1)})
		require.ErrorIs(t, err, parser.ErrTooManyAttachments)
		event.Attachments = append(event.Attachments, nil)
		_, err = tt.format.EncodeRelayed("/", nil, event)
		require.ErrorIs(t, err, parser.ErrTooManyAttachments)
	}
}
