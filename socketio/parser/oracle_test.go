//go:build !go1.27

package parser

// encoding/json of Go 1.26 tells what is right; that of 1.27 differs in details.

//lint:file-ignore SA5008 tags that nobody should write are tried, too
//lint:file-ignore U1000 fields are there to be left out

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/jsontext"
)

// marshal and unmarshal are those of encoding/json.
func marshal(v any) ([]byte, error) {
	e := encoder{base64: true}
	err := e.any(v)
	return e.text, err
}

func unmarshal(text []byte, target any) error { return decodeArgument(text, nil, target) }

// theirs is what encoding/json writes without escapes for HTML, and for two characters that
// JavaScript writes as they are.
func theirs(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	text := strings.TrimSuffix(b.String(), "\n")
	if !utf8.ValidString(text) {
		return text, ErrUTF8
	}
	return ours(text), err
}

// ours returns text with what we write otherwise as we do: no lone surrogate, and the two
// separators as they are.
func ours(text string) string {
	b := []byte(text)
	jsontext.ReplaceLoneSurrogates(b)
	text = string(b)
	for _, c := range []string{"\u2028", "\u2029"} {
		text = unescapeSeparator(text, c)
	}
	return text
}

// unescapeSeparator replaces the escapes of one character, but no text that looks like one.
func unescapeSeparator(text, c string) string {
	escape := fmt.Sprintf(`\u%04x`, []rune(c)[0])
	var out strings.Builder
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], escape):
			out.WriteString(c)
			i += len(escape)
		case text[i] == '\\':
			out.WriteString(text[i : i+2])
			i += 2
		default:
			out.WriteByte(text[i])
			i++
		}
	}
	return out.String()
}

// Types with everything that encoding/json has a rule for.
type (
	byValue   struct{ text string }
	byPointer struct{ text string }
	textValue struct{ text string }
	textOf    string
	textKey   struct{ a, b int }
	pointKey  struct{ n int }
	octets    []byte
	octet     byte
	loud      byte
	names     map[string]string
	cyclic    *cyclic
	shape     interface{ Area() float64 }
	square    struct{ Side float64 }
	zeroes    struct{ n int }
	zeroesPtr struct{ n int }
	onlyError struct{}

	Deep struct {
		A, D int
		Same string
	}
	deeper struct {
		Hidden  int
		private int
		Same    string
	}
	Third struct{ Same, Tagged string }
	Other struct {
		B      int
		Tagged string `json:"Tagged"`
	}
	tagged struct {
		Plain     int
		Renamed   int    `json:"renamed"`
		Empty     string `json:"empty,omitempty"`
		Dash      int    `json:"-"`
		DashName  int    `json:"-,"`
		Bad       int    `json:"a\"b"`
		Odd       int    `json:"$%&/()=?"`
		Umlaut    int    `json:"größe"`
		Space     int    `json:" "`
		CASE      int
		Case      string `json:"casE"`
		Kelvin    int    `json:"kelvin"`
		unexposed int
	}
	quotes struct {
		B   bool        `json:",string"`
		I   int8        `json:",string"`
		U   uint16      `json:",string"`
		F   float32     `json:",string"`
		S   string      `json:",string"`
		P   *int        `json:",string"`
		PS  *string     `json:"ps,string,omitempty"`
		N   json.Number `json:",string"`
		Not []int       `json:",string"`
		Own byValue     `json:",string"`
		PP  **int       `json:",string"`
		Any any         `json:",string"`
	}
	omits struct {
		S  string                     `json:",omitempty"`
		B  bool                       `json:",omitempty"`
		I  int                        `json:",omitempty"`
		F  float64                    `json:",omitempty"`
		L  []int                      `json:",omitempty"`
		A  [0]int                     `json:",omitempty"`
		A1 [1]int                     `json:",omitempty"`
		M  map[string]int             `json:",omitempty"`
		P  *int                       `json:",omitempty"`
		E  any                        `json:",omitempty"`
		T  struct{}                   `json:",omitempty"`
		By []byte                     `json:",omitempty"`
		ZT time.Time                  `json:",omitzero"`
		ZI int                        `json:",omitzero"`
		ZS struct{ A int }            `json:",omitzero"`
		ZV zeroes                     `json:",omitzero"`
		ZP zeroesPtr                  `json:",omitzero"`
		ZQ *zeroes                    `json:",omitzero"`
		ZL []int                      `json:",omitzero"`
		ZN interface{ IsZero() bool } `json:",omitzero"`
	}
	embeds struct {
		Deep
		*Other
		deeper
		Third `json:"third"`
		A     string
	}
	ambiguous struct {
		Deep
		Third
	}
	embedsPointer struct{ *deeper }
	embedsAny     struct {
		any
		shape
		textOf
		Text textOf
	}
	kinds struct {
		B    bool
		I    int
		I8   int8
		I16  int16
		I32  int32
		I64  int64
		U    uint
		U8   uint8
		U16  uint16
		U32  uint32
		U64  uint64
		UP   uintptr
		F32  float32
		F64  float64
		S    string
		By   []byte
		Oc   octets
		Os   []octet
		Lo   []loud
		L    []string
		LL   [][]int
		A    [3]int
		M    map[string]int
		MI   map[int8]string
		MU   map[uint16][]int
		MT   map[textKey]int
		MP   map[textOf]int
		Ms   names
		P    *int
		PP   **string
		E    any
		Es   []any
		Me   map[string]any
		R    json.RawMessage
		RP   *json.RawMessage
		N    json.Number
		T    time.Time
		TP   *time.Time
		D    time.Duration
		Big  *big.Int
		Addr netip.Addr
		V    byValue
		Pt   byPointer
		PtP  *byPointer
		Tv   textValue
		TvP  *textValue
		Own  *ownTarget
		Next *kinds
		Sh   shape
		Err  error
		Fn   func() `json:"-"`
	}
	ownTarget struct{ raw string }
)

