package event

import (
	"encoding/json"
	"sync"
)

// Codec turns arguments into JSON and back. It must write a []byte as base64 text,
// as encoding/json does, and be safe for concurrent use. It is not asked for an
// argument that is a string without anything to escape.
//
// A Codec may have a method Append(dst []byte, v any) ([]byte, error), which is
// then called instead of Marshal.
type Codec interface {
	// Marshal returns v as one JSON value. The caller owns the result.
	Marshal(v any) ([]byte, error)
	// Unmarshal decodes one JSON value into v, a pointer. It does not keep data.
	Unmarshal(data []byte, v any) error
}

type appender interface {
	Append(dst []byte, v any) ([]byte, error)
}

// JSON is the codec used by default: encoding/json without the escaping of HTML,
// which JSON.stringify does not do either.
type JSON struct{}

// Marshal returns the JSON of v.
func (j JSON) Marshal(v any) ([]byte, error) { return j.Append(nil, v) }

// Unmarshal decodes data into v as json.Unmarshal does.
func (JSON) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

// Append appends the JSON of v to dst.
func (JSON) Append(dst []byte, v any) ([]byte, error) {
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

func orJSON(c Codec) Codec {
	if c == nil {
		return JSON{}
	}
	return c
}

func appendJSON(c Codec, dst []byte, v any) ([]byte, error) {
	if a, ok := c.(appender); ok {
		return a.Append(dst, v)
	}
	text, err := c.Marshal(v)
	return append(dst, text...), err
}
