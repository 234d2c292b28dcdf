//go:build js

// Program json is what many programs use before they connect to anything: fmt,
// encoding/json, context and syscall/js. `make wasm` tells what of the minimal
// client they have already.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"syscall/js"
	"time"
)

type message struct {
	Text string `json:"text"`
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var m message
	if err := json.Unmarshal([]byte(js.Global().Get("name").String()), &m); err != nil {
		fmt.Println(err)
	}
	text, err := json.Marshal(m)
	<-ctx.Done()
	fmt.Println(string(text), err, context.Cause(ctx))
}