func (b byValue) MarshalJSON() ([]byte, error) { return json.Marshal("v:" + b.text) }
func (b *byValue) UnmarshalJSON(text []byte) error {
	b.text = string(text)
	return nil
}
func (b *byPointer) MarshalJSON() ([]byte, error) { return []byte(` { "p" : 1 } `), nil }
func (t textValue) MarshalText() ([]byte, error)  { return []byte("t:<" + t.text + ">"), nil }
func (t *textValue) UnmarshalText(text []byte) error {
	if string(text) == "refused" {
		return errors.New("refused")
	}
	t.text = string(text)
	return nil
}
func (t textOf) MarshalText() ([]byte, error) { return []byte("of " + string(t)), nil }
func (k textKey) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d/%d", k.a, k.b), nil
}
func (k *textKey) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "%d/%d", &k.a, &k.b)
	return err
}
func (k *pointKey) MarshalText() ([]byte, error) { return []byte("never"), nil }
func (k *pointKey) UnmarshalText(text []byte) error {
	k.n = len(text)
	return nil
}
func (l *loud) MarshalText() ([]byte, error) { return []byte{'!', byte(*l)%26 + 'a'}, nil }
func (square) Area() float64                 { return 1 }
func (z zeroes) IsZero() bool                { return z.n == 7 }
func (z *zeroesPtr) IsZero() bool            { return z.n == 7 }
func (o *ownTarget) UnmarshalJSON(text []byte) error {
	if bytes.Contains(text, []byte("refuse")) {
		return errors.New("refused")
	}
	o.raw = string(text)
	return nil
}
func (onlyError) MarshalJSON() ([]byte, error) { return nil, errors.New("never") }

var (
	_ encoding.TextMarshaler = textOf("")
	_ json.Marshaler         = onlyError{}
)

// targets are of the types that the tests decode into.
func targets() []any {
	n, s := 5, "held"
	pn := &n
	return []any{
		new(any), new(string), new(int), new(uint8), new(float32), new(float64), new(bool), new([]byte), new([3]byte), new(json.Number), new(json.RawMessage),
		new([]any), new(map[string]any), new([]int), new([2]string), new(map[int]any), new(map[string]string), new(map[textKey]bool), new(map[*textKey]bool), new(map[textOf]int), new(map[pointKey]int),
		new(map[bool]int), new(map[uint8]int), new(kinds), new(*kinds), new(tagged), new(quotes), new(omits), new(embeds), new(ambiguous), new(embedsPointer), new(embedsAny),
		new([]kinds), new(map[string]kinds), new([]*quotes), new(byValue), new(*byValue), new(textValue), new([]textValue), new(ownTarget), new(time.Time), new(*big.Int),
		new(shape), new(error), new(struct{ time.Time }), new(chan int), new(func()), new(complex128), new(octet), new([]loud), new(names), new(**string), new([][]map[string][]float32),
		&map[string]any{"a": "before", "b": 1}, &[]any{"x", 1.5, map[string]any{}}, &[]int{7, 8, 9, 10}, &kinds{S: "before", P: pn, L: []string{"a", "b"}, M: map[string]int{"z": 1}, E: &s, Es: []any{&n}},
		&struct{ E any }{new(kinds)}, &struct{ E any }{E: pn}, &struct{ A any }{A: map[string]int{"a": 1}},
	}
}

