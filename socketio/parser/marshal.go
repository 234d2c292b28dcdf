package parser

import (
	"encoding/json"
	"sync"
)

// appendJSON appends the JSON of v to dst: what encoding/json writes, but without
// the escaping of HTML, which JSON.stringify does not do either.
func appendJSON(dst []byte, v any) ([]byte, error) {
	e := jsonEncoders.Get().(*jsonEncoder)
	defer func() {
		e.out = nil
		jsonEncoders.Put(e)
	}()
	e.out = dst
	if err := e.json.Encode(v); err != nil {
		return nil, err
	}
	return e.out[:len(e.out)-1], nil // without the newline of Encode
}

// jsonEncoder keeps a json.Encoder, which can write without escaping HTML, together
// with the slice it appends to.
type jsonEncoder struct {
	json *json.Encoder
	out  []byte
}

var jsonEncoders = sync.Pool{New: func() any {
	e := new(jsonEncoder)
	e.json = json.NewEncoder(e)
	e.json.SetEscapeHTML(false)
	return e
}}

func (e *jsonEncoder) Write(p []byte) (int, error) {
	e.out = append(e.out, p...)
	return len(p), nil
}
