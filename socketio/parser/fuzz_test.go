package parser

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDecoder gives a decoder the messages of a connection, one a line: text, or
// binary behind a "b".
func FuzzDecoder(f *testing.F) {
	for _, tt := range packets {
		script := tt.text
		for _, attachment := range tt.packet.Attachments {
			script += "\nb" + string(attachment)
		}
		f.Add([]byte(script))
	}
	f.Add([]byte("450-[\"a\"]\nb1"))
	f.Add([]byte("451-[\"a\"]\n2[\"b\"]\nb1"))
	f.Add([]byte("52-[\"a\",{\"num\":1,\"_placeholder\":true}]\nb1\nb\nb3"))
	f.Fuzz(func(t *testing.T, script []byte) {
		var d jsonDecoder
		for message := range bytes.Lines(script) {
			message = bytes.TrimSuffix(message, []byte("\n"))
			binary := len(message) > 0 && message[0] == 'b'
			wasPending := d.pending()
			var p Packet
			var complete bool
			var err error
			if binary {
				p, complete, err = d.binary(message[1:])
			} else {
				p, complete, err = d.text(message)
			}
			switch {
			case err != nil:
				require.Zero(t, p)
				require.False(t, complete)
				require.False(t, d.pending())
			case complete:
				require.Equal(t, wasPending, binary)
				require.False(t, d.pending())
				requirePacket(t, p)
			default:
				require.True(t, d.pending())
			}
		}
	})
}

// requirePacket holds what is true of every packet that was decoded.
func requirePacket(t *testing.T, p Packet) {
	require.True(t, strings.HasPrefix(p.Namespace, "/"))
	require.NotContains(t, p.Namespace, ",")
	require.LessOrEqual(t, p.ID, uint64(MaxID))
	require.Equal(t, cap(p.Data), len(p.Data))
	require.LessOrEqual(t, cap(p.Attachments), 16)

	switch p.Type {
	case Event, Ack:
		requireElements(t, p)
	case Connect, ConnectError:
		require.True(t, len(p.Data) == 0 || json.Valid(p.Data))
	case Disconnect:
		require.Empty(t, p.Data)
	default:
		t.Fatalf("type %v", p.Type)
	}

	var d jsonDecoder
	again, complete, err := d.text(appendText(nil, &p))
	for _, attachment := range p.Attachments {
		require.NoError(t, err)
		require.False(t, complete)
		again, complete, err = d.binary(attachment)
	}
	require.NoError(t, err)
	require.True(t, complete)
	require.Equal(t, p, again)
}

// requireElements holds what is true of the arguments of every event and ack.
func requireElements(t *testing.T, p Packet) {
	var want []json.RawMessage
	require.NoError(t, json.Unmarshal(p.Data, &want))
	elements := Split(nil, p.Data)
	require.Len(t, elements, len(want))
	for i := range want {
		require.Equal(t, string(want[i]), string(elements[i]))
		if p.Attachments != nil {
			requirePlaceholders(t, elements[i], len(p.Attachments))
		}
	}
	if p.Type == Event {
		require.NotEmpty(t, elements)
		var name string
		if elements[0][0] == '"' {
			require.NoError(t, json.Unmarshal(elements[0], &name))
			require.False(t, Reserved(name))
		} else {
			require.Regexp(t, `^-?\d+$`, string(elements[0]))
		}
	}
}

func requirePlaceholders(t *testing.T, element []byte, attachments int) {
	end := 0
	for _, at := range Placeholders(nil, element) {
		require.GreaterOrEqual(t, at.Start, end, "in order and apart")
		end = at.End
		require.Less(t, at.Num, attachments)
		var object map[string]any
		require.NoError(t, json.Unmarshal(element[at.Start:at.End], &object))
		require.Equal(t, true, object["_placeholder"])
		require.Equal(t, float64(at.Num), object["num"])
	}
}

// FuzzJSON compares the scanner with encoding/json.
func FuzzJSON(f *testing.F) {
	for _, tt := range packets {
		f.Add(bytes.TrimSuffix(bytes.TrimPrefix(tt.packet.Data, []byte("[")), []byte("]")))
	}
	for _, seed := range []string{`1.5e+3,-0`, `{"a":{},"b":[[]]}`, `{"a" : "\ud83d\ude80"}`, "\"\x7f\u2028\xff\"", `"0123456\"89abcdef\\"`, `[,]`, `1 2`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, elements []byte) {
		array := "[" + string(elements) + "]"
		d := jsonDecoder{limits: Limits{MaxDepth: 10_000, MaxBytes: -1}}
		p, complete, err := d.text([]byte("3" + array))
		require.Equal(t, json.Valid([]byte(array)), err == nil, "%v", err)
		require.Equal(t, complete, err == nil)
		if complete {
			require.Equal(t, array, string(p.Data))
			requireElements(t, p)
		}
	})
}
