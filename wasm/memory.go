//go:build js

package main

import (
	"encoding/hex"
	"strings"
	"syscall/js"

	"github.com/isosocket/isosocket/web/chat"
)

// roomOfPage is the room that the page's address names.
func roomOfPage() string {
	hash := global.Get("location").Get("hash").String()
	// Decodes like decodeURIComponent, and never throws.
	parameters := global.Get("URLSearchParams").New("room=" + strings.TrimPrefix(hash, "#"))
	if room := chat.Clean(parameters.Call("get", "room").String()); room != "" {
		return room
	}
	return chat.FixedRooms[0]
}

// setRoomOfPage makes the address one that leads to the room.
func setRoomOfPage(room string) {
	global.Get("location").Set("hash", global.Call("encodeURIComponent", room))
}

// keyOfTab makes a reconnection the same person. It lives as long as the tab.
func keyOfTab() string {
	storage := global.Get("sessionStorage")
	if key := storage.Call("getItem", "chat-key"); !key.IsNull() {
		return key.String()
	}
	// Not randomUUID, which pages without TLS lack.
	random := make([]byte, 16)
	js.CopyBytesToGo(random, global.Get("crypto").Call("getRandomValues", global.Get("Uint8Array").New(len(random))))
	key := hex.EncodeToString(random)
	storage.Call("setItem", "chat-key", key)
	return key
}

// nameOfBrowser is the name that was used last.
func nameOfBrowser() string {
	if name := global.Get("localStorage").Call("getItem", "chat-name"); !name.IsNull() {
		return name.String()
	}
	return ""
}

func rememberName(name string) { global.Get("localStorage").Call("setItem", "chat-name", name) }
