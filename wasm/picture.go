//go:build js

package main

import (
	"errors"
	"slices"
	"syscall/js"

	"github.com/isosocket/isosocket/web/chat"
)

const (
	maxSide = 1600 // pixels of a picture that is scaled down
	minSide = 200
	maxName = 200 // characters
)

// readPicture reads a file. A picture that is too large is scaled down first.
func readPicture(file js.Value) (*chat.Picture, error) {
	if !slices.Contains(chat.PictureTypes, file.Get("type").String()) {
		return nil, errors.New("a picture must be PNG, JPEG, GIF or WebP")
	}
	bitmap, err := await(global.Call("createImageBitmap", file))
	if err != nil {
		return nil, errors.New("this file cannot be read as a picture")
	}
	defer bitmap.Call("close")

	blob, width, height := file, bitmap.Get("width").Int(), bitmap.Get("height").Int()
	for side := maxSide; blob.Get("size").Int() > chat.MaxPicture && side >= minSide; side = side * 7 / 10 {
		width, height = fit(bitmap.Get("width").Int(), bitmap.Get("height").Int(), side)
		if blob, err = draw(bitmap, width, height); err != nil {
			return nil, err
		}
	}
	buffer, err := await(blob.Call("arrayBuffer"))
	if err != nil {
		return nil, err
	}
	data := make([]byte, buffer.Get("byteLength").Int())
	js.CopyBytesToGo(data, global.Get("Uint8Array").New(buffer))
	name := []rune(file.Get("name").String())
	picture := &chat.Picture{
		Name:   string(name[:min(maxName, len(name))]),
		Type:   blob.Get("type").String(),
		Width:  width,
		Height: height,
		Data:   data,
	}
	return picture, picture.Check()
}

// fit scales a size down so that its longer side is at most side.
func fit(width, height, side int) (int, int) {
	longer := max(width, height)
	if longer <= side {
		return width, height
	}
	return max(1, width*side/longer), max(1, height*side/longer)
}

// draw returns the bitmap in another size, as JPEG.
func draw(bitmap js.Value, width, height int) (blob js.Value, err error) {
	canvas := global.Get("OffscreenCanvas").New(width, height)
	canvas.Call("getContext", "2d").Call("drawImage", bitmap, 0, 0, width, height)
	return await(canvas.Call("convertToBlob", object(map[string]any{"type": "image/jpeg", "quality": 0.85})))
}
