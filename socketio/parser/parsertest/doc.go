// Package parsertest is the suite that every [parser.Format] must pass, and a
// second format for tests: what works with it does not depend on JSON.
package parsertest
