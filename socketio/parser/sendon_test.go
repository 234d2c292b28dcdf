package parser

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
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
		{"raw JSON of a placeholder", json.RawMessage(AppendPlaceholder(nil, 0))},
		{"marshaler", ownJSON(`{"a":{"_placeholder":true,"num":7}}`)},
		{"marshaler in a map", map[string]any{"a": ownJSON(`{"\u005Fplaceholder":true,"num":7}`)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var encode *EncodeError
			for argument, args := range [][]any{{tt.value, []byte("a")}, {[]byte("a"), tt.value}, {1, "s", tt.value, "s", []any{[]byte("a")}}} {
				for _, name := range []string{"x", "_placeholder"} {
					_, err := JSON{}.EncodeEvent("/_placeholder", nil, name, args)
					require.ErrorAs(t, err, &encode)
					require.ErrorIs(t, err, ErrPlaceholder)
					require.Equal(t, argument, encode.Argument)
				}
				_, err := JSON{}.EncodeAck("/", 1, args)
				require.ErrorAs(t, err, &encode)
				require.ErrorIs(t, err, ErrPlaceholder)
				require.Equal(t, argument, encode.Argument)
			}
			_, err := JSON{}.EncodeEvent("/", nil, "x", []any{map[string]any{"a": []byte("a"), "b": tt.value}})
			require.ErrorIs(t, err, ErrPlaceholder, "in one argument")

			group, err := JSON{}.EncodeEvent("/", nil, "x", []any{tt.value, "s"})
			require.NoError(t, err, "without binary values it is an ordinary object")
			_, complete, err := new(jsonDecoder).text(group[0].Data)
			require.NoError(t, err)
			require.True(t, complete)
		})
	}
	for _, value := range []any{
		"_placeholder", []any{"_placeholder", true}, map[string]any{"a": "_placeholder"}, map[string]any{"_placeholder ": true, "\n": 1},
		json.RawMessage(`{"\u005f":"\u005fplaceholder"}`), map[string]any{"a": []byte("_placeholder"), "b": `{"_placeholder":true,"num":7}`},
	} {
		group, err := JSON{}.EncodeEvent("/", nil, "x", []any{value, []byte("a"), value})
		require.NoError(t, err, "%v", value)
		d := jsonDecoder{}
		_, _, err = d.text(group[0].Data)
		require.NoError(t, err)
	}
}

func TestEncodeMaxArguments(t *testing.T) {
	group, err := JSON{}.EncodeEvent("/", nil, "x", make([]any, maxArguments))
	require.NoError(t, err)
	group = JSON{}.AppendArgument(group, "an offset")
	_, complete, err := new(jsonDecoder).text(group[0].Data)
	require.NoError(t, err, "it is received with the offset that recovery adds")
	require.True(t, complete)

	var encode *EncodeError
	_, err = JSON{}.EncodeEvent("/", nil, "x", make([]any, maxArguments+1))
	require.ErrorAs(t, err, &encode)
	require.ErrorIs(t, err, ErrArguments)
	_, err = JSON{}.EncodeAck("/", 1, make([]any, maxArguments+1))
	require.ErrorIs(t, err, ErrArguments)
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
		group, err := JSON{}.EncodeEvent("/", nil, "x", []any{raw})
		require.NoError(t, err)
		require.Equal(t, `2["x",`+tt.want+`]`, string(group[0].Data))
		require.Equal(t, tt.raw, string(raw), "the caller's own stays")
		group, err = JSON{}.EncodeControl(ConnectError, "/", map[string]any{"message": "m", "data": raw})
		require.NoError(t, err)
		require.Equal(t, `4{"data":`+tt.want+`,"message":"m"}`, string(group[0].Data))
	}
}

// hostile are arguments that a client may send, of which nobody writes some without
// bad intentions.
var hostile = []string{
	`{"_placeholder":true,"num":7}`, `{"\u005fplaceholder":true,"num":7}`, `{"_placeholder":true,"\u006eum":7}`,
	`{"_placeholder":true,"num":0}`, `{"_placeholder":true,"num":0,"x":[{"_placeholder":true,"num":9}]}`,
	`{"_placeholder":1,"num":7}`, `{"_placeholder":"true","num":7}`, `{"_placeholder":false,"num":"splice"}`, `{"_placeholder":null}`,
	`{"a":1,"a":{"_placeholder":true,"num":7},"a":2}`, `{"__proto__":{"_placeholder":true,"num":7}}`, `{"toJSON":1,"constructor":{},"length":-1}`,
	`"\ud800"`, `{"\udc00\ud800":"\ud83d\ude80"}`, `"\u2028\u2029\u0000\u001e\u007f\ufeff"`, "\"\u2028\u2029\x7f\ufeff\uffff\"", `"\u001e4\u001eb4"`, `"</script>"`,
	`1e400`, `-1e400`, `1e-400`, `-0`, `-0.0`, `123456789012345678901234567890`, `0.1e-7`, `9007199254740993`,
	`{"error":{"message":"m","data":1}}`, `{"":"","__defineGetter__":null}`, `[[],{},null,true,""]`,
}

