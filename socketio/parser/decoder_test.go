package parser_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/stretchr/testify/require"
)

const upload = `51-7["upload",{"_placeholder":true,"num":0}]`

func TestDecoderGivesHeaderBeforeAttachments(t *testing.T) {
	var d parser.Decoder
	p, complete, err := d.Text([]byte(`51-/never-joined,7["upload",{"_placeholder":true,"num":0}]`))
	require.NoError(t, err)
	require.False(t, complete)
	require.Equal(t, parser.Packet{
		Type: parser.Event, Namespace: "/never-joined", ID: 7, HasID: true,
		Data: []byte(`["upload",{"_placeholder":true,"num":0}]`),
	}, p)
}

func TestDecoderSharesMemory(t *testing.T) {
	var d parser.Decoder
	text, attachment := []byte(upload), []byte("abc")
	_, _, err := d.Text(text)
	require.NoError(t, err)
	p, complete, err := d.Binary(attachment)
	require.NoError(t, err)
	require.True(t, complete)

	copy(text[len(text)-len(p.Data):], `["UPLOAD"`)
	attachment[0] = 'A'
	require.Equal(t, `["UPLOAD",{"_placeholder":true,"num":0}]`, string(p.Data))
	require.Equal(t, "Abc", string(p.Attachments[0]))
	require.Equal(t, len(p.Data), cap(p.Data), "appending must not write behind the data")
}

func TestDecoderAttachmentsOfNoBytes(t *testing.T) {
	var d parser.Decoder
	_, _, err := d.Text([]byte(`52-["x"]`)) // attachments that no placeholder names are dropped by whoever decodes the arguments
	require.NoError(t, err)
	_, complete, err := d.Binary(nil)
	require.NoError(t, err)
	require.False(t, complete)
	p, complete, err := d.Binary([]byte{})
	require.NoError(t, err)
	require.True(t, complete)
	require.Len(t, p.Attachments, 2)
}

func TestDecoderTextBeforeLastAttachment(t *testing.T) {
	var d parser.Decoder
	_, _, err := d.Text([]byte(upload))
	require.NoError(t, err)
	_, complete, err := d.Text([]byte(`2["a"]`))
	require.ErrorIs(t, err, parser.ErrUnexpectedText)
	require.False(t, complete)
	require.False(t, d.Pending(), "the packet is forgotten")
	_, _, err = d.Binary([]byte{1})
	require.ErrorIs(t, err, parser.ErrUnexpectedBinary)
}

func TestDecoderUnannouncedBinary(t *testing.T) {
	var d parser.Decoder
	_, _, err := d.Binary([]byte{1})
	require.ErrorIs(t, err, parser.ErrUnexpectedBinary)

	_, _, err = d.Text([]byte(upload))
	require.NoError(t, err)
	_, complete, err := d.Binary([]byte{1})
	require.NoError(t, err)
	require.True(t, complete)
	_, _, err = d.Binary([]byte{2})
	require.ErrorIs(t, err, parser.ErrUnexpectedBinary, "one attachment too many")
}

func TestDecoderReset(t *testing.T) {
	var d parser.Decoder
	_, _, err := d.Text([]byte(upload))
	require.NoError(t, err)
	require.True(t, d.Pending())
	d.Reset()
	require.Equal(t, parser.Decoder{}, d)
	_, complete, err := d.Text([]byte(`2["a"]`))
	require.NoError(t, err)
	require.True(t, complete)
}

// The packet given out must not change when the next one is collected.
func TestDecoderKeepsPacketsApart(t *testing.T) {
	var d parser.Decoder
	var packets []parser.Packet
	for i := range byte(3) {
		_, _, err := d.Text([]byte(`52-["x"]`))
		require.NoError(t, err)
		_, _, err = d.Binary([]byte{i})
		require.NoError(t, err)
		p, _, err := d.Binary([]byte{10 + i})
		require.NoError(t, err)
		packets = append(packets, p)
	}
	for i, p := range packets {
		require.Equal(t, [][]byte{{byte(i)}, {10 + byte(i)}}, p.Attachments)
	}
}

