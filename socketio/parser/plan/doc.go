// Package plan tells how values of a Go type are written and read by the rules of
// encoding/json, whatever they are written as: what the fields of a struct are called,
// which are left out, which types write themselves. A [Type] is worked out once.
//
// It is for those who write a parser.Format. Package parser uses it for JSON.
package plan
