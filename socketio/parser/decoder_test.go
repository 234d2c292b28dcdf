package parser

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/transporttest"
)

const upload = `51-7["upload",{"_placeholder":true,"num":0}]`

func TestDecoderGivesHeaderBeforeAttachments(t *testing.T) {
	var d jsonDecoder
	p, complete, err := d.text([]byte(`51-/never-joined,7["upload",{"_placeholder":true,"num":0}]`))
	require.NoError(t, err)
	require.False(t, complete)
	require.Equal(t, Packet{
		Type: Event, Namespace: "/never-joined", ID: 7, HasID: true,
		Data: []byte(`["upload",{"_placeholder":true,"num":0}]`),
	}, p)
}

func TestDecoderSharesMemory(t *testing.T) {
	var d jsonDecoder
	text, attachment := []byte(upload), []byte("abc")
	_, _, err := d.text(text)
	require.NoError(t, err)
	p, complete, err := d.binary(attachment)
	require.NoError(t, err)
	require.True(t, complete)

	copy(text[len(text)-len(p.Data):], `["UPLOAD"`)
	attachment[0] = 'A'
	require.Equal(t, `["UPLOAD",{"_placeholder":true,"num":0}]`, string(p.Data))
	require.Equal(t, "Abc", string(p.Attachments[0]))
	require.Equal(t, len(p.Data), cap(p.Data), "appending must not write behind the data")
}

func TestDecoderAttachmentsOfNoBytes(t *testing.T) {
	var d jsonDecoder
	_, _, err := d.text([]byte(`52-["x"]`)) // attachments that no placeholder names are dropped by whoever decodes the arguments
	require.NoError(t, err)
	_, complete, err := d.binary(nil)
	require.NoError(t, err)
	require.False(t, complete)
	p, complete, err := d.binary([]byte{})
	require.NoError(t, err)
	require.True(t, complete)
	require.Len(t, p.Attachments, 2)
}

func TestDecoderTextBeforeLastAttachment(t *testing.T) {
	var d jsonDecoder
	_, _, err := d.text([]byte(upload))
	require.NoError(t, err)
	_, complete, err := d.text([]byte(`2["a"]`))
	require.ErrorIs(t, err, ErrUnexpectedText)
	require.False(t, complete)
	require.False(t, d.pending(), "the packet is forgotten")
	_, _, err = d.binary([]byte{1})
	require.ErrorIs(t, err, ErrUnexpectedBinary)
}

func TestDecoderUnannouncedBinary(t *testing.T) {
	var d jsonDecoder
	_, _, err := d.binary([]byte{1})
	require.ErrorIs(t, err, ErrUnexpectedBinary)

	_, _, err = d.text([]byte(upload))
	require.NoError(t, err)
	_, complete, err := d.binary([]byte{1})
	require.NoError(t, err)
	require.True(t, complete)
	_, _, err = d.binary([]byte{2})
	require.ErrorIs(t, err, ErrUnexpectedBinary, "one attachment too many")
}

func TestDecoderReset(t *testing.T) {
	var d jsonDecoder
	_, _, err := d.text([]byte(upload))
	require.NoError(t, err)
	require.True(t, d.pending())
	d.reset()
	require.Equal(t, jsonDecoder{}, d)
	_, complete, err := d.text([]byte(`2["a"]`))
	require.NoError(t, err)
	require.True(t, complete)
}

// The packet given out must not change when the next one is collected.
func TestDecoderKeepsPacketsApart(t *testing.T) {
	var d jsonDecoder
	var packets []Packet
	for i := range byte(3) {
		_, _, err := d.text([]byte(`52-["x"]`))
		require.NoError(t, err)
		_, _, err = d.binary([]byte{i})
		require.NoError(t, err)
		p, _, err := d.binary([]byte{10 + i})
		require.NoError(t, err)
		packets = append(packets, p)
	}
	for i, p := range packets {
		require.Equal(t, [][]byte{{byte(i)}, {10 + byte(i)}}, p.Attachments)
	}
}

