package parser

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// packets are complete, each with its one text form.
// https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
var packets = []struct {
	name   string
	packet Packet
	text   string
}{
	{"connect", Packet{Type: Connect, Namespace: "/"}, `0`},
	{"connected", Packet{Type: Connect, Namespace: "/", Data: []byte(`{"sid":"wZX3oN0bSVIhsaknAAAI"}`)}, `0{"sid":"wZX3oN0bSVIhsaknAAAI"}`},
	{"connect to a namespace", Packet{Type: Connect, Namespace: "/admin"}, `0/admin,`},
	{"connected to a namespace", Packet{Type: Connect, Namespace: "/admin", Data: []byte(`{"sid":"oSO0OpakMV_3jnilAAAA"}`)}, `0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}`},
	{"refused", Packet{Type: ConnectError, Namespace: "/", Data: []byte(`{"message":"Not authorized"}`)}, `4{"message":"Not authorized"}`},
	{"event", Packet{Type: Event, Namespace: "/", Data: []byte(`["foo"]`)}, `2["foo"]`},
	{"event of a namespace", Packet{Type: Event, Namespace: "/admin", Data: []byte(`["bar"]`)}, `2/admin,["bar"]`},
	{"binary event", Packet{Type: Event, Namespace: "/", Data: []byte(`["baz",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2, 3, 4}}}, `51-["baz",{"_placeholder":true,"num":0}]`},
	{"binary event of a namespace", Packet{Type: Event, Namespace: "/admin", Data: []byte(`["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`), Attachments: [][]byte{{1, 2}, {3, 4}}}, `52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`},
	{"event that wants an ack", Packet{Type: Event, Namespace: "/", ID: 12, HasID: true, Data: []byte(`["foo"]`)}, `212["foo"]`},
	{"ack", Packet{Type: Ack, Namespace: "/", ID: 12, HasID: true, Data: []byte(`[]`)}, `312[]`},
	{"event of a namespace that wants an ack", Packet{Type: Event, Namespace: "/admin", ID: 13, HasID: true, Data: []byte(`["foo"]`)}, `2/admin,13["foo"]`},
	{"ack of a namespace", Packet{Type: Ack, Namespace: "/admin", ID: 13, HasID: true, Data: []byte(`["bar"]`)}, `3/admin,13["bar"]`},
	{"binary event that wants an ack", Packet{Type: Event, Namespace: "/", ID: 14, HasID: true, Data: []byte(`["foo",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2, 3, 4}}}, `51-14["foo",{"_placeholder":true,"num":0}]`},
	{"binary ack", Packet{Type: Ack, Namespace: "/", ID: 15, HasID: true, Data: []byte(`["bar",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2, 3, 4}}}, `61-15["bar",{"_placeholder":true,"num":0}]`},
	{"disconnect", Packet{Type: Disconnect, Namespace: "/"}, `1`},
	{"disconnect from a namespace", Packet{Type: Disconnect, Namespace: "/admin"}, `1/admin,`},

	{"first id", Packet{Type: Event, Namespace: "/", ID: 0, HasID: true, Data: []byte(`["foo"]`)}, `20["foo"]`},
	{"last id", Packet{Type: Event, Namespace: "/", ID: MaxID, HasID: true, Data: []byte(`["foo"]`)}, `29007199254740991["foo"]`},
	{"ack without an id", Packet{Type: Ack, Namespace: "/", Data: []byte(`["foo"]`)}, `3["foo"]`},
	{"refused with a string", Packet{Type: ConnectError, Namespace: "/", Data: []byte(`"Not authorized"`)}, `4"Not authorized"`},
	{"namespace with a query", Packet{Type: Connect, Namespace: "/admin?x=1"}, `0/admin?x=1,`},
	{"namespace beyond ASCII", Packet{Type: Event, Namespace: "/€/🚀", Data: []byte(`["foo"]`)}, `2/€/🚀,["foo"]`},
	{"empty event name", Packet{Type: Event, Namespace: "/", Data: []byte(`[""]`)}, `2[""]`},
	{"integer for an event name", Packet{Type: Event, Namespace: "/", Data: []byte(`[1]`)}, `2[1]`},
	{"negative integer for an event name", Packet{Type: Event, Namespace: "/", Data: []byte(`[-1,"foo"]`)}, `2[-1,"foo"]`},
	{"event named error", Packet{Type: Event, Namespace: "/", Data: []byte(`["error"]`)}, `2["error"]`},
	{"event named connection", Packet{Type: Event, Namespace: "/", Data: []byte(`["connection"]`)}, `2["connection"]`},
	{"event named message", Packet{Type: Event, Namespace: "/", Data: []byte(`["message"]`)}, `2["message"]`},
	{"event named __proto__", Packet{Type: Event, Namespace: "/", Data: []byte(`["__proto__",{"__proto__":{"x":1}}]`)}, `2["__proto__",{"__proto__":{"x":1}}]`},
	{"case of a reserved name", Packet{Type: Event, Namespace: "/", Data: []byte(`["Connect"]`)}, `2["Connect"]`},
	{"reserved name in an ack", Packet{Type: Ack, Namespace: "/", Data: []byte(`["connect"]`)}, `3["connect"]`},
	{"numbers of every form", Packet{Type: Event, Namespace: "/", Data: []byte(`["n",0,-0,1.5,-2e3,4E-5,6e+7,1e400,12345678901234567890]`)}, `2["n",0,-0,1.5,-2e3,4E-5,6e+7,1e400,12345678901234567890]`},
	{"escapes of every form", Packet{Type: Event, Namespace: "/", Data: []byte(`["\"\\\/\b\f\n\r\t\u00e9\uAFaf\ud800"]`)}, `2["\"\\\/\b\f\n\r\t\u00e9\uAFaf\ud800"]`},
	{"white space within", Packet{Type: Event, Namespace: "/", Data: []byte("[ \"a\" ,\n{ \"b\" :\t[ ] ,\r\"c\": { } } ]")}, "2[ \"a\" ,\n{ \"b\" :\t[ ] ,\r\"c\": { } } ]"},
	{"placeholder without attachments is an object", Packet{Type: Event, Namespace: "/", Data: []byte(`["x",{"_placeholder":true,"num":"splice"}]`)}, `2["x",{"_placeholder":true,"num":"splice"}]`},
}

func TestAppend(t *testing.T) {
	for _, tt := range packets {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, "4"+tt.text, string(appendText([]byte("4"), &tt.packet)))
		})
	}
}

func TestAppendEmptyNamespace(t *testing.T) {
	require.Equal(t, `2["foo"]`, string(appendText(nil, &Packet{Type: Event, Data: []byte(`["foo"]`)})))
}

func TestAnnounce(t *testing.T) {
	for _, tt := range packets {
		for _, attachments := range []int{1, 12, 1000} {
			p := tt.packet
			if p.Type != Event && p.Type != Ack {
				continue
			}
			p.Attachments = nil
			text := appendText([]byte("4"), &p)
			p.Attachments = make([][]byte, attachments)
			require.Equal(t, string(appendText([]byte("4"), &p)), string(announce(text, 1, attachments)), tt.name)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range packets {
		t.Run(tt.name, func(t *testing.T) {
			var d jsonDecoder
			p, complete, err := d.text([]byte(tt.text))
			require.NoError(t, err)
			require.Equal(t, len(tt.packet.Attachments) == 0, complete)
			for _, attachment := range tt.packet.Attachments {
				require.True(t, d.pending())
				require.False(t, complete)
				p, complete, err = d.binary(attachment)
				require.NoError(t, err)
			}
			require.True(t, complete)
			require.False(t, d.pending())
			require.Equal(t, tt.packet, p)
		})
	}
}

// TestDecodeLenient holds the texts that have a shorter form, which Append writes.
func TestDecodeLenient(t *testing.T) {
	for _, tt := range []struct{ name, text, short string }{
		{"main namespace written out", `0/,{"a":1}`, `0{"a":1}`},
		{"main namespace without a comma", `0/`, `0`},
		{"namespace without a comma", `0/admin`, `0/admin,`},
		{"namespace that goes on to the end", `0/admin{"a":1}`, `0/admin{"a":1},`},
		{"id nobody asked for", `01{}`, `0{}`},
		{"id of a disconnect", `1/admin,7`, `1/admin,`},
		{"white space at the end", "2[\"a\"] \r\n", `2["a"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d jsonDecoder
			p, complete, err := d.text([]byte(tt.text))
			require.NoError(t, err)
			require.True(t, complete)
			require.Equal(t, tt.short, string(appendText(nil, &p)))
		})
	}
}

func TestDecodeError(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		offset     int
		cause      error
	}{
		{"empty", ``, 0, ErrType},
		{"type after the last", `7`, 0, ErrType},
		{"type before the first", `/`, 0, ErrType},
		{"letter for a type", `abc`, 0, ErrType},
		{"white space", ` 2["a"]`, 0, ErrType},
		{"byte order mark", "\ufeff2[\"a\"]", 0, ErrType},

		{"no attachments", `50-["a"]`, 1, ErrAttachments},
		{"attachments without a number", `5-`, 1, ErrAttachments},
		{"attachments without a dash", `5["a"]`, 1, ErrAttachments},
		{"attachments alone", `51`, 2, ErrAttachments},
		{"attachments before something else", `51["a"]`, 2, ErrAttachments},
		{"attachments in scientific notation", `51e0-["a"]`, 2, ErrAttachments},
		{"attachments in hexadecimal", `50x1-["a"]`, 1, ErrAttachments},
		{"attachments after a space", `5 1-["a"]`, 1, ErrAttachments},
		{"attachments with a fraction", `51.0-["a"]`, 2, ErrAttachments},
		{"attachments with a sign", `5+1-["a"]`, 1, ErrAttachments},
		{"negative attachments", `5-1-["a"]`, 1, ErrAttachments},
		{"attachments with a leading zero", `501-["a"]`, 1, ErrAttachments},
		{"attachments of an ack", `60-["a"]`, 1, ErrAttachments},
		{"more attachments than allowed", `511-["a"]`, 1, ErrTooManyAttachments},
		{"attachments by the million", `59999999-["a"]`, 1, ErrTooManyAttachments},
		{"attachments beyond 64 bits", `518446744073709551617-["a"]`, 1, ErrTooManyAttachments},
		{"megabyte of digits for attachments", "5" + strings.Repeat("9", 900_000), 1, ErrTooManyAttachments},
		{"attachments but no data", `51-`, 3, ErrPayload},

		{"id that JavaScript cannot hold", `29007199254740992["a"]`, 1, ErrID},
		{"id of 23 digits", `310000000000000000000000[]`, 1, ErrID},
		{"id beyond 64 bits", `318446744073709551616[]`, 1, ErrID},
		{"id of 400 digits", `3` + strings.Repeat("7", 400) + `[]`, 1, ErrID},
		{"id with a leading zero", `201["a"]`, 1, ErrID},
		{"megabyte of zeros for an id", `2` + strings.Repeat("0", 900_000), 1, ErrID},
		{"id that JavaScript cannot hold, where none is used", `09007199254740992`, 1, ErrID},

		{"connect with a string", `0"x"`, 1, ErrPayload},
		{"connect with an array", `0[1]`, 1, ErrPayload},
		{"connect with null", `0null`, 1, ErrPayload},
		{"connect with half an object", `0{`, 2, ErrJSON},
		{"connect with a space", `0 {}`, 1, ErrPayload},
		{"disconnect with data", `1{}`, 1, ErrPayload},
		{"disconnect with a string", `1["x"]`, 1, ErrPayload},
		{"refused without data", `4`, 1, ErrPayload},
		{"refused with an array", `4[]`, 1, ErrPayload},
		{"refused with null", `4null`, 1, ErrPayload},
		{"event without data", `2`, 1, ErrPayload},
		{"event with only an id", `21`, 2, ErrPayload},
		{"event with only a namespace", `2/admin,`, 8, ErrPayload},
		{"event of a namespace without a comma", `2/admin["a"]`, 12, ErrPayload},
		{"ack without data", `3`, 1, ErrPayload},
		{"ack with only an id", `30`, 2, ErrPayload},
		{"ack with an object", `31{}`, 2, ErrPayload},
		{"event with an object", `2{}`, 1, ErrPayload},
		{"event with a string", `2"x"`, 1, ErrPayload},
		{"event with null", `2null`, 1, ErrPayload},
		{"event with a number", `2-1`, 1, ErrPayload},
		{"event after a space", `2 ["a"]`, 1, ErrPayload},
		{"event after a line break", "2\n[\"a\"]", 1, ErrPayload},

		{"event without a name", `2[]`, 2, ErrEventName},
		{"event without a name but with space", `2[ ]`, 3, ErrEventName},
		{"event named null", `2[null]`, 2, ErrEventName},
		{"event named true", `2[true]`, 2, ErrEventName},
		{"event named by an object", `2[{}]`, 2, ErrEventName},
		{"event named by an object with toString", `2[{"toString":"x"}]`, 2, ErrEventName},
		{"event named by an array", `2[["a"]]`, 2, ErrEventName},
		{"event named by a fraction", `2[1.5]`, 2, ErrEventName},
		{"event named by an exponent", `2[1e3]`, 2, ErrEventName},
		{"event named by an attachment", `51-[{"_placeholder":true,"num":0}]`, 4, ErrEventName},

		{"connect", `2["connect"]`, 2, ErrReserved},
		{"connect_error", `2["connect_error"]`, 2, ErrReserved},
		{"disconnect", `2["disconnect"]`, 2, ErrReserved},
		{"disconnecting", `2["disconnecting","x"]`, 2, ErrReserved},
		{"newListener", `2["newListener"]`, 2, ErrReserved},
		{"removeListener", `2[ "removeListener" ]`, 3, ErrReserved},
		{"reserved in disguise", `2["\u0063onnec\u0074"]`, 2, ErrReserved},
		{"reserved with attachments", `51-["connect",{"_placeholder":true,"num":0}]`, 4, ErrReserved},

		{"half a string", `2["x"`, 5, ErrJSON},
		{"more after the data", `2["a"]x`, 6, ErrJSON},
		{"data twice", `2["a"]["b"]`, 6, ErrJSON},
		{"NaN", `2["a",NaN]`, 6, ErrJSON},
		{"Infinity", `2["a",-Infinity]`, 7, ErrJSON},
		{"undefined", `2["a",undefined]`, 6, ErrJSON},
		{"literal with another end", `2["a",trux]`, 6, ErrJSON},
		{"leading zero", `2["a",01]`, 7, ErrJSON},
		{"plus sign", `2["a",+1]`, 6, ErrJSON},
		{"point without digits", `2["a",1.]`, 8, ErrJSON},
		{"exponent without digits", `2["a",1e]`, 8, ErrJSON},
		{"comma at the end", `2["a",]`, 6, ErrJSON},
		{"comma at the beginning", `2[,"a"]`, 2, ErrJSON},
		{"comma at the end of an object", `2["a",{"b":1,}]`, 13, ErrJSON},
		{"key that is no string", `2["a",{1:1}]`, 7, ErrJSON},
		{"key without a value", `2["a",{"b"}]`, 10, ErrJSON},
		{"colon in an array", `2["a":1]`, 5, ErrJSON},
		{"bracket that does not match", `2["a",{"b":1]]`, 12, ErrJSON},
		{"single quotation marks", `2['a']`, 2, ErrJSON},
		{"unknown escape", `2["\x41"]`, 4, ErrJSON},
		{"escape of too few digits", `2["\u123"]`, 8, ErrJSON},
		{"escape with a letter behind F", `2["\u12G4"]`, 7, ErrJSON},
		{"escape with a letter behind f", `2["\u12g4"]`, 7, ErrJSON},
		{"escape with a sign", `2["\u+123"]`, 5, ErrJSON},
		{"line break in a string", "2[\"a\nb\"]", 4, ErrJSON},
		{"control character within a long string", "2[\"" + strings.Repeat("a", 20) + "\x1f" + strings.Repeat("a", 20) + "\"]", 23, ErrJSON},
		{"control character at the end of a long string", "2[\"" + strings.Repeat("a", 20) + "\x1f\"]", 23, ErrJSON},
		{"NUL behind the end", "2[\"a\"]\x00", 6, ErrJSON},
		{"comment", `2["a"/**/]`, 5, ErrJSON},
		{"no-break space", "2[\"a\",\u00a01]", 6, ErrJSON},

		{"deep arrays", `2["a",` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `]`, 6 + 999, ErrDepth},
		{"deep objects", `2["a",` + strings.Repeat(`{"b":`, 20_000) + `0` + strings.Repeat("}", 20_000) + `]`, 6 + 5*999, ErrDepth},
		{"brackets that never end", `3` + strings.Repeat("[", 900_000), 1001, ErrDepth},
		{"deep auth", `0` + strings.Repeat(`{"b":`, 20_000), 1 + 5*1000, ErrDepth},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d jsonDecoder
			p, complete, err := d.text([]byte(tt.text))
			require.ErrorIs(t, err, tt.cause)
			require.False(t, complete)
			require.False(t, d.pending())
			require.Zero(t, p)
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Equal(t, tt.offset, syntax.Offset)
		})
	}
}

func TestSyntaxError(t *testing.T) {
	_, _, err := new(jsonDecoder).text([]byte(`2["a",NaN]`))
	require.EqualError(t, err, "parser: decode: offset 6: invalid JSON")
	_, _, err = new(jsonDecoder).text([]byte(`511-["a"]`))
	require.EqualError(t, err, "parser: decode: offset 1: too many attachments: limit 10")
}

// TestDecodeTruncated cuts every packet short: what is left is an error, or a packet of its own.
func TestDecodeTruncated(t *testing.T) {
	for _, tt := range packets {
		t.Run(tt.name, func(t *testing.T) {
			for n := range len(tt.text) {
				var d jsonDecoder
				p, complete, err := d.text([]byte(tt.text[:n]))
				if err != nil {
					require.Zero(t, p)
					require.False(t, complete)
					require.False(t, d.pending())
					continue
				}
				require.Contains(t, []Type{Connect, Disconnect}, p.Type, tt.text[:n])
				require.Empty(t, p.Data, tt.text[:n])
			}
		})
	}
}

func TestDecodeDepth(t *testing.T) {
	nested := func(n int) []byte {
		return []byte("3" + strings.Repeat("[", n) + strings.Repeat("]", n))
	}
	for _, tt := range []struct {
		name           string
		limit, deepest int
	}{
		{"default", 0, 1000},
		{"less", 3, 3},
		{"more", 5000, 5000},
		{"ceiling", 1 << 30, 10_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := jsonDecoder{limits: Limits{MaxDepth: tt.limit}}
			_, complete, err := d.text(nested(tt.deepest))
			require.NoError(t, err)
			require.True(t, complete)
			_, _, err = d.text(nested(tt.deepest + 1))
			require.ErrorIs(t, err, ErrDepth)
		})
	}
}

// The brackets of many levels must match, also where several were open before on the same level.
func TestDecodeBrackets(t *testing.T) {
	for n := range 70 {
		text := "3" + strings.Repeat("[", n) + `[[],{},[{}],{"a":[]}]` + strings.Repeat("]", n)
		var d jsonDecoder
		_, complete, err := d.text([]byte(text))
		require.NoError(t, err, text)
		require.True(t, complete)
		_, _, err = d.text([]byte(strings.Replace(text, "{}]", "{]]", 1)))
		require.ErrorIs(t, err, ErrJSON)
		_, _, err = d.text([]byte(strings.Replace(text, "{}]", "{}}", 1)))
		require.ErrorIs(t, err, ErrJSON)
	}
}

func TestTypeString(t *testing.T) {
	require.Equal(t, "CONNECT", Connect.String())
	require.Equal(t, "BINARY_ACK", BinaryAck.String())
	require.Equal(t, "unknown 7", Type('7').String())
	require.Equal(t, "unknown /", Type('/').String())
}
