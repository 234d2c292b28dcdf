package parser

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlaceholderError(t *testing.T) {
	for _, tt := range []struct{ name, value string }{
		{"num above the last", `{"_placeholder":true,"num":1}`},
		{"num far above the last", `{"_placeholder":true,"num":18446744073709551616}`},
		{"negative num", `{"_placeholder":true,"num":-1}`},
		{"string num", `{"_placeholder":true,"num":"0"}`},
		{"num that names a method", `{"_placeholder":true,"num":"splice"}`},
		{"num that names an object", `{"_placeholder":true,"num":"__proto__"}`},
		{"null num", `{"_placeholder":true,"num":null}`},
		{"true num", `{"_placeholder":true,"num":true}`},
		{"array num", `{"_placeholder":true,"num":[0]}`},
		{"object num", `{"_placeholder":true,"num":{}}`},
		{"fraction num", `{"_placeholder":true,"num":0.5}`},
		{"no num", `{"_placeholder":true}`},
		{"num of another case", `{"_placeholder":true,"Num":0}`},
		{"num that is beyond every number", `{"_placeholder":true,"num":1e400}`},
		{"num of another kind behind", `{"_placeholder":true,"num":0,"num":"0"}`},
		{"array num behind", `{"_placeholder":true,"num":0,"num":[0]}`},
		{"mark written with an escape", `{"\u005fplaceholder":true,"num":1}`},
		{"every letter of the mark written with an escape",
			`{"\u005F\u0070\u006c\u0061\u0063\u0065\u0068\u006F\u006c\u0064\u0065\u0072":true,"num":1}`},
		{"num written with an escape", `{"_placeholder":true,"\u006eum":1}`},
		{"num written with an escape behind", `{"_placeholder":true,"num":0,"n\u0075m":1}`},
		{"mark behind", `{"_placeholder":false,"num":1,"_placeholder":true}`},
		{"beside one that is another's member", `[{"_placeholder":true,"num":7},{"a":{"_placeholder":true,"num":8},"_placeholder":true,"num":0}]`},
		{"mark twice", `{"_placeholder":true,"_placeholder":true}`},
		{"placeholder in a placeholder", `{"_placeholder":true,"num":{"_placeholder":true,"num":0}}`},
		{"placeholder before the mark", `{"num":{"_placeholder":true,"num":0},"_placeholder":true}`},
		{"deep within", `[{"a":[[{"b":{"_placeholder":true,"num":1}}]]}]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d jsonDecoder
			_, _, err := d.text([]byte(`51-["x",` + tt.value + `]`))
			require.ErrorIs(t, err, ErrPlaceholder)
			require.False(t, d.pending())

			_, complete, err := d.text([]byte(`2["x",` + tt.value + `]`))
			require.NoError(t, err, "is an ordinary object in a packet without attachments")
			require.True(t, complete)
		})
	}
}

func TestPlaceholderErrorOffset(t *testing.T) {
	for _, tt := range []struct {
		text   string
		offset int
	}{
		{`51-["x",{"_placeholder":true,"num":1}]`, 36}, // the closing bracket
		{`51-["x",{"_placeholder":true,"num":[0]}]`, 38},
		{`51-["x",{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]`, 36},
	} {
		_, _, err := new(jsonDecoder).text([]byte(tt.text))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Equal(t, tt.offset, syntax.Offset)
	}
}

func TestPlaceholders(t *testing.T) {
	type found struct {
		text string
		num  int
	}
	for _, tt := range []struct {
		name, array string
		want        []found
	}{
		{"none", `["x",{"a":[1,"_placeholder",true]}]`, nil},
		{"one", `["x",{"_placeholder":true,"num":0}]`, []found{{`{"_placeholder":true,"num":0}`, 0}}},
		{"other order and white space", "[\"x\",{ \"num\" :\t1 , \"_placeholder\":\ntrue }]", []found{{"{ \"num\" :\t1 , \"_placeholder\":\ntrue }", 1}}},
		{"any order, one of them twice", `["x",{"_placeholder":true,"num":1},{"a":{"_placeholder":true,"num":0},"b":[[],{"_placeholder":true,"num":1}]}]`,
			[]found{{`{"_placeholder":true,"num":1}`, 1}, {`{"_placeholder":true,"num":0}`, 0}, {`{"_placeholder":true,"num":1}`, 1}}},
		{"member named num", `["x",{"num":{"_placeholder":true,"num":0},"_placeholder":"true"}]`, []found{{`{"_placeholder":true,"num":0}`, 0}}},
		{"mark that is false", `["x",{"_placeholder":false,"num":0}]`, nil},
		{"mark that ends up false", `["x",{"_placeholder":true,"num":0,"_placeholder":false}]`, nil},
		{"mark that is not true but 1", `["x",{"_placeholder":1,"num":0}]`, nil},
		{"mark that is an array", `["x",{"_placeholder":[true],"num":0}]`, nil},
		{"mark that is an object", `["x",{"_placeholder":{"a":true},"num":0}]`, nil},
		{"text that looks like one", `["x","{\"_placeholder\":true,\"num\":0}"]`, nil},
		{"mark written with an escape", `["x",{"\u005fplaceholder":true,"num":0}]`, []found{{`{"\u005fplaceholder":true,"num":0}`, 0}}},
		{"num written with an escape", `["x",{"_placeholder":true,"\u006eu\u006d":1}]`, []found{{`{"_placeholder":true,"\u006eu\u006d":1}`, 1}}},
		{"escapes of another name", `["x",{"\u005f":true,"_placeholder\n":true,"num":0}]`, nil},
		{"num twice", `["x",{"_placeholder":true,"num":[7],"num":1}]`, []found{{`{"_placeholder":true,"num":[7],"num":1}`, 1}}},
		{"mark twice", `["x",{"_placeholder":[],"num":1,"_placeholder":true}]`, []found{{`{"_placeholder":[],"num":1,"_placeholder":true}`, 1}}},
		{"num with an exponent", `["x",{"_placeholder":true,"num":0.1e1}]`, []found{{`{"_placeholder":true,"num":0.1e1}`, 1}}},
		{"num with a sign", `["x",{"_placeholder":true,"num":-0}]`, []found{{`{"_placeholder":true,"num":-0}`, 0}}},
		{"further members", `["x",{"a":1,"_placeholder":true,"b":[{}],"num":1,"c":{"num":7,"_placeholder":false}}]`,
			[]found{{`{"a":1,"_placeholder":true,"b":[{}],"num":1,"c":{"num":7,"_placeholder":false}}`, 1}}},
		{"one within another", `["x",[{"a":{"_placeholder":true,"num":0},"_placeholder":true,"num":1}]]`,
			[]found{{`{"a":{"_placeholder":true,"num":0},"_placeholder":true,"num":1}`, 1}}},
		{"invalid ones within another", `["x",{"a":[{"_placeholder":true,"num":7},{"_placeholder":true}],"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]`,
			[]found{{`{"a":[{"_placeholder":true,"num":7},{"_placeholder":true}],"_placeholder":true,"num":1}`, 1}, {`{"_placeholder":true,"num":0}`, 0}}},
		{"deep within", `["x",` + strings.Repeat(`{"a":`, 20) + `{"_placeholder":true,"num":0}` + strings.Repeat(`,"num":1}`, 20) + `]`,
			[]found{{`{"_placeholder":true,"num":0}`, 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d jsonDecoder
			p, _, err := d.text([]byte(`52-` + tt.array))
			require.NoError(t, err)
			var got []found
			for _, at := range Placeholders(nil, p.Data) {
				got = append(got, found{string(p.Data[at.Start:at.End]), at.Num})
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestPlaceholdersOfElement(t *testing.T) {
	element := AppendPlaceholder(nil, 12)
	require.Equal(t, `{"_placeholder":true,"num":12}`, string(element))
	require.Equal(t, []Placeholder{{}, {Start: 0, End: len(element), Num: 12}}, Placeholders(make([]Placeholder, 1), element))
}
