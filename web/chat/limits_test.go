package chat_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/web/chat"
)

func TestClean(t *testing.T) {
	for name, want := range map[string]string{
		"Ada":                   "Ada",
		"  Ada \t Lovelace\n":   "Ada Lovelace",
		"a\x00b\x1bc\u0085d":    "a b c d",
		"نور 👩‍🚀":               "نور 👩‍🚀",
		" \n ":                  "",
		"\xff":                  "\ufffd",
		"already one two three": "already one two three",
	} {
		require.Equal(t, want, chat.Clean(name), "%q", name)
	}
}

func TestJoinRequestCheck(t *testing.T) {
	key := strings.Repeat("k", 16)
	valid := chat.JoinRequest{Room: "lobby", Name: "Ada", Key: key}
	require.NoError(t, valid.Check())
	require.NoError(t, chat.JoinRequest{Room: strings.Repeat("ü", chat.MaxRoom), Name: strings.Repeat("ü", chat.MaxName), Key: key}.Check(),
		"limits count characters")

	for want, r := range map[string]chat.JoinRequest{
		"the room is missing":                    {Name: "Ada", Key: key},
		"the room is longer than 32 characters":  {Room: strings.Repeat("r", 33), Name: "Ada", Key: key},
		"your name is missing":                   {Room: "lobby", Key: key},
		"your name is longer than 40 characters": {Room: "lobby", Name: strings.Repeat("n", 41), Key: key},
		"the key must have 16 to 128 bytes":      {Room: "lobby", Name: "Ada", Key: key[1:]},
	} {
		require.EqualError(t, r.Check(), want)
	}
}

func TestDraftCheck(t *testing.T) {
	require.NoError(t, chat.Draft{ID: "m", Text: strings.Repeat("🌿", chat.MaxText)}.Check(), "limits count characters")
	require.NoError(t, chat.Draft{ID: "m", Picture: picture}.Check(), "a picture needs no text")

	with := func(change func(p *chat.Picture)) chat.Draft {
		p := *picture
		change(&p)
		return chat.Draft{ID: "m", Picture: &p}
	}
	for want, d := range map[string]chat.Draft{
		"a message needs an id of up to 64 bytes":    {Text: "hi"},
		"the message is empty":                       {ID: "m", Text: " \n"},
		"the message is longer than 4000 characters": {ID: "m", Text: strings.Repeat("x", chat.MaxText+1)},
		"a picture must be PNG, JPEG, GIF or WebP":   with(func(p *chat.Picture) { p.Type = "image/svg+xml" }),
		"the picture is empty":                       with(func(p *chat.Picture) { p.Data = nil }),
		"the picture is larger than 512 KB":          with(func(p *chat.Picture) { p.Data = make([]byte, chat.MaxPicture+1) }),
		"the picture's name is too long":             with(func(p *chat.Picture) { p.Name = strings.Repeat("n", 201) }),
	} {
		require.EqualError(t, d.Check(), want)
	}
}