func TestDecoderMaxBytes(t *testing.T) {
	t.Run("text", func(t *testing.T) {
		var d jsonDecoder
		longest := `2["` + strings.Repeat("a", 1_000_000-5) + `"]`
		_, complete, err := d.text([]byte(longest))
		require.NoError(t, err)
		require.True(t, complete)
		_, _, err = d.text([]byte(longest + " "))
		require.ErrorIs(t, err, ErrTooLarge)
		require.EqualError(t, err, "parser: packet too large: 1000001 bytes, limit 1000000")
	})
	t.Run("one attachment", func(t *testing.T) {
		d := jsonDecoder{limits: Limits{MaxBytes: 100}}
		_, _, err := d.text([]byte(`53-["x"]`))
		require.NoError(t, err)
		_, _, err = d.binary(make([]byte, 100))
		require.NoError(t, err)
		_, _, err = d.binary(make([]byte, 101))
		require.ErrorIs(t, err, ErrTooLarge)
		require.EqualError(t, err, "parser: packet too large: 101 bytes in an attachment, limit 100")
		require.Equal(t, jsonDecoder{limits: d.limits}, d, "holds nothing of it")
	})
	for _, limits := range []Limits{
		{MaxBytes: 100, MaxAttachmentBytes: 1000},
		{MaxBytes: 100},
		{MaxBytes: -1, MaxAttachmentBytes: 1000},
	} {
		t.Run("attachments", func(t *testing.T) {
			d := jsonDecoder{limits: limits}
			d.limits.MaxAttachments = 20
			for range 2 { // packets do not add up
				_, _, err := d.text([]byte(`511-["x"]`))
				require.NoError(t, err)
				for range 10 {
					_, _, err = d.binary(make([]byte, 100))
					require.NoError(t, err)
				}
				_, complete, err := d.binary(nil)
				require.NoError(t, err)
				require.True(t, complete)
			}
			_, _, err := d.text([]byte(`511-["x"]`))
			require.NoError(t, err)
			for range 10 {
				_, _, err = d.binary(make([]byte, 100))
				require.NoError(t, err)
			}
			_, _, err = d.binary(make([]byte, 1))
			require.ErrorIs(t, err, ErrTooLarge)
			require.EqualError(t, err, "parser: packet too large: 1001 bytes in attachments, limit 1000")
			require.Equal(t, jsonDecoder{limits: d.limits}, d, "holds nothing of it")
		})
	}
	t.Run("no limit", func(t *testing.T) {
		d := jsonDecoder{limits: Limits{MaxBytes: -1}}
		_, complete, err := d.text([]byte(`2["` + strings.Repeat("a", 2_000_000) + `"]`))
		require.NoError(t, err)
		require.True(t, complete)
		_, _, err = d.text([]byte(`51-["x"]`))
		require.NoError(t, err)
		_, complete, err = d.binary(make([]byte, 20_000_000))
		require.NoError(t, err)
		require.True(t, complete)
	})
}

func TestDecoderMaxAttachments(t *testing.T) {
	for _, tt := range []struct {
		name        string
		limit       int
		attachments string
		cause       error
	}{
		{"default", 0, "10", nil},
		{"above the default", 0, "11", ErrTooManyAttachments},
		{"less", 2, "2", nil},
		{"above less", 2, "3", ErrTooManyAttachments},
		{"none", -1, "1", ErrTooManyAttachments},
		{"more", 1000, "1000", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := jsonDecoder{limits: Limits{MaxAttachments: tt.limit}}
			_, _, err := d.text([]byte("5" + tt.attachments + `-["x"]`))
			require.ErrorIs(t, err, tt.cause)
			require.Equal(t, tt.cause == nil, d.pending())
		})
	}
}

// A peer may announce as much as it likes: memory is spent on what has arrived.
func TestDecoderAllocates(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       float64
	}{
		{"event", `2["message",{"id":12345,"text":"hello"}]`, 0},
		{"event with an ack", `217["message"]`, 0},
		{"event of the last namespace", `2/chat,["message"]`, 0},
		{"event of a namespace too long to keep", `2/` + strings.Repeat("a", 64) + `,["message"]`, 1},
		{"megabyte of text", `2["` + strings.Repeat("a", 900_000) + `"]`, 0},
		{"placeholder", `51-["x",[{"a":[{"b":{"_placeholder":true,"num":0}}],"c":1}]]`, 0},
		{"attachments to come", `51000000-["x",{"_placeholder":true,"num":999999}]`, 0},
		{"thirty levels", `3` + strings.Repeat("[", 30) + strings.Repeat("]", 30), 0},
		{"megabyte of digits", `2` + strings.Repeat("9", 900_000), 1}, // the error
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := jsonDecoder{limits: Limits{MaxAttachments: 1_000_000}}
			text := []byte(tt.text)
			require.Equal(t, tt.want, testing.AllocsPerRun(10, func() {
				d.text(text)
				d.reset()
			}))
		})
	}
}

