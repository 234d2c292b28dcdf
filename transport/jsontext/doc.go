// Package jsontext is what the layers need of JSON as text: where a value ends, what a
// string stands for and how one is written. Who wants Go values of it takes package parser.
// encoding/json could do this too, and costs a browser program 54 KB.
//
// The functions that scan begin at position i of a text. They return the position behind
// what they found, or where it stops being valid and false.
package jsontext