// clone returns a target like the one with that number, which shares nothing with it.
func clone(i int) any { return targets()[i] }

// agree decodes the text into every target, as we do and as encoding/json does, and writes
// what came of it.
func agree(t *testing.T, text []byte) {
	text = bytes.Trim(text, " \t\r\n") // as it is in a packet
	for i := range targets() {
		got, want := clone(i), clone(i)
		err, wantErr := unmarshal(text, got), json.Unmarshal(text, want)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s into %T: %v, encoding/json says %v", text, got, err, wantErr)
			continue
		}
		if wantErr == nil && !reflect.DeepEqual(want, got) {
			t.Errorf("%s into %T: %.300s, encoding/json says %.300s", text, got, fmt.Sprintf("%#v", deref(got)), fmt.Sprintf("%#v", deref(want)))
		}
		if wantErr != nil {
			if _, saved := wantErr.(*json.UnmarshalTypeError); saved && !reflect.DeepEqual(want, got) {
				t.Errorf("%s into %T, beside the error: %.300s, encoding/json says %.300s", text, got, fmt.Sprintf("%#v", deref(got)), fmt.Sprintf("%#v", deref(want)))
			}
			continue
		}
		agreeOn(t, got)
		agreeOn(t, deref(got))
	}
}

func deref(v any) any { return reflect.ValueOf(v).Elem().Interface() }

// agreeOn writes a value as we do and as encoding/json does.
func agreeOn(t *testing.T, v any) {
	got, err := marshal(v)
	want, wantErr := theirs(v)
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%T %.200s: %v, encoding/json says %v", v, fmt.Sprintf("%#v", v), err, wantErr)
		return
	}
	if err != nil {
		return
	}
	if c := ours(compacted(got)); c != want {
		t.Errorf("%T: %s, encoding/json says %s", v, c, want)
	}
}

// compacted returns JSON without the white space of what writes itself.
func compacted(text []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return fmt.Sprintf("%v: %q", err, text)
	}
	return b.String()
}

