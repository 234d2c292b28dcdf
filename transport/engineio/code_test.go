package engineio_test

import (
	"testing"

	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/stretchr/testify/require"
)

func TestParseCode(t *testing.T) {
	for body, want := range map[string]struct {
		code    engineio.Code
		message string
	}{
		`{"code":1,"message":"Session ID unknown"}`:  {engineio.CodeSessionUnknown, "Session ID unknown"},
		`{"code":4,"message":"no such user","x":[]}`: {engineio.CodeForbidden, "no such user"},
		`{"code":0}`:                    {engineio.CodeTransportUnknown, ""},
		`Session ID unknown`:            {engineio.CodeSessionUnknown, "Session ID unknown"},
		`{"message":"not ours"}`:        {engineio.CodeNone, ""},
		`<html>Bad request</html>`:      {engineio.CodeNone, ""},
		``:                              {engineio.CodeNone, ""},
		`{"code":"1","message":"text"}`: {engineio.CodeNone, ""},
	} {
		code, message := engineio.ParseCode([]byte(body))
		require.Equal(t, want.code, code, body)
		require.Equal(t, want.message, message, body)
	}
}

func TestAppendCode(t *testing.T) {
	for c := engineio.CodeTransportUnknown; c <= engineio.CodeVersion; c++ {
		code, message := engineio.ParseCode(engineio.AppendCode(nil, c, c.String()))
		require.Equal(t, c, code)
		require.Equal(t, c.String(), message)
	}
	require.Equal(t, `{"code":1,"message":"Session ID unknown"}`, string(engineio.AppendCode(nil, engineio.CodeSessionUnknown, "Session ID unknown")))
	require.Equal(t, "no code", engineio.CodeNone.String())
	require.Equal(t, "no code", engineio.Code(6).String())
}
