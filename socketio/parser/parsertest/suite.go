package parsertest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// Run tests a format.
func Run(t *testing.T, f parser.Format) {
	s := suite{f}
	t.Run("events", s.events)
	t.Run("acks", s.acks)
	t.Run("values", s.values)
	t.Run("control packets", s.control)
	t.Run("failures", s.failures)
	t.Run("one more argument", s.appended)
	t.Run("relay", s.relay)
	t.Run("what cannot be encoded", s.notEncoded)
	t.Run("what is refused", s.refused)
	t.Run("limits", s.limits)
	t.Run("any bytes", s.garbage)
}

type suite struct{ parser.Format }

// decode returns the packet of a group.
func (s suite) decode(t *testing.T, group []transport.Message, err error) parser.Packet {
	t.Helper()
	require.NoError(t, err)
	d := s.NewDecoder(parser.Limits{})
	for i, m := range group {
		p, complete, err := d.Decode(m)
		require.NoError(t, err)
		require.Equal(t, i == len(group)-1, complete, "a group is one packet")
		if complete {
			return p
		}
	}
	require.FailNow(t, "no packet")
	return parser.Packet{}
}

// wantArguments compares the arguments of a packet, as an any receives them.
func (s suite) wantArguments(t *testing.T, p parser.Packet, name string, want ...any) {
	t.Helper()
	elements, more := s.Split([][]byte{[]byte("before")}, p, -1)
	require.False(t, more)
	require.Equal(t, "before", string(elements[0]), "Split appends")
	elements = elements[1:]
	for n := range len(elements) + 2 {
		first, more := s.Split(nil, p, n)
		require.Len(t, first, min(n, len(elements)))
		require.Equal(t, n < len(elements), more)
		for i := range first {
			require.Equal(t, elements[i], first[i])
		}
	}
	if p.Type == parser.Event {
		require.Equal(t, name, string(elements[0]))
		elements = elements[1:]
	}
	require.Len(t, elements, len(want))
	for i, element := range elements {
		var got any
		require.NoError(t, s.Decode(element, p.Attachments, &got))
		require.Equal(t, want[i], got)
	}
}

var ids = []*uint64{nil, new(uint64(0)), new(uint64(parser.MaxID))}

func (s suite) events(t *testing.T) {
	for _, namespace := range []string{"/", "/chat", "/€"} {
		for _, id := range ids {
			for _, name := range []string{"", "news", `a "b"`, "grüße 🎉"} {
				args := []any{nil, true, -1.5, "s", []any{[]byte("a"), []byte{}}, map[string]any{"k": []byte("b")}}
				group, err := s.EncodeEvent(namespace, id, name, args)
				p := s.decode(t, group, err)
				require.Equal(t, parser.Event, p.Type)
				require.Equal(t, namespace, p.Namespace)
				require.Equal(t, id != nil, p.HasID)
				if id != nil {
					require.Equal(t, *id, p.ID)
				}
				s.wantArguments(t, p, name, args...)
			}
		}
	}
	group, err := s.EncodeEvent("/", nil, "none", nil)
	s.wantArguments(t, s.decode(t, group, err), "none")
}

func (s suite) acks(t *testing.T) {
	group, err := s.EncodeAck("/chat", parser.MaxID, []any{"s", []byte("a")})
	p := s.decode(t, group, err)
	require.Equal(t, parser.Ack, p.Type)
	require.Equal(t, "/chat", p.Namespace)
	require.True(t, p.HasID)
	require.EqualValues(t, parser.MaxID, p.ID)
	s.wantArguments(t, p, "", "s", []byte("a"))
	_, _, failed := s.Failure(p)
	require.False(t, failed)

	group, err = s.EncodeAck("/", 0, nil)
	s.wantArguments(t, s.decode(t, group, err), "")
}

// values are those of a struct, which the caller and the receiver may change.
func (s suite) values(t *testing.T) {
	type file struct {
		Name    string   `json:"name"`
		Data    []byte   `json:"data"`
		Pages   [][]byte `json:"pages"`
		Skipped int      `json:"-"`
		Empty   string   `json:"empty,omitempty"`
	}
	sent := file{Name: "n", Data: []byte("data"), Pages: [][]byte{nil, []byte("a")}, Skipped: 1}
	group, err := s.EncodeEvent("/", nil, "x", []any{sent})
	sent.Data[0], sent.Pages[1][0] = 'X', 'X'
	p := s.decode(t, group, err)
	elements, _ := s.Split(nil, p, -1)
	element := elements[1]
	for range 2 {
		var got file
		require.NoError(t, s.Decode(element, p.Attachments, &got))
		require.Equal(t, file{Name: "n", Data: []byte("data"), Pages: [][]byte{nil, []byte("a")}}, got)
		got.Data[0] = 'X'
	}
	require.Error(t, s.Decode(element, p.Attachments, new(int)))
	require.Error(t, s.Decode(element, p.Attachments, nil))
}