var oracleTexts = []string{
	`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `255`, `256`, `-129`, `65536`, `9007199254740993`, `18446744073709551615`, `18446744073709551616`, `-9223372036854775808`, `-9223372036854775809`,
	`1.0`, `1e3`, `1E+2`, `0.1`, `1e-7`, `1e21`, `1e20`, `3.4e38`, `3.5e38`, `1e308`, `1e400`, `-1e400`, `1e-400`, `123456789012345678901234567890`, `0.30000000000000004`, `5e-324`,
	`""`, `"a"`, `"1"`, `"null"`, `"true"`, `"YQ=="`, `"YQ"`, `"!"`, `"\u0061\n\t\"\\\/\b\f\r"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ude00\ud83d"`, `"grüße 🎉"`, "\"\u2028\u2029\"", `"<&>"`, `"\u0000"`, "\"\x7f\"",
	"\"\xff\xfe\"", "\"a\xc3\"", `"2020-01-02T03:04:05Z"`, `"refused"`, `"refuse"`, `"1/2"`, `"12"`, `"1.5e3"`,
	`[]`, `[1,2,3]`, `[1,2,3,4,5]`, `["a",null,1]`, `[null]`, `[[],[[]],{}]`, `[{"a":1},{"a":2}]`, `["a","b"]`, `[1.5,"x",true]`, `[300]`, ` [ 1 , 2 ] `, `[{"S":"x"},{"I":2}]`, `["v"]`,
	`{}`, `{"a":1}`, `{"a":null}`, `{"a":{"b":[1,{"c":"d"}]}}`, `{"a":1,"a":2}`, `{"A":1,"a":"x","B":[]}`, `{"1":2,"-3":4,"x":5}`, `{"1/2":true,"x":false}`, `{"300":1}`, `{"true":1}`, `{"":1}`, `{"a":"b","c":"d"}`, `{"abc":9}`,
	`{"B":true,"I":-5,"I8":127,"I16":-32768,"I32":2147483647,"I64":-1,"U":1,"U8":255,"U16":65535,"U32":1,"U64":18446744073709551615,"UP":3,"F32":1.5,"F64":2.5e-9,"S":"text"}`,
	`{"By":"YWJj","Oc":"YQ==","Os":"Yg==","Lo":[1,2],"L":["x"],"LL":[[1],[],null],"A":[1,2,3,4],"M":{"k":1},"MI":{"-5":"x"},"MU":{"7":[1]},"MT":{"3/4":1},"MP":{"q":1},"Ms":{"a":"b"}}`,
	`{"P":5,"PP":"x","E":{"any":[1]},"Es":[1,"2",null],"Me":{"x":null},"R":{"raw": [1]},"RP":7,"N":12.50,"T":"2020-01-02T03:04:05Z","TP":null,"D":5,"Big":123456789012345678901234567890,"Addr":"1.2.3.4"}`,
	`{"V":"x","Pt":{},"PtP":{"a":1},"Tv":"text","TvP":"x","Own":[1],"Next":{"S":"inner","Next":{"I":1}}}`, `{"RP":null,"R":null,"Own":null,"V":null,"Tv":null,"P":null,"E":null,"M":null,"L":null,"By":null}`,
	`{"b":true,"s":"folded","i8":1,"NEXT":{"s":"x"}}`, `{"I8":128,"S":"after"}`, `{"S":5,"I":6}`, `{"S":{"x":[1,2]},"I":6}`, `{"Sh":{"Side":1},"I":1}`, `{"Err":"x","I":1}`, `{"Sh":null,"Err":null}`, `{"N":"12"}`, `{"N":"x"}`, `{"T":5}`, `{"T":"x"}`, `{"Tv":"refused"}`, `{"Own":"refuse"}`,
	`{"Tv":5,"I":1}`, `{"Tv":[1],"I":1}`, `{"By":[1,2,3]}`, `{"By":"?","I":1}`, `{"By":[300],"I":1}`, `{"A":[1]}`, `{"A":{}}`, `{"M":[1]}`, `{"MI":{"300":"x","4":"y"}}`, `{"MI":{"x":"x"}}`,
	`{"Plain":1,"renamed":2,"empty":"","Dash":3,"-":4,"Bad":5,"$%&/()=?":6,"größe":7," ":8,"CASE":9,"casE":"x","\u212aelvin":10}`, `{"GRÖSSE":7,"GRÖßE":8,"KELVIN":9,"case":1}`,
	`{"B":"true","I":"-5","U":"65535","F":"1.5","S":"\"x\"","P":"7","ps":"\"y\"","N":"1.5","Not":[1],"Own":"x","PP":"4","Any":5}`, `{"B":true}`, `{"I":5}`, `{"S":"x"}`, `{"S":"\"x"}`, `{"B":"x","I":"1"}`, `{"I":"1x"}`, `{"I":"300"}`, `{"U":"-1"}`, `{"F":"0x1p-2"}`, `{"F":"-inf"}`, `{"F":"1_0"}`,
	`{"B":null,"I":null,"S":null,"P":null}`, `{"B":"null","I":"null","S":"null","P":"null","ps":"null"}`, `{"N":"\"5\""}`, `{"N":"null"}`, `{"N":5}`, `{"I":""}`, `{"I":" 1"}`, `{"S":""}`, `{"S":5,"I":"6"}`, `{"PP":null}`, `{"PP":"null"}`, `{"PP":5}`, `{"Own":5}`,
	`{"A":"mine","D":2,"B":3,"Hidden":4,"Same":"x","Tagged":"y","third":{"Same":"z"},"private":5}`, `{"A":1,"Same":"?"}`, `{"Hidden":1}`, `{"Same":"x"}`, `{"any":1,"shape":2,"textOf":3,"Text":"x"}`,
	`{"ZT":"0001-01-01T00:00:00Z","ZI":0,"ZV":{},"ZQ":{},"ZL":[],"L":[],"M":{},"E":0,"By":"","A1":[0],"T":{}}`, `{"Time":"2020-01-02T03:04:05Z"}`, `{"E":{"S":"into"}}`, `{"E":7}`, `{"E":"x"}`,
	strings.Repeat("[", 50) + strings.Repeat("]", 50), `{"a":` + strings.Repeat(`{"Next":`, 30) + `1` + strings.Repeat("}", 31),
}

func TestLikeEncodingJSON(t *testing.T) {
	for _, text := range oracleTexts {
		agree(t, []byte(text))
	}
}

