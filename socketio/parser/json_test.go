package parser_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// The one shape of an ack that is an error.
func TestFailure(t *testing.T) {
	tests := []struct {
		reply   string
		message string
		data    string // decoded into a json.RawMessage; "" for none
		failed  bool
	}{
		{`{"error":{"message":"m"}}`, "m", "", true},
		{` { "error" : { "message" : "" } } `, "", "", true},
		{`{"error":{"message":"m","data":[1]}}`, "m", `[1]`, true},
		{`{"error":{"data":null,"message":"m"}}`, "m", `null`, true},
		{`{"error":{"message":"m","data":{"k":$0}}}`, "m", `{"k":"YQ=="}`, true},
		{`{"error":{"message":"m","data":[` + strings.Repeat("$0,", 9) + `$0]}}`, "m", "", true}, // too many copies to decode
		{`{"error":{"message":"m","code":1}}`, "", "", false},
		{`{"error":{"message":"m","data":1,"code":1}}`, "", "", false},
		{`{"error":{"message":1}}`, "", "", false},
		{`{"error":{"message":null}}`, "", "", false},
		{`{"error":{"data":1}}`, "", "", false},
		{`{"error":{}}`, "", "", false},
		{`{"error":"m"}`, "", "", false},
		{`{"error":null}`, "", "", false},
		{`{"Error":{"message":"m"}}`, "", "", false},
		{`{"error":{"Message":"m"}}`, "", "", false},
		{`{"error":{"message":"m"},"ok":false}`, "", "", false},
		{`{"error":{"message":"m"}},1`, "", "", false},
		{`[{"error":{"message":"m"}}]`, "", "", false},
		{`"error"`, "", "", false},
		{``, "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.reply, func(t *testing.T) {
			placeholder := string(parser.AppendPlaceholder(nil, 0))
			p, err := decode(`61-7[`+strings.ReplaceAll(tt.reply, "$0", placeholder)+`]`, "a")
			require.NoError(t, err)
			message, data, failed := parser.JSON{}.Failure(*p)
			require.Equal(t, tt.failed, failed)
			require.Equal(t, tt.message, message)
			var raw json.RawMessage
			if err := data.Decode(&raw); tt.data != "" {
				require.NoError(t, err)
			}
			require.Equal(t, tt.data, string(raw))
		})
	}
}

func TestRefusal(t *testing.T) {
	for text, want := range map[string][2]string{
		`4{"message":"m"}`:            {"m", ""},
		`4{"message":"m","data":[1]}`: {"m", "[1]"},
		`4"old servers"`:              {"old servers", ""},
		`4{}`:                         {"", ""},
		`4{"message":1}`:              {"", ""},
	} {
		p, err := decode(text)
		require.NoError(t, err)
		message, data := parser.JSON{}.Refusal(*p)
		require.Equal(t, want, [2]string{message, string(data.Data)}, text)
	}
}

func TestEncodeControl(t *testing.T) {
	type auth struct {
		Token string `json:"token"`
	}
	ids := []parser.Member{{Name: "pid", Value: `p"`}, {Name: "offset", Value: "o"}}
	for _, tt := range []struct {
		t         parser.Type
		namespace string
		payload   any
		members   []parser.Member
		want      string
	}{
		{parser.Connect, "/", nil, nil, `0`},
		{parser.Connect, "/chat", auth{"<t>"}, nil, `0/chat,{"token":"<t>"}`},
		{parser.Connect, "/", nil, ids, `0{"pid":"p\"","offset":"o"}`},
		{parser.Connect, "/", struct{}{}, ids, `0{"pid":"p\"","offset":"o"}`},
		{parser.Connect, "/", auth{"t"}, ids[:1], `0{"pid":"p\"","token":"t"}`},
		{parser.Disconnect, "/", nil, nil, `1`},
		{parser.Disconnect, "/chat", nil, nil, `1/chat,`},
		{parser.ConnectError, "/", auth{"t"}, nil, `4{"token":"t"}`},
		{parser.ConnectError, "/", map[string][]byte{"data": []byte("a")}, nil, `4{"data":"YQ=="}`},
	} {
		group, err := parser.JSON{}.EncodeControl(tt.t, tt.namespace, tt.payload, tt.members...)
		require.NoError(t, err)
		requireGroup(t, group, tt.want)
	}
	for _, payload := range []any{1, "s", []int{1}, (*auth)(nil), map[string][]byte{"a": {1}}} {
		_, err := parser.JSON{}.EncodeControl(parser.Connect, "/", payload)
		require.ErrorIs(t, err, parser.ErrPayload, "%T", payload)
	}
	_, err := parser.JSON{}.EncodeControl(parser.Connect, "/", make(chan int))
	require.Error(t, err)
}

// What is shared by many receivers must stay as it is.
func TestAppendArgument(t *testing.T) {
	event, err := parser.JSON{}.EncodeEvent("/chat", nil, "x", []any{[]byte("a")})
	require.NoError(t, err)
	const text = `51-/chat,["x",{"_placeholder":true,"num":0}`
	first := parser.JSON{}.AppendArgument(event, "1")
	second := parser.JSON{}.AppendArgument(event, "two \"\xff")
	requireGroup(t, event, text+`]`, []byte("a"))
	requireGroup(t, first, text+`,"1"]`, []byte("a"))
	requireGroup(t, second, text+`,"two \"`+replaced[1:]+`]`, []byte("a"))
	require.Same(t, &event[1].Data[0], &first[1].Data[0])
}

func TestRelay(t *testing.T) {
	f := parser.JSON{MaxAttachments: -1}
	id := uint64(7)
	var args []any
	for range 20 {
		args = append(args, []byte("a"))
	}
	for _, args := range [][]any{nil, {1, "s"}, {[]byte("a")}, args} {
		for _, id := range []*uint64{nil, &id} {
			for _, namespace := range []string{"/", "/chat"} {
				event, err := f.EncodeEvent(namespace, id, "x", args)
				require.NoError(t, err)
				relayed, err := parser.JSON{}.RelayEvent(event)
				require.NoError(t, err)
				require.True(t, strings.HasPrefix(string(relayed.Data), `["x"`))
				require.Len(t, relayed.Attachments, len(event)-1)
				again, err := f.EncodeRelayed(namespace, id, relayed)
				require.NoError(t, err)
				require.Equal(t, event, again)
			}
		}
	}
	p, err := decode(`61-7[{"_placeholder":true,"num":0}]`, "a")
	require.NoError(t, err)
	relayed, err := parser.JSON{}.RelayAck(*p)
	require.NoError(t, err)
	require.Equal(t, parser.Relayed{Data: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{[]byte("a")}}, relayed)

	_, err = parser.JSON{}.RelayEvent([]transport.Message{{Data: []byte(`31[]`)}})
	require.ErrorIs(t, err, parser.ErrType)
	for data, cause := range map[string]error{
		``: parser.ErrPayload, `{}`: parser.ErrPayload, `[]`: parser.ErrEventName, `["x"`: parser.ErrJSON, `["connect"]`: parser.ErrReserved,
		`["x",{"_placeholder":true,"num":1}]`: parser.ErrPlaceholder,
	} {
		_, err := parser.JSON{}.EncodeRelayed("/", nil, parser.Relayed{Data: []byte(data), Attachments: [][]byte{{1}}})
		require.ErrorIs(t, err, cause, data)
	}
}
