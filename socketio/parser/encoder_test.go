package parser_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/stretchr/testify/require"
)

type (
	blob  []byte
	octet uint8

	// shouted has a codec of its own, so that its bytes are none of ours.
	shouted []byte
	// stamp has one that encoding/json finds only where a value can be addressed.
	stamp struct{ Raw []byte }

	inner struct {
		Data []byte `json:"data"`
	}
	Embedded struct {
		Thumb []byte `json:"thumb"`
	}
	hidden struct {
		Promoted []byte `json:"promoted"`
	}
	// sparse decides by itself when it is left out.
	sparse struct{ Data []byte }
)

func (s shouted) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(s))), nil }
func (s *stamp) MarshalJSON() ([]byte, error)  { return []byte(`"stamped"`), nil }
func (s *sparse) IsZero() bool                 { return len(s.Data) == 0 }

// maxDepth is how deep a packet may be, its array of arguments included.
const maxDepth = 1000

// replaced is the JSON of a byte that is not UTF-8.
const replaced = `"\ufffd"`

func TestEncode(t *testing.T) {
	const p0, p1, p2 = `{"_placeholder":true,"num":0}`, `{"_placeholder":true,"num":1}`, `{"_placeholder":true,"num":2}`
	a, b, c := []byte("a"), []byte("b"), []byte("c")
	pointer := &inner{a}
	tests := []struct {
		name        string
		args        []any
		want        string
		attachments [][]byte
	}{
		{"no argument", nil, `[]`, nil},
		{"scalars", []any{nil, true, 1, -1.5, "x"}, `[null,true,1,-1.5,"x"]`, nil},
		{"no escaping of HTML", []any{"<a&b>", struct{ S string }{"<&>"}}, `["<a&b>",{"S":"<&>"}]`, nil},
		{"strings that need escaping", []any{"\"\\\n", "é"}, `["\"\\\n","é"]`, nil},
		{"invalid UTF-8 in a string", []any{"\xff"}, "[" + replaced + "]", nil},
		{"nil slice and map", []any{[]int(nil), map[string]int(nil)}, `[null,null]`, nil},
		{"raw JSON", []any{json.RawMessage(` {"a": [1]} `)}, `[{"a": [1]}]`, nil},

		{"bytes", []any{a, b}, `[` + p0 + `,` + p1 + `]`, [][]byte{a, b}},
		{"nil bytes", []any{[]byte(nil), inner{}}, `[null,{"data":null}]`, nil},
		{"empty bytes", []any{[]byte{}, inner{[]byte{}}}, `[` + p0 + `,{"data":` + p1 + `}]`, [][]byte{{}, {}}},
		{"the same bytes twice", []any{a, a}, `[` + p0 + `,` + p1 + `]`, [][]byte{a, a}},
		{"named bytes", []any{blob("a"), []octet{'b'}}, `[` + p0 + `,` + p1 + `]`, [][]byte{a, b}},
		{"pointer to bytes", []any{&a, (*[]byte)(nil)}, `[` + p0 + `,null]`, [][]byte{a}},
		{"array of bytes", []any{[2]byte{1, 2}}, `[[1,2]]`, nil},
		{"struct", []any{inner{a}, &inner{b}}, `[{"data":` + p0 + `},{"data":` + p1 + `}]`, [][]byte{a, b}},
		{"shared pointer", []any{[]*inner{pointer, pointer}}, `[[{"data":` + p0 + `},{"data":` + p1 + `}]]`, [][]byte{a, a}},
		{"slices and arrays", []any{[][]byte{a, nil, b}, [2]inner{{}, {c}}},
			`[[` + p0 + `,null,` + p1 + `],[{"data":null},{"data":` + p2 + `}]]`, [][]byte{a, b, c}},
		{"maps in the order of the document", []any{map[string][]byte{"z": a, "a": b}, map[int]any{1: c}},
			`[{"a":` + p0 + `,"z":` + p1 + `},{"1":` + p2 + `}]`, [][]byte{b, a, c}},
		{"any", []any{map[string]any{"x": []any{1, a, nil, "s"}, "y": inner{b}}},
			`[{"x":[1,` + p0 + `,null,"s"],"y":{"data":` + p1 + `}}]`, [][]byte{a, b}},
		{"fields in the order of the document", []any{struct {
			B []byte
			Embedded
			A []byte `json:"b2"`
		}{b, Embedded{c}, a}}, `[{"B":` + p0 + `,"thumb":` + p1 + `,"b2":` + p2 + `}]`, [][]byte{b, c, a}},
		{"embedded structs", []any{struct {
			*Embedded
			hidden
		}{&Embedded{a}, hidden{b}}}, `[{"thumb":` + p0 + `,"promoted":` + p1 + `}]`, [][]byte{a, b}},
		{"nil embedded pointers", []any{struct {
			*Embedded
			*hidden
		}{}}, `[{}]`, nil},
		{"fields that are not part of the JSON", []any{struct {
			Skipped []byte `json:"-"`
			private []byte
			Kept    []byte `json:"kept"`
		}{a, b, c}}, `[{"kept":` + p0 + `}]`, [][]byte{c}},
		{"hidden field", []any{struct {
			Embedded
			Thumb []byte `json:"thumb"`
		}{Embedded{a}, b}}, `[{"thumb":` + p0 + `}]`, [][]byte{b}},
		{"omitempty", []any{struct {
			A []byte            `json:",omitempty"`
			B []byte            `json:",omitempty"`
			C map[string][]byte `json:",omitempty"`
			D [][]byte          `json:"d,omitempty"`
			E []byte            `json:",omitempty"`
		}{A: []byte{}, D: [][]byte{}, E: a}}, `[{"E":` + p0 + `}]`, [][]byte{a}},
		{"omitzero", []any{struct {
			A []byte `json:",omitzero"`
			B []byte `json:",omitzero"`
			C sparse `json:",omitzero"`
			D sparse `json:",omitzero"`
		}{B: []byte{}, C: sparse{[]byte{}}, D: sparse{a}}}, `[{"B":` + p0 + `,"D":{"Data":` + p1 + `}}]`, [][]byte{{}, a}},

		{"types with their own text", []any{shouted("a"), []shouted{shouted("b")}, map[string]any{"k": shouted("c")}}, `["A",["B"],{"k":"C"}]`, nil},
		{"methods of pointers", []any{stamp{a}, &stamp{a}, []stamp{{a}}, map[string]stamp{"k": {b}}},
			`[{"Raw":` + p0 + `},"stamped",["stamped"],{"k":{"Raw":` + p1 + `}}]`, [][]byte{a, b}},
		{"beside types with their own text", []any{struct {
			At   time.Time
			Data []byte
		}{time.Unix(0, 0).UTC(), a}}, `[{"At":"1970-01-01T00:00:00Z","Data":` + p0 + `}]`, [][]byte{a}},
		{"text that looks like a token", []any{map[string]any{"b": a, "s": strings.Repeat("a", 36)}},
			`[{"b":` + p0 + `,"s":"` + strings.Repeat("a", 36) + `"}]`, [][]byte{a}},
		{"text that looks like a placeholder", []any{p0, a}, `["{\"_placeholder\":true,\"num\":0}",` + p0 + `]`, [][]byte{a}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			group, err := parser.JSON{}.EncodeAck("/chat", 7, tt.args)
			require.NoError(t, err)
			header := "3"
			if len(tt.attachments) > 0 {
				header = fmt.Sprintf("6%d-", len(tt.attachments))
			}
			requireGroup(t, group, header+"/chat,7"+tt.want, tt.attachments...)
		})
	}
}

