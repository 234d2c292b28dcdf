package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What the server accepts. Clients check the same before they send.
const (
	MaxName    = 40      // characters of a person's name
	MaxRoom    = 32      // characters of a room's name
	MaxText    = 4000    // characters of a message
	MaxPicture = 512_000 // bytes of a picture
	maxID      = 64      // bytes of a draft's ID
	minKey     = 16      // bytes of a key
	maxKey     = 128
)

// PictureTypes are the media types of pictures. SVG is not among them, as it may hold scripts.
var PictureTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// Clean returns the name of a person or a room as it is shown: without control
// characters and with single spaces.
func Clean(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, name)
	return strings.Join(strings.Fields(name), " ")
}

// CheckRoom tells what is wrong with the name of a room that has been cleaned.
func CheckRoom(name string) error { return checkName("the room", name, MaxRoom) }

// Check tells what is wrong with a request whose names have been cleaned.
func (r JoinRequest) Check() error {
	if len(r.Key) < minKey || len(r.Key) > maxKey {
		return fmt.Errorf("the key must have %d to %d bytes", minKey, maxKey)
	}
	if err := CheckRoom(r.Room); err != nil {
		return err
	}
	return checkName("your name", r.Name, MaxName)
}

// Check tells what is wrong with a draft.
func (d Draft) Check() error {
	switch {
	case d.ID == "" || len(d.ID) > maxID:
		return fmt.Errorf("a message needs an id of up to %d bytes", maxID)
	case strings.TrimSpace(d.Text) == "" && d.Picture == nil:
		return errors.New("the message is empty")
	case utf8.RuneCountInString(d.Text) > MaxText:
		return fmt.Errorf("the message is longer than %d characters", MaxText)
	case d.Picture != nil:
		return d.Picture.Check()
	}
	return nil
}

// Check tells what is wrong with a picture.
func (p *Picture) Check() error {
	switch {
	case !slices.Contains(PictureTypes, p.Type):
		return errors.New("a picture must be PNG, JPEG, GIF or WebP")
	case len(p.Data) == 0:
		return errors.New("the picture is empty")
	case len(p.Data) > MaxPicture:
		return fmt.Errorf("the picture is larger than %d KB", MaxPicture/1000)
	case utf8.RuneCountInString(p.Name) > 200:
		return errors.New("the picture's name is too long")
	}
	return nil
}

func checkName(what, name string, limit int) error {
	switch {
	case name == "":
		return fmt.Errorf("%s is missing", what)
	case utf8.RuneCountInString(name) > limit:
		return fmt.Errorf("%s is longer than %d characters", what, limit)
	}
	return nil
}
