package parser_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/stretchr/testify/require"
)

// source makes values out of the bytes that a fuzzer found.
type source struct{ data []byte }

func (s *source) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *source) take() []byte {
	n := min(int(s.byte()%32), len(s.data))
	b := s.data[:n:n]
	s.data = s.data[n:]
	return b
}

// value makes a value of the types that an any receives.
func (s *source) value(depth int) any {
	kind := s.byte() % 9
	if depth == 0 {
		kind %= 6
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return s.byte()%2 == 0
	case 2:
		var b [4]byte
		copy(b[:], s.take())
		return float64(int32(binary.LittleEndian.Uint32(b[:])))
	case 3:
		return string([]rune(string(s.take()))) // valid UTF-8
	case 4, 5:
		return append([]byte{}, s.take()...)
	case 6:
		list := make([]any, s.byte()%5)
		for i := range list {
			list[i] = s.value(depth - 1)
		}
		return list
	case 7:
		m := make(map[string]any)
		for range s.byte() % 5 {
			m[string([]rune(string(s.take())))] = s.value(depth - 1)
		}
		return m
	default: // what nobody but an attachment's place should look like, beside some
		return string(parser.AppendPlaceholder(nil, int(s.byte())))
	}
}

type record struct {
	Data  []byte            `json:"data"`
	Blob  blob              `json:"blob,omitempty"`
	Text  string            `json:"text"`
	Any   any               `json:"any"`
	List  [][]byte          `json:"list"`
	Map   map[string][]byte `json:"map"`
	Next  *record           `json:"next,omitempty"`
	At    time.Time         `json:"at"`
	Array [2]any            `json:"array"`
	Embedded
}

func (s *source) record(depth int) record {
	r := record{
		Data: append([]byte{}, s.take()...), Text: string([]rune(string(s.take()))), Any: s.value(3),
		List: [][]byte{nil, append([]byte{}, s.take()...)}, Map: map[string][]byte{"k": append([]byte{}, s.take()...)},
		At: time.Unix(int64(s.byte()), 0).UTC(), Array: [2]any{s.value(1), s.value(2)},
		Embedded: Embedded{append([]byte{}, s.take()...)},
	}
	if b := s.take(); len(b) > 0 {
		r.Blob = blob(b)
	}
	if depth > 0 && s.byte()%2 == 0 {
		next := s.record(depth - 1)
		r.Next = &next
	}
	return r
}

func FuzzEncodeDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x07\x04\x03abc\x04\x03xyz\x06\x03\x04\x02ab\x05\x00\x08\x01\x03\x02hi"))
	seed := make([]byte, 1024)
	for i := range seed {
		seed[i] = byte(i * 37)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := source{data}
		sent, generic := s.record(3), s.value(5)
		before := fmt.Sprintf("%#v %#v", sent, generic)
		group, err := parser.JSON{MaxAttachments: -1}.EncodeEvent("/", nil, "x", []any{sent, &sent, generic})
		require.NoError(t, err)
		require.Equal(t, before, fmt.Sprintf("%#v %#v", sent, generic), "the values of the caller are not changed")

		var attachments []string
		for _, a := range group[1:] {
			attachments = append(attachments, string(a.Data))
		}
		p, err := decode(string(group[0].Data), attachments...)
		require.NoError(t, err)
		m := event.NewMessage(parser.JSON{}, p, nil)
		var got, pointed record
		var any any
		require.NoError(t, m.Decode(&got, &pointed, &any))
		require.Equal(t, sent, got)
		require.Equal(t, sent, pointed)
		require.Equal(t, generic, any)
	})
}

// FuzzDecode gives arguments of a hostile peer to targets of many types.
func FuzzDecode(f *testing.F) {
	placeholder := `{"_placeholder":true,"num":0}`
	for _, arguments := range []string{
		placeholder,
		`{"data":` + placeholder + `,"text":` + placeholder + `}`,
		`{"_placeholder":true,"num":1}`,
		`{"_placeholder":true,"num":-1}`,
		`{"_placeholder":true,"num":"splice"}`,
		`{"_placeholder":true,"num":0.5}`,
		`{"_placeholder":true,"num":0,"num":1}`,
		`{"_placeholder":true,"_placeholder":` + placeholder + `,"num":0}`,
		`{"\u005fplaceholder":true,"num":0}`,
		`{"_placeholder":` + placeholder + `}`,
		`[[[[` + placeholder + `]]]],{"next":{"next":{"data":` + placeholder + `}}}`,
		`{"any":{"k":[` + placeholder + `]},"at":` + placeholder + `}`,
		`{"error":{"message":"m","data":` + placeholder + `}}`,
		`1e400,"\ud800",null,true`,
	} {
		f.Add(`["x",`+arguments+`]`, []byte("a"))
	}
	f.Fuzz(func(t *testing.T, data string, attachment []byte) {
		p, err := decode("51-"+data, string(attachment))
		if err != nil {
			return
		}
		m := event.NewMessage(parser.JSON{}, p, nil)
		before := string(p.Data)
		elements, _ := parser.JSON{}.Split(nil, *p, -1)
		for i, raw := range elements[1:] {
			for _, target := range []any{
				new(any), new([]byte), new(string), new(record), new([]any), new(map[string]any),
				new([][]byte), new(json.RawMessage), new(time.Time), new(upload), new([]upload), new(list),
			} {
				args := make([]any, i+1)
				args[i] = target
				_ = m.Decode(args...)
			}
			if raw[0] == '"' {
				var got, want string
				args := make([]any, i+1)
				args[i] = &got
				require.Equal(t, json.Unmarshal(raw, &want), m.Decode(args...))
				require.Equal(t, want, got)
			}
		}
		require.Equal(t, before, string(p.Data))
		require.Equal(t, string(attachment), string(p.Attachments[0]))
		p.Type = parser.Ack
		_, _, _ = parser.JSON{}.Failure(*p)
	})
}