// requireGroup compares the messages of a packet.
func requireGroup(t *testing.T, group []transport.Message, text string, attachments ...[]byte) {
	t.Helper()
	want := []transport.Message{{Data: []byte(text)}}
	for _, a := range attachments {
		want = append(want, transport.Message{Data: a, Binary: true})
	}
	require.Equal(t, want, group)
}

func TestEncodeEvent(t *testing.T) {
	id := uint64(parser.MaxID)
	group, err := parser.JSON{}.EncodeEvent("/", nil, `say "hi"`, []any{1, []byte("a")})
	require.NoError(t, err)
	requireGroup(t, group, `51-["say \"hi\"",1,{"_placeholder":true,"num":0}]`, []byte("a"))
	group, err = parser.JSON{}.EncodeEvent("/chat", &id, "", nil)
	require.NoError(t, err)
	requireGroup(t, group, `2/chat,9007199254740991[""]`)
}

type list struct {
	Next *list
	Data []byte
}

type tree struct{ Children []tree }

type twins struct{ Left, Right *twins }

func nested(depth int) any {
	var v any
	for range depth {
		v = []any{v}
	}
	return v
}

func TestEncodeErrors(t *testing.T) {
	ring := &list{Data: []byte("a")}
	ring.Next = &list{Next: ring}
	branching := &twins{}
	branching.Left, branching.Right = branching, branching
	cyclicMap := map[string]any{"b": []byte("a")}
	cyclicMap["self"] = cyclicMap
	cyclicSlice := []any{[]byte("a"), nil}
	cyclicSlice[1] = cyclicSlice
	var cyclicPointer any
	cyclicPointer = &cyclicPointer
	long := &list{Data: []byte("a")}
	for range 1_000_000 {
		long = &list{Next: long}
	}
	deepTree := tree{}
	for range 1000 {
		deepTree = tree{[]tree{deepTree}}
	}
	tests := []struct {
		name string
		arg  any
		is   error
	}{
		{"channel", make(chan int), parser.ErrUnsupported},
		{"function", func() {}, parser.ErrUnsupported},
		{"channel beside bytes", map[string]any{"a": []byte("a"), "c": make(chan int)}, parser.ErrUnsupported},
		{"NaN", math.NaN(), parser.ErrUnsupported},
		{"cycle of pointers", ring, parser.ErrDepth},
		{"branching cycle", branching, parser.ErrDepth},
		{"cycle in a map", cyclicMap, parser.ErrDepth},
		{"cycle in a slice", cyclicSlice, parser.ErrDepth},
		{"pointer to itself", cyclicPointer, parser.ErrDepth},
		{"a million deep", long, parser.ErrDepth},
		{"deep tree", deepTree, parser.ErrDepth},
		{"as deep as the limit, and the array of arguments", nested(maxDepth), parser.ErrDepth},
		{"deep raw JSON", json.RawMessage(strings.Repeat("[", 1000) + strings.Repeat("]", 1000)), parser.ErrDepth},
		{"deep behind brackets in strings", []any{`]]]]]]\"]]`, nested(maxDepth - 1)}, parser.ErrDepth},
		{"raw JSON of invalid UTF-8", json.RawMessage("\"\xff\""), parser.ErrUTF8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			group, err := parser.JSON{}.EncodeAck("/", 0, []any{[]byte("first"), tt.arg})
			require.Nil(t, group)
			var encode *parser.EncodeError
			require.ErrorAs(t, err, &encode)
			require.Equal(t, 1, encode.Argument)
			require.ErrorIs(t, err, tt.is)
		})
	}
}

