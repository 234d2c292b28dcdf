package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/isosocket/isosocket/web/chat"
	"github.com/isosocket/isosocket/web/chat/guest"
)

const help = `/room NAME     go to a room
/picture FILE  send a picture
/quit          leave
`

// prompt does what the person types.
type prompt struct {
	guest *guest.Guest
	out   io.Writer
	leave context.CancelCauseFunc
}

func (p *prompt) line(line string) {
	command, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch command {
	case "":
	case "/room":
		if room := chat.Clean(argument); room != "" {
			p.guest.Enter(room)
		}
	case "/picture":
		picture, err := readPicture(argument)
		if err != nil {
			fmt.Fprintln(p.out, "*", err)
			return
		}
		p.guest.Post("", picture)
	case "/quit":
		p.leave(errQuit)
	case "/help":
		fmt.Fprint(p.out, help)
	default:
		if strings.HasPrefix(command, "/") {
			fmt.Fprintf(p.out, "* there is no command %s\n%s", command, help)
			return
		}
		p.guest.Post(strings.TrimSpace(line), nil)
	}
}

// end is told that there is nothing more to read.
func (p *prompt) end(err error) {
	if err == nil {
		err = errQuit
	}
	p.leave(err)
}

func readPicture(path string) (*chat.Picture, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &chat.Picture{Name: filepath.Base(path), Type: http.DetectContentType(data), Data: data}
	if size, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
		p.Width, p.Height = size.Width, size.Height
	}
	return p, p.Check()
}