// What cannot be made by decoding.
func TestWritesLikeEncodingJSON(t *testing.T) {
	n, s := 7, "s"
	var nilMarshaler *byValue
	var nilText *textValue
	var cycle cyclic
	cycle = &cycle
	number := reflect.TypeFor[int]()
	ofOneName := reflect.Zero(reflect.StructOf([]reflect.StructField{ // which vet would not let pass
		{Name: "A", Type: number, Tag: `json:"a"`}, {Name: "B", Type: number, Tag: `json:"a"`}, {Name: "C", Type: number},
	})).Interface()
	for _, v := range []any{
		nil, true, 1, int8(-1), uint64(math.MaxUint64), float32(0.1), float32(1e21), float32(1e-7), 1e21, 1e20, 1e-6, 1e-7, 1e-9, 1e100, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1),
		math.NaN(), math.Inf(1), float32(math.Inf(-1)), []float64{math.NaN()}, "a\x00\x1f\x7f\"\\\b\f\n\r\t<&>\u2028\u2029\xff\xc3(", "é🎉", textOf("x"), &s, &n,
		byValue{"x"}, &byValue{"x"}, nilMarshaler, byPointer{}, &byPointer{}, []byPointer{{}}, [1]byPointer{}, &[1]byPointer{}, map[string]byPointer{"a": {}}, []any{byPointer{}}, struct{ P byPointer }{}, &struct{ P byPointer }{},
		textValue{"x"}, nilText, &textValue{}, []textValue{{"a"}}, map[textKey]int{{1, 2}: 3, {0, 5}: 1}, map[*textKey]int{{1, 2}: 3}, map[*textKey]int{nil: 3}, map[pointKey]int{{1}: 1}, map[textOf]string{"b": "1", "a": "2"},
		map[int]string{10: "a", 9: "b", -1: "c"}, map[uint8]int{200: 1, 30: 2}, map[bool]int{true: 1}, map[float64]int{1: 1}, map[any]int{"a": 1}, map[string]any{"b": 1, "a": []any{nil}}, map[string]any(nil), map[string]int{},
		[]byte(nil), []byte{}, []byte("abc"), octets("x"), []octet{1, 2}, []loud{1, 2}, [3]byte{1, 2, 3}, &[3]byte{1, 2, 3}, []int(nil), []int{}, []any(nil), []any{}, []*int{nil, &n}, [0]int{}, [2]any{1},
		json.RawMessage(nil), json.RawMessage(`{"a": 1}`), json.RawMessage(``), json.RawMessage(`{`), json.RawMessage(`1 2`), json.RawMessage(` 1 `), []json.RawMessage{nil, json.RawMessage("2")}, struct{ R json.RawMessage }{}, &struct{ R *json.RawMessage }{},
		json.Number(""), json.Number("1.50"), json.Number("x"), json.Number("01"), struct {
			N json.Number `json:",string"`
		}{"5"}, map[json.Number]int{"1": 2},
		make(chan int), func() {}, complex(1, 2), struct{ C chan int }{}, struct {
			C chan int `json:"-"`
		}{}, struct {
			C chan int `json:",omitempty"`
		}{}, []any{make(chan int)}, map[string]func(){"f": nil}, onlyError{}, []any{1, onlyError{}},
		tagged{}, tagged{Empty: "x", unexposed: 1}, quotes{}, quotes{S: "<\">", P: &n, PS: &s}, omits{}, omits{ZV: zeroes{7}, ZP: zeroesPtr{7}, ZQ: &zeroes{7}, ZN: zeroes{7}}, &omits{ZP: zeroesPtr{7}}, omits{ZN: (*zeroesPtr)(nil)},
		embeds{}, embeds{Other: &Other{B: 1}, A: "x"}, ambiguous{}, embedsPointer{}, embedsPointer{&deeper{Same: "x"}}, embedsAny{}, embedsAny{any: 1, textOf: "x"}, kinds{}, &kinds{Next: &kinds{}, Sh: square{2}, Err: errors.New("x")},
		struct{ time.Time }{}, time.Unix(0, 0).UTC(), time.Second, big.NewInt(5), *big.NewInt(5), netip.MustParseAddr("::1"), shape(square{1}), []shape{nil, square{3}}, new(any), struct{ E any }{&s}, struct{ E error }{},
		ofOneName, struct {
			A int `json:"a"`
			a int
		}{}, struct{ Deep, Other, Third any }{}, struct {
			Deep
			D string
		}{},
	} {
		agreeOn(t, v)
	}
	_, err := marshal(cycle)
	require.ErrorIs(t, err, ErrDepth)
}

func FuzzLikeEncodingJSON(f *testing.F) {
	for _, text := range oracleTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) || len(text) > 10_000 {
			return
		}
		agree(t, text)
	})
}