func (s suite) control(t *testing.T) {
	type auth struct {
		Token string `json:"token"`
		PID   string `json:"pid,omitempty"`
	}
	var got auth
	group, err := s.EncodeControl(parser.Connect, "/chat", auth{Token: "t"})
	p := s.decode(t, group, err)
	require.Equal(t, parser.Connect, p.Type)
	require.Equal(t, "/chat", p.Namespace)
	require.NoError(t, s.Decode(p.Data, p.Attachments, &got))
	require.Equal(t, auth{Token: "t"}, got)

	pid := parser.Member{Name: "pid", Value: "p"}
	for _, tt := range []struct {
		payload any
		want    auth
	}{
		{nil, auth{PID: "p"}},
		{struct{}{}, auth{PID: "p"}},
		{auth{Token: "t"}, auth{"t", "p"}},
		{auth{PID: "own"}, auth{PID: "own"}},
	} {
		got = auth{}
		group, err = s.EncodeControl(parser.Connect, "/", tt.payload, pid)
		p = s.decode(t, group, err)
		require.NoError(t, s.Decode(p.Data, p.Attachments, &got))
		require.Equal(t, tt.want, got)
	}

	for _, packetType := range []parser.Type{parser.Connect, parser.Disconnect} {
		group, err = s.EncodeControl(packetType, "/", nil)
		p = s.decode(t, group, err)
		require.Equal(t, packetType, p.Type)
		require.Empty(t, p.Data)
	}
	for _, payload := range []any{"s", []int{1}, map[string][]byte{"a": {1}}} {
		_, err = s.EncodeControl(parser.Connect, "/", payload)
		require.ErrorIs(t, err, parser.ErrPayload)
	}
}

func (s suite) failures(t *testing.T) {
	type body struct {
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}
	type failed struct {
		Error body `json:"error"`
	}
	for _, b := range []body{{Message: "m"}, {Message: "m", Data: map[string]any{"code": 7.0}}} {
		refusal, err := s.EncodeControl(parser.ConnectError, "/chat", b)
		refused := s.decode(t, refusal, err)
		require.Equal(t, parser.ConnectError, refused.Type)
		message, data := s.Refusal(refused)
		require.Equal(t, "m", message)
		wantData(t, b.Data, data)

		answer, err := s.EncodeAck("/", 1, []any{failed{b}})
		message, data, says := s.Failure(s.decode(t, answer, err))
		require.True(t, says)
		require.Equal(t, "m", message)
		wantData(t, b.Data, data)
	}
	answer, err := s.EncodeAck("/", 1, []any{failed{body{Data: []byte("a")}}})
	_, data, _ := s.Failure(s.decode(t, answer, err))
	var got []byte
	require.NoError(t, data.Decode(&got))
	require.Equal(t, "a", string(got), "an acknowledgement may hold binary values")

	for _, args := range [][]any{nil, {"error"}, {failed{}, 1}, {map[string]any{"error": "m"}}, {map[string]any{"error": body{}, "ok": true}}} {
		answer, err := s.EncodeAck("/", 1, args)
		_, _, says := s.Failure(s.decode(t, answer, err))
		require.False(t, says, "%v", args)
	}
}

// wantData compares the data of a failure, where nil is none.
func wantData(t *testing.T, want any, data parser.Value) {
	t.Helper()
	require.Equal(t, want == nil, data.Data == nil)
	var got any
	require.NoError(t, data.Decode(&got))
	require.Equal(t, want, got)
}

func (s suite) appended(t *testing.T) {
	for _, args := range [][]any{{}, {[]byte("a"), "s"}} {
		group, err := s.EncodeEvent("/chat", nil, "x", args)
		require.NoError(t, err)
		before := copied(group)
		first, second := s.AppendArgument(group, "1"), s.AppendArgument(group, `t"wo`)
		require.Equal(t, before, group, "others have it, too")
		s.wantArguments(t, s.decode(t, group, nil), "x", args...)
		s.wantArguments(t, s.decode(t, first, nil), "x", append(slices.Clip(args), "1")...)
		s.wantArguments(t, s.decode(t, second, nil), "x", append(slices.Clip(args), `t"wo`)...)
	}
}