func TestDecoderOfSeveralNamespaces(t *testing.T) {
	var d jsonDecoder
	long := "/" + strings.Repeat("a", 100)
	for _, namespace := range []string{"/chat", "/chat", "/news", "/", "/news", long, long, "/chat", "/cha"} {
		p, complete, err := d.text([]byte("2" + namespace + `,["x"]`))
		require.NoError(t, err)
		require.True(t, complete)
		require.Equal(t, namespace, p.Namespace)
	}
}

func TestDecoderMemoryOfDepth(t *testing.T) {
	d := jsonDecoder{limits: Limits{MaxDepth: 10_000}}
	text := []byte(`3` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, complete, err := d.text(text)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.True(t, complete)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8*len(text)))
}

func TestAppendAllocates(t *testing.T) {
	dst := make([]byte, 0, 256)
	for _, tt := range packets {
		require.Zero(t, testing.AllocsPerRun(10, func() { dst = appendText(dst[:0], &tt.packet) }), tt.name)
	}
}

// What is kept of a message is little more than what is kept of the packet.
func TestDecoderHolds(t *testing.T) {
	const size = 1_000_000
	blanks := strings.Repeat(" ", size)
	for _, tt := range []struct {
		name, text string
		packet     int // the bytes that are its own
	}{
		{"blanks behind an event", `2["x"]` + blanks, len(`["x"]`)},
		{"blanks behind an ack", `31["x"]` + blanks, len(`["x"]`)},
		{"blanks behind a CONNECT", `0{}` + blanks, len(`{}`)},
		{"blanks behind a CONNECT_ERROR", `4{}` + blanks, len(`{}`)},
		{"blanks in a CONNECT", `0{` + blanks + `"a" : "b c"}`, len(`{"a":"b c"}`)},
		{"blanks in an event", `2["x",` + blanks + `1]`, size},
		{"a long namespace", `2/` + strings.Repeat("a", size/2) + `,["x"]`, size / 2}, // which is its own
		{"event", `2["x","` + blanks + `"]`, size},
		{"CONNECT", `0{"a":"` + blanks + `"}`, size},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const packets = 5
			held := transporttest.Held(t, func() any {
				d := jsonDecoder{limits: Limits{MaxBytes: -1}}
				keep := make([]Packet, packets)
				for i := range keep {
					var err error
					keep[i], _, err = d.text([]byte(tt.text)[:len(tt.text):len(tt.text)])
					require.NoError(t, err)
				}
				return keep
			})
			require.Less(t, held/packets, int64(2*tt.packet+4096))
		})
	}
	t.Run("attachments that are parts", func(t *testing.T) {
		held := transporttest.Held(t, func() any {
			d := jsonDecoder{limits: Limits{MaxAttachments: 20}}
			p, _, err := d.text([]byte(`520-["x"]`))
			require.NoError(t, err)
			for range 20 {
				p, _, err = d.binary(make([]byte, size)[:1])
				require.NoError(t, err)
			}
			return p
		})
		require.Less(t, held, int64(4096))
	})
}

func TestDecoderCompactsConnect(t *testing.T) {
	var d jsonDecoder
	p, _, err := d.text([]byte("0/chat,{ \"a b\" : [ 1 ,\n\"\\u0020 <\u2028\" ] }\t "))
	require.NoError(t, err)
	require.Equal(t, "{\"a b\":[1,\"\\u0020 <\u2028\"]}", string(p.Data))
	require.Equal(t, len(p.Data), cap(p.Data))
}

func TestDecoderMaxArguments(t *testing.T) {
	for _, tt := range []struct{ before, after string }{{`2["x"`, `]`}, {`3[{}`, `]`}, {`51-["x"`, `]`}} {
		var d jsonDecoder
		_, _, err := d.text([]byte(tt.before + strings.Repeat(",1", maxElements-1) + tt.after))
		require.NoError(t, err)
		d.reset()
		_, _, err = d.text([]byte(tt.before + strings.Repeat(" , 1", maxElements) + tt.after))
		require.ErrorIs(t, err, ErrArguments)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
	}
	for _, text := range []string{`2["x",[1`, `0{"a":[1`} {
		var d jsonDecoder
		_, _, err := d.text([]byte(text + strings.Repeat(",1", 100_000) + map[byte]string{'2': `]]`, '0': `]}`}[text[0]]))
		require.NoError(t, err, "what is within an argument has no such bound")
	}
}
