package event

import (
	"bytes"
	"encoding/json"
)

// AckError is the one error of a handler that the peer gets to see. The
// acknowledgement is then the single argument
// {"error":{"message":…,"data":…}}, and Request returns it on the peer's side.
type AckError struct {
	Message string // for a person or a program to read
	Data    any    // anything that encodes; a json.RawMessage when it came from the peer, nil if nothing did
}

// Error tells the message.
func (e *AckError) Error() string { return "event: answered with an error: " + e.Message }

// Decode decodes Data into target, a pointer. Binary values from the peer are
// base64 text in it, which a []byte takes.
func (e *AckError) Decode(target any) error { return decodeData(e.Data, target) }

type errorBody struct {
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

// reply returns the argument of the acknowledgement.
func (e *AckError) reply() any {
	return struct {
		Error errorBody `json:"error"`
	}{errorBody(*e)}
}

// ackError returns the error that an acknowledgement carries. Anything but
// exactly the shape that reply gives is an ordinary answer.
func (m *Message) ackError() error {
	if m.Len() != 1 || !bytes.Contains(m.Raw(0), []byte(`"error"`)) {
		return nil
	}
	var outer, inner map[string]json.RawMessage
	if json.Unmarshal(m.Raw(0), &outer) != nil || len(outer) != 1 || json.Unmarshal(outer["error"], &inner) != nil {
		return nil
	}
	e := new(AckError)
	text, data := inner["message"], inner["data"]
	if len(text) == 0 || text[0] != '"' || json.Unmarshal(text, &e.Message) != nil {
		return nil
	}
	switch {
	case len(inner) == 1:
		return e
	case len(inner) > 2 || data == nil:
		return nil
	}
	var raw json.RawMessage
	if decodeArg(JSON{}, data, m.attachments, &raw) != nil {
		return nil
	}
	e.Data = raw
	return e
}

func decodeData(data, target any) error {
	raw, ok := data.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = (JSON{}).Marshal(data); err != nil {
			return err
		}
	}
	return json.Unmarshal(raw, target)
}
