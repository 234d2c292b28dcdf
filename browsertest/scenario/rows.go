package scenario

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/isosocket/isosocket/socketio/event"
)

var rows = []row{
	{"text", func(s *stage) {
		c := s.open()
		for _, text := range []string{"", "hello", "quotes \" and \\ and / and \n", "<b>&amp;</b>"} {
			s.echoes(c, text)
		}
		s.echoes(c, 1, -2.5, true, nil, []any{"a", []any{}}, map[string]any{"k": map[string]any{"v": 0.0}})
	}},

	{"unicode", func(s *stage) {
		c := s.open()
		s.echoes(c, "äöü ß € 你好 \u2028\u2029 \x00\x1e\x7f 🎉👩‍👩‍👧 \ufffd")
		s.echoes(c, map[string]string{"ключ 🔑": "значение"})
	}},

	{"binary empty", func(s *stage) { s.echoes(s.open(), []byte{}) }},
	{"binary 1 byte", func(s *stage) { s.echoes(s.open(), []byte{255}) }},
	{"binary 1 MB", func(s *stage) { s.echoes(s.open(), Pattern(s.largest())) }},

	{"binary nested", func(s *stage) {
		c := s.open()
		typed := parcel{Name: "n", Parts: []part{{Deep: Pattern(3)}, {Deep: Pattern(300)}}, Last: Pattern(0)}
		dynamic := map[string]any{"parts": []any{Pattern(3), map[string]any{"deep": Pattern(300), "none": nil}}}
		s.echoes(c, typed, "between", Pattern(5), dynamic)
		s.check(acknowledges(s.ctx, c, typed))
	}},

	{"ack by server", func(s *stage) {
		c := s.open()
		s.check(acknowledges(s.ctx, c, 1, "two", map[string]any{"three": 3.0}))
		s.check(acknowledges(s.ctx, c))
	}},

	{"ack by client", func(s *stage) {
		c := s.open()
		Question.Handle(c, func(_ context.Context, question string) (Answer, error) {
			return Answer{Answer: question}, nil
		})
		answer, err := Ask.Request(s.ctx, c, "why")
		s.check(err)
		s.equal("what the server was told", answer, Answer{Answer: "why"})
	}},

	{"200 acks", func(s *stage) {
		c := s.open()
		var group sync.WaitGroup
		failures := make([]error, 200)
		for i := range failures {
			group.Go(func() { failures[i] = acknowledges(s.ctx, c, i) })
		}
		group.Wait()
		s.check(errors.Join(failures...))
	}},

	{"200 events in order", func(s *stage) {
		c := s.open()
		var got, want []int
		done := make(chan struct{})
		event.New[int]("echo").On(c, func(_ context.Context, i int) error {
			if got = append(got, i); len(got) == 200 {
				close(done)
			}
			return nil
		})
		for i := range 200 {
			want = append(want, i)
			s.check(c.Emit("echo", i))
		}
		wait(s, done)
		s.equal("order of the events", got, want)
	}},

	{"5,000 events at once", func(s *stage) {
		c := s.open()
		s.hears(c, 5000, History, func(i int) []byte { return nil })
	}},

	{"12 pictures at once", func(s *stage) {
		c := s.open()
		s.hears(c, 12, Album, func(i int) []byte { return Pattern(300_000 + i) })
	}},

	{"50,000 events at once by the client", func(s *stage) {
		c := s.open()
		gone := c.gone()
		for i := range 50_000 {
			s.check(Count.Emit(c, i))
		}
		n, err := Counted.Request(s.ctx, c, c.ID())
		s.check(err)
		s.equal("what the server got, in order", n, 50_000)
		s.equal("disconnections", len(gone), 0)
	}},

	{"farewell", func(s *stage) {
		leaver, witness := s.open(), s.open()
		id := leaver.ID()
		for i := range 1000 {
			s.check(Count.Emit(leaver, i))
		}
		if runtime.GOOS == "js" { // where no client can tell what has arrived
			s.check(acknowledges(s.ctx, leaver))
		}
		leaver.Disconnect()
		_, err := Left.Request(s.ctx, witness, id)
		s.check(err)
		n, err := Counted.Request(s.ctx, witness, id)
		s.check(err)
		s.equal("what the server got before it left", n, 1000)
	}},

	{"heartbeat", func(s *stage) {
		c := s.open()
		for range 4 { // the first may have been there before
			wait(s, c.pings)
		}
		s.echoes(c, "alive")
	}},

	{"second namespace", func(s *stage) {
		c := s.open()
		second := s.namespace(c, "/second", nil)
		s.check(second.Connect(s.ctx))
		place, err := Where.Request(s.ctx, second, struct{}{})
		s.check(err)
		s.equal("the server's view", place, Place{Namespace: "/second", ID: second.ID()})
		s.is(second.ID() != c.ID(), "a socket has its own id")
		s.echoes(second, "hello", Pattern(4))
		second.Disconnect()
		s.echoes(c, "still here")
	}},

	{"refused namespace", func(s *stage) {
		c := s.open()
		refused := s.namespace(c, "/nowhere", nil)
		refusal := s.refusal(refused.Connect(s.ctx))
		s.equal("the refusal", refusal.Message, "Invalid namespace")
		s.is(!refused.Connected() && !refused.Active(), "no connection is kept or tried again")
		s.echoes(c, "still here")
	}},

	{"middleware refusal", func(s *stage) {
		c := s.open()
		credentials := Credentials{Token: "wrong"}
		guarded := s.namespace(c, "/guarded", func(context.Context) (any, error) { return credentials, nil })
		refusal := s.refusal(guarded.Connect(s.ctx))
		s.equal("the refusal", refusal.Message, "not authorized")
		var hint Hint
		s.check(refusal.Decode(&hint))
		s.equal("data of the refusal", hint, Hint{Code: 401, Hint: "ask for a token"})
		credentials.Token = "secret"
		s.check(guarded.Connect(s.ctx))
		s.echoes(guarded, "let in")
	}},

	{"room broadcast", func(s *stage) {
		var people [3]*client
		var heard [3][]string
		for i := range people {
			people[i] = s.open()
			hear := func(event string) func(context.Context, string) error {
				return func(_ context.Context, text string) error {
					heard[i] = append(heard[i], event+" "+text)
					return nil
				}
			}
			Shouted.On(people[i], hear("shout"))
			Told.On(people[i], hear("tell"))
		}
		ann, bob, eve := people[0], people[1], people[2]
		room := "room of " + ann.ID()
		for _, c := range []*client{ann, bob} {
			_, err := Enter.Request(s.ctx, c, room)
			s.check(err)
		}
		s.check(Shout.Emit(ann, Saying{Room: room, Text: "to all"}))
		s.check(Tell.Emit(ann, Saying{Room: room, Text: "to the others"}))
		// The answers come after whatever the server sent before them.
		s.echoes(ann, "flush")
		s.echoes(bob, "flush")
		s.echoes(eve, "flush")
		s.equal("what each heard", heard, [3][]string{{"shout to all"}, {"shout to all", "tell to the others"}, nil})
	}},

	{"disconnect by client", func(s *stage) {
		leaver, witness := s.open(), s.open()
		id := leaver.ID()
		gone := leaver.gone()
		leaver.Disconnect()
		s.equal("the client's reason", wait(s, gone), "io client disconnect")
		s.is(!leaver.Connected() && !leaver.Active(), "no connection is tried again")
		reason, err := Left.Request(s.ctx, witness, id)
		s.check(err)
		// The server hears of the socket or of its connection first.
		s.oneOf("the server's reason", reason, "client namespace disconnect", "transport close")
	}},

	{"disconnect by server", func(s *stage) {
		leaver, witness := s.open(), s.open()
		id := leaver.ID()
		gone := leaver.gone()
		s.check(Goodbye.Emit(leaver, struct{}{}))
		s.equal("the client's reason", wait(s, gone), "io server disconnect")
		s.is(!leaver.Connected() && !leaver.Active(), "no connection is tried again")
		reason, err := Left.Request(s.ctx, witness, id)
		s.check(err)
		s.equal("the server's reason", reason, "server namespace disconnect")
		s.check(leaver.Connect(s.ctx))
		s.echoes(leaver, "back")
	}},

	{"server restart", func(s *stage) {
		c := s.open()
		before := c.ID()
		s.echoes(c, "before")
		gone, back := c.gone(), c.back()
		s.restart()
		s.oneOf("the client's reason", wait(s, gone), "transport close", "transport error")
		s.is(c.Active(), "the connection is tried again")
		buffered := received(c, "echo")
		s.check(c.Emit("echo", "buffered"))
		wait(s, back)
		s.is(c.ID() != before, "the new socket has a new id")
		s.check(arguments(wait(s, buffered), "buffered"))
		s.upgraded(c)
		s.echoes(c, "after", Pattern(10))
	}},
}

// parcel holds binary at several depths.
type parcel struct {
	Name  string `json:"name"`
	Parts []part `json:"parts"`
	Last  []byte `json:"last"`
}

type part struct {
	Deep []byte `json:"deep"`
	None *int   `json:"none"`
}

// Pattern is binary in which a byte that is lost or moved shows.
func Pattern(length int) []byte {
	data := make([]byte, length)
	for i := range data {
		data[i] = byte(i*31 + i>>8)
	}
	return data
}