// Whatever was received can be sent on, in any of the ways that Go has for it, beside
// binary values or not, or Encode says why not: no peer gets what it cannot read.
func TestSendOn(t *testing.T) {
	for _, argument := range hostile {
		receiveAndSendOn(t, []byte(`2["x",`+argument+`]`))
		receiveAndSendOn(t, []byte(`51-["x",`+argument+`,{"_placeholder":true,"num":0}]`))
		receiveAndSendOn(t, []byte(`51-["x",{"a":[{"_placeholder":true,"num":0},`+argument+`]},{"_placeholder":true,"num":0,"b":`+argument+`}]`))
	}
}

// receiveAndSendOn decodes a packet, if it is one, and sends on what is in it.
func receiveAndSendOn(t *testing.T, text []byte) {
	d := jsonDecoder{limits: Limits{MaxDepth: 2000, MaxBytes: -1}}
	p, complete, err := d.text(text)
	for range 100 {
		if err != nil || complete {
			break
		}
		p, complete, err = d.binary([]byte("b"))
	}
	if err != nil || p.Type != Event && p.Type != Ack {
		return
	}
	elements, _ := JSON{}.Split(nil, p, -1)
	name := "x"
	if p.Type == Event {
		name, elements = string(elements[0]), elements[1:]
	}
	var dynamic, raw, wrapped []any
	for _, element := range elements {
		var v any
		if (JSON{}).Decode(element, p.Attachments, &v) == nil {
			dynamic = append(dynamic, v)
		}
		var r json.RawMessage
		if (JSON{}).Decode(element, p.Attachments, &r) == nil {
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
	group, err := JSON{}.EncodeEvent("/", nil, name, args)
	if err != nil {
		var encode *EncodeError
		require.ErrorAs(t, err, &encode)
		return
	}
	strict := jsonDecoder{limits: Limits{MaxAttachments: len(group), MaxBytes: -1}}
	p, complete, err := strict.text(group[0].Data)
	for _, m := range group[1:] {
		require.NoError(t, err)
		require.False(t, complete)
		p, complete, err = strict.binary(m.Data)
	}
	require.NoError(t, err, "%q", group[0].Data)
	require.True(t, complete)
	elements, _ := JSON{}.Split(nil, p, -1)
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

// FuzzSendOn sends on whatever is a packet.
func FuzzSendOn(f *testing.F) {
	for _, argument := range hostile {
		f.Add([]byte(`2["x",` + argument + `]`))
		f.Add([]byte(`52-["x",` + argument + `,[{"_placeholder":true,"num":1},` + argument + `]]`))
	}
	for _, tt := range packets {
		f.Add([]byte(tt.text))
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
	var encode *EncodeError
	for _, tt := range []struct {
		format JSON
		limit  int
	}{{JSON{}, 10}, {JSON{MaxAttachments: 3}, 3}, {JSON{MaxAttachments: 20}, 20}, {JSON{MaxAttachments: -1}, 1000}} {
		_, err := tt.format.EncodeEvent("/", nil, "x", many(tt.limit))
		require.NoError(t, err)
		_, err = tt.format.EncodeEvent("/", nil, "x", []any{"s", many(tt.limit)})
		require.NoError(t, err)
		event := Relayed{Data: []byte(`["x"]`), Attachments: make([][]byte, tt.limit)}
		_, err = tt.format.EncodeRelayed("/", nil, event)
		require.NoError(t, err)
		if tt.format.MaxAttachments < 0 {
			continue
		}
		_, err = tt.format.EncodeAck("/", 1, many(tt.limit+1))
		require.ErrorAs(t, err, &encode)
		require.ErrorIs(t, err, ErrTooManyAttachments)
		require.Equal(t, tt.limit, encode.Argument)
		_, err = tt.format.EncodeEvent("/", nil, "x", []any{1, many(tt.limit + 1)})
		require.ErrorIs(t, err, ErrTooManyAttachments)
		event.Attachments = append(event.Attachments, nil)
		_, err = tt.format.EncodeRelayed("/", nil, event)
		require.ErrorIs(t, err, ErrTooManyAttachments)
	}
}
