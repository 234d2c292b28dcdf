// Package host is the server side of the demo's chat: rooms, who is in them, and
// what was written there lately. All of it is in memory and bounded.
package host