func TestEncodeAtTheDepthLimit(t *testing.T) {
	group, err := parser.JSON{}.EncodeEvent("/", nil, "x", []any{nested(maxDepth - 1)})
	require.NoError(t, err)
	_, err = decode(string(group[0].Data))
	require.NoError(t, err, "a peer with the same limit takes it")
}

func TestEncodeLeavesTheCallersValue(t *testing.T) {
	type payload struct {
		Data  []byte
		List  [][]byte
		Map   map[string]any
		Next  *payload
		Array [1][]byte
		Any   any
	}
	build := func() *payload {
		return &payload{
			Data: []byte("1"), List: [][]byte{[]byte("2")}, Map: map[string]any{"k": []any{[]byte("3")}},
			Next: &payload{Data: []byte("4")}, Array: [1][]byte{[]byte("5")}, Any: &inner{[]byte("6")},
		}
	}
	v := build()
	group, err := parser.JSON{MaxAttachments: -1}.EncodeAck("/", 0, []any{v, *v, v.List})
	require.NoError(t, err)
	require.Len(t, group, 1+13)
	require.Equal(t, build(), v)

	before := string(group[0].Data)
	v.Data[0], v.List[0][0], v.Next.Data[0] = 'x', 'x', 'x'
	v.Map["k"].([]any)[0].([]byte)[0] = 'x'
	require.Equal(t, before, string(group[0].Data))
	for _, attachment := range group[1:] {
		require.NotEqual(t, "x", string(attachment.Data))
	}
}
