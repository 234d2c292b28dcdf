// Package browsertest proves the whole system: the client natively and as wasm
// in Chromium, the server, and the official JavaScript client and server, each
// with each other. It holds tests only.
//
// The scenario is written twice, row by row: package scenario for the Go client
// and node/scenario.mjs for the official one; package scenarioserver and
// node/server.mjs are its two servers.
//
// The tests need chromium, node and npm. Nothing but the loopback interface is
// used, except by npm when node/node_modules is missing.
package browsertest
