// Package adapter is the relay between servers: what a namespace of one server
// asks of the others, and what they ask of it.
//
// A server alone needs none of it. It holds its own sockets and rooms, and delivers
// to them before any adapter is asked; an [Adapter] only carries what concerns
// sockets of other servers. So a broker that is slow or away never holds up the
// sockets of this server.
//
// A namespace has one Adapter, made by the [New] of the server's options, and the
// adapter knows it as a [Host]:
//
//	server ── Adapter: Broadcast, Change, Ask, … ──▶ broker
//	server ◀── Host: Deliver, Change, Ask, … ──────── broker
//
// Package clustertest is the suite that every adapter must pass, and has an adapter
// for servers of one process.
package adapter
