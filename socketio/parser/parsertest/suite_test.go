package parsertest_test

import (
	"testing"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/socketio/parser/parsertest"
)

func TestJSON(t *testing.T)   { parsertest.Run(t, parser.JSON{}) }
func TestMasked(t *testing.T) { parsertest.Run(t, parsertest.Masked{}) }
