// Package transporttest holds in-memory implementations of the transport contract
// for tests, and the conformance suite that every implementation has to pass.
package transporttest