func copied(group []transport.Message) []transport.Message {
	clone := slices.Clone(group)
	for i := range clone {
		clone[i].Data = slices.Clone(clone[i].Data)
	}
	return clone
}

func (s suite) relay(t *testing.T) {
	for _, id := range ids {
		group, err := s.EncodeEvent("/chat", id, "x", []any{"s", []byte("a")})
		require.NoError(t, err)
		relayed, err := s.RelayEvent(group)
		require.NoError(t, err)
		require.JSONEq(t, `["x","s",{"_placeholder":true,"num":0}]`, string(relayed.Data))
		require.Equal(t, [][]byte{[]byte("a")}, relayed.Attachments)
		group, err = s.EncodeRelayed("/chat", id, relayed)
		p := s.decode(t, group, err)
		require.Equal(t, "/chat", p.Namespace)
		require.Equal(t, id != nil, p.HasID)
		s.wantArguments(t, p, "x", "s", []byte("a"))
	}
	group, err := s.EncodeAck("/", 1, []any{"s", []byte("a")})
	relayed, err := s.RelayAck(s.decode(t, group, err))
	require.NoError(t, err)
	require.JSONEq(t, `["s",{"_placeholder":true,"num":0}]`, string(relayed.Data))
	require.Equal(t, [][]byte{[]byte("a")}, relayed.Attachments)

	for _, data := range []string{``, `{}`, `[`, `[]`, `["disconnect"]`, `["x",{"_placeholder":true,"num":1}]`} {
		_, err = s.EncodeRelayed("/", nil, parser.Relayed{Data: []byte(data), Attachments: [][]byte{{1}}})
		require.Error(t, err, data)
	}
}

func (s suite) notEncoded(t *testing.T) {
	loop := []any{nil}
	loop[0] = loop
	for _, value := range []any{make(chan int), func() {}, loop} {
		var encode *parser.EncodeError
		_, err := s.EncodeEvent("/", nil, "x", []any{1, value})
		require.ErrorAs(t, err, &encode)
		require.Equal(t, 1, encode.Argument)
		_, err = s.EncodeAck("/", 1, []any{value})
		require.ErrorAs(t, err, &encode)
		require.Equal(t, 0, encode.Argument)
		_, err = s.EncodeControl(parser.ConnectError, "/", value)
		require.Error(t, err)
	}
}

func (s suite) refused(t *testing.T) {
	group, err := s.EncodeEvent("/", nil, "disconnect", nil) // what nobody may send
	require.NoError(t, err)
	_, _, err = s.NewDecoder(parser.Limits{}).Decode(group[0])
	require.ErrorIs(t, err, parser.ErrReserved)
}

func (s suite) limits(t *testing.T) {
	long, err := s.EncodeEvent("/", nil, "x", []any{strings.Repeat("a", 1000)})
	require.NoError(t, err)
	_, _, err = s.NewDecoder(parser.Limits{MaxBytes: 100}).Decode(long[0])
	require.ErrorIs(t, err, parser.ErrTooLarge)
	d := s.NewDecoder(parser.Limits{MaxBytes: -1})
	_, complete, err := d.Decode(long[0])
	require.NoError(t, err)
	require.True(t, complete)

	deep, err := s.EncodeEvent("/", nil, "x", []any{[]any{[]any{}}})
	require.NoError(t, err)
	_, _, err = s.NewDecoder(parser.Limits{MaxDepth: 2}).Decode(deep[0])
	require.ErrorIs(t, err, parser.ErrDepth)
}

// garbage gives messages that are cut short, or changed, to a decoder.
func (s suite) garbage(t *testing.T) {
	group, err := s.EncodeEvent("/chat", ids[2], "x", []any{"s", []byte("a"), map[string]any{"k": 1}})
	require.NoError(t, err)
	try := func(m transport.Message) {
		d := s.NewDecoder(parser.Limits{})
		p, complete, err := d.Decode(m)
		if err != nil || !complete {
			return
		}
		elements, _ := s.Split(nil, p, -1)
		for _, element := range elements {
			_ = s.Decode(element, p.Attachments, new(any))
		}
	}
	for _, m := range group {
		for i := range m.Data {
			try(transport.Message{Data: slices.Clone(m.Data[:i]), Binary: m.Binary})
			for _, bit := range []byte{1, 0x10, 0x80} {
				changed := slices.Clone(m.Data)
				changed[i] ^= bit
				try(transport.Message{Data: changed, Binary: m.Binary})
			}
		}
		try(transport.Message{Data: m.Data, Binary: !m.Binary})
		try(transport.Message{Binary: m.Binary})
	}
}
