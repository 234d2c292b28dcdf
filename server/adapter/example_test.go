package adapter_test

import (
	"context"
	"fmt"
	"iter"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter"
)

// postcards is an adapter that prints what it would tell other servers, and never
// hears of any.
type postcards struct{ host adapter.Host }

func (p postcards) Broadcast(packet *adapter.Packet, t adapter.Target) error {
	fmt.Printf("%s: %s for the sockets in %v\n", p.host.Namespace(), packet.Data, t.Rooms)
	return nil
}

func (p postcards) Change(c adapter.Change, t adapter.Target) error {
	if c.Op == adapter.Join {
		fmt.Printf("%s: join %v, you in %v\n", p.host.Namespace(), c.Rooms, t.Rooms)
	}
	return nil
}

func (p postcards) ServerEmit(packet *adapter.Packet) error {
	fmt.Printf("%s: %s for the servers\n", p.host.Namespace(), packet.Data)
	return nil
}

func (postcards) Ask(context.Context, *adapter.Packet, adapter.Target) iter.Seq[adapter.Answer] {
	return func(func(adapter.Answer) bool) {}
}

func (postcards) ServerRequest(context.Context, *adapter.Packet) iter.Seq[adapter.Answer] {
	return func(func(adapter.Answer) bool) {}
}

func (postcards) Sockets(context.Context, adapter.Target) iter.Seq2[adapter.Details, error] {
	return func(func(adapter.Details, error) bool) {}
}

func (postcards) Nodes(context.Context) (known []string, count int, err error) { return nil, 1, nil }

func (postcards) Sync(context.Context) error { return nil }

func (postcards) Close(context.Context) error { return nil }

func Example() {
	sio := server.New(&server.Options{Adapter: func(h adapter.Host) (adapter.Adapter, error) {
		return postcards{h}, nil
	}})
	defer sio.Close()
	chat := sio.Of("/chat")
	for _, err := range []error{
		chat.To("lobby").Emit("posted", "hello"),
		chat.To("lobby").SocketsJoin("hall"),
		chat.Local().Emit("posted", "for ourselves"),
		chat.ServerEmit("config changed"),
	} {
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// /chat: ["posted","hello"] for the sockets in [lobby]
	// /chat: join [hall], you in [lobby]
	// /chat: ["config changed"] for the servers
}