func TestDecoderMaxBytes(t *testing.T) {
	t.Run("text", func(t *testing.T) {
		var d parser.Decoder
		longest := `2["` + strings.Repeat("a", 1_000_000-5) + `"]`
		_, complete, err := d.Text([]byte(longest))
		require.NoError(t, err)
		require.True(t, complete)
		_, _, err = d.Text([]byte(longest + " "))
		require.ErrorIs(t, err, parser.ErrTooLarge)
		require.EqualError(t, err, "parser: packet too large: 1000001 bytes, limit 1000000")
	})
	t.Run("attachments", func(t *testing.T) {
		d := parser.Decoder{Limits: parser.Limits{MaxBytes: 100}}
		_, _, err := d.Text([]byte(`53-["x"]`))
		require.NoError(t, err)
		_, _, err = d.Binary(make([]byte, 91))
		require.NoError(t, err)
		_, _, err = d.Binary(make([]byte, 1))
		require.NoError(t, err, "8 of text, 92 of attachments")
		_, _, err = d.Binary(make([]byte, 1))
		require.ErrorIs(t, err, parser.ErrTooLarge)
		require.Equal(t, parser.Decoder{Limits: d.Limits}, d, "holds nothing of it")
	})
	t.Run("no limit", func(t *testing.T) {
		d := parser.Decoder{Limits: parser.Limits{MaxBytes: -1}}
		_, complete, err := d.Text([]byte(`2["` + strings.Repeat("a", 2_000_000) + `"]`))
		require.NoError(t, err)
		require.True(t, complete)
	})
	t.Run("packets do not add up", func(t *testing.T) {
		d := parser.Decoder{Limits: parser.Limits{MaxBytes: 100}}
		for range 10 {
			_, _, err := d.Text([]byte(upload))
			require.NoError(t, err)
			_, complete, err := d.Binary(make([]byte, 50))
			require.NoError(t, err)
			require.True(t, complete)
		}
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
		{"above the default", 0, "11", parser.ErrTooManyAttachments},
		{"less", 2, "2", nil},
		{"above less", 2, "3", parser.ErrTooManyAttachments},
		{"none", -1, "1", parser.ErrTooManyAttachments},
		{"more", 1000, "1000", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := parser.Decoder{Limits: parser.Limits{MaxAttachments: tt.limit}}
			_, _, err := d.Text([]byte("5" + tt.attachments + `-["x"]`))
			require.ErrorIs(t, err, tt.cause)
			require.Equal(t, tt.cause == nil, d.Pending())
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
		{"attachments to come", `51000000-["x",{"_placeholder":true,"num":999999}]`, 0},
		{"thirty levels", `3` + strings.Repeat("[", 30) + strings.Repeat("]", 30), 0},
		{"megabyte of digits", `2` + strings.Repeat("9", 900_000), 1}, // the error
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := parser.Decoder{Limits: parser.Limits{MaxAttachments: 1_000_000}}
			text := []byte(tt.text)
			require.Equal(t, tt.want, testing.AllocsPerRun(10, func() {
				d.Text(text)
				d.Reset()
			}))
		})
	}
}

func TestDecoderOfSeveralNamespaces(t *testing.T) {
	var d parser.Decoder
	long := "/" + strings.Repeat("a", 100)
	for _, namespace := range []string{"/chat", "/chat", "/news", "/", "/news", long, long, "/chat", "/cha"} {
		p, complete, err := d.Text([]byte("2" + namespace + `,["x"]`))
		require.NoError(t, err)
		require.True(t, complete)
		require.Equal(t, namespace, p.Namespace)
	}
}

func TestDecoderMemoryOfDepth(t *testing.T) {
	d := parser.Decoder{Limits: parser.Limits{MaxDepth: 10_000}}
	text := []byte(`3` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, complete, err := d.Text(text)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.True(t, complete)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8*len(text)))
}

func TestAppendAllocates(t *testing.T) {
	dst := make([]byte, 0, 256)
	for _, tt := range packets {
		require.Zero(t, testing.AllocsPerRun(10, func() { dst = parser.Append(dst[:0], &tt.packet) }), tt.name)
	}
}
