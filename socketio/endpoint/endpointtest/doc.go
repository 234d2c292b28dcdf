// Package endpointtest joins two ends in memory, for tests of what is declared with
// package event and of the packages beside it.
package endpointtest
