// Package world plays random conversations with a fault at a random moment, both ends
// in one process and on fake time: thousands of them a minute.
//
// TestSockets has a server and its clients talk through their public API, TestEngines
// both ends of an Engine.IO session, and TestCuts breaks connections after so many bytes,
// in the middle of whatever they carry. Between them are net/http and the network of package
// transporttest, which cuts connections, leaves them half open or loses what was written
// last. Some lines are slow, some handlers are, with little room for what waits for them,
// and some ends send bursts. Everything that is sent is numbered, and what must hold is:
//
//   - What was accepted arrives once and in order, or the end of the socket is reported.
//     What had not left the client arrives with its next connection.
//   - What an end has accepted before it ends in order, by Disconnect, Shutdown or Close,
//     arrives, also in the middle of an upgrade.
//   - OnConnect and OnDisconnect take turns, an event comes between the two, and nothing
//     comes once Shutdown has returned. Every Request and every Drain ends.
//   - Without a fault nobody is disconnected, however slow.
//   - In the end no session, socket, connection or goroutine is left.
//
// A failure names the seed of its round, with which it is played again:
//
//	go test -v ./browsertest/world -run TestSockets -seed 17
//
// The seed decides who does what, and when. What happens at the same moment is ordered
// by Go's scheduler, so some failures need more than one try: -rounds 100 plays the seed
// as often. Without -seed it is how many seeds are played. TestCuts has -cuts in its place.
package world
