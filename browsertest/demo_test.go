package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestDemo uses the demo as two people do: one on the Go page, one on the
// JavaScript page.
func TestDemo(t *testing.T) {
	demo := newDemo(t)
	ann := newGuest(t, "Ann", demo.url()+"/", "go")
	bob := newGuest(t, "Bob", demo.url()+"/js/", "js")
	everybody := []*guest{ann, bob}
	keepScreenshots(t, everybody...)

	for _, g := range everybody {
		g.join()
	}
	for _, g := range everybody {
		g.expect("everybody is listed", `people().join() === "Ann,Bob"`)
		g.expect("the connection is upgraded", `status.dataset.transport === "websocket" && "upgraded" in status.dataset`)
		g.expect("the latency is shown", `Number(status.dataset.latency) >= 0`)
		g.expect("the lobby is marked", `current() === "lobby" && timeline.dataset.room === "lobby"`)
	}

	steps := []struct {
		name string
		play func(me, other *guest)
	}{
		{"chat", func(me, other *guest) {
			for _, text := range []string{"hello from " + me.name, `<img src=x onerror="throw 1"> & ünïcödé 🎉`} {
				me.say(text)
				other.expectMessage(me.name, text)
				me.expect("two ticks", state(text, "delivered"))
			}
		}},
		{"a second line", func(me, other *guest) {
			me.do(
				chromedp.Click("#message-input", chromedp.NodeVisible),
				chromedp.KeyEvent("first line"),
				enter(kb.ModifierShift),
				chromedp.KeyEvent("second line"),
				enter(),
			)
			other.expectMessage(me.name, "first line\nsecond line")
		}},
		{"typing", func(me, other *guest) {
			me.do(chromedp.Click("#message-input", chromedp.NodeVisible), chromedp.KeyEvent("let me th"))
			other.expect("it shows who types", `"active" in typing.dataset && typing.textContent.includes(`+quote(me.name)+`)`)
			me.do(chromedp.KeyEvent("ink"), enter())
			other.expectMessage(me.name, "let me think")
			other.expect("it shows the end of typing", `!("active" in typing.dataset)`)
		}},
		{"a picture", func(me, other *guest) {
			me.do(chromedp.SetUploadFiles("#picture-input", []string{picture(t, 64, 48)}))
			for _, g := range everybody {
				g.expect("the picture is shown", `pictures().some(p => p.author === `+quote(me.name)+` && p.width === 64 && p.height === 48)`)
			}
		}},
		{"rooms", func(me, other *guest) {
			me.do(chromedp.Click(`#rooms button[data-room="garden"]`, chromedp.NodeVisible))
			me.expect("the garden is open", `timeline.dataset.room === "garden" && current() === "garden" && location.hash === "#garden"`)
			me.expect("nobody else is there", `people().join() === `+quote(me.name))
			other.expect("the lobby is left", `people().join() === `+quote(other.name)+` && notices("left").some(n => n.includes(`+quote(me.name)+`))`)
			aside := "said in the garden by " + me.name
			me.say(aside)
			me.expect("one tick", state(aside, "sent"))
			other.do(chromedp.Click(`#rooms button[data-room="garden"]`, chromedp.NodeVisible))
			other.expectMessage(me.name, aside) // what was said before comes with the room
			other.say("here I am")
			me.expectMessage(other.name, "here I am")
			for _, g := range everybody {
				g.do(chromedp.Click("#room-input", chromedp.NodeVisible), chromedp.KeyEvent("den of "+me.name), enter())
				g.expect("a room of their own", `timeline.dataset.room === `+quote("den of "+me.name))
			}
			me.expect("both are in it", `people().join() === "Ann,Bob"`)
			for _, g := range everybody {
				g.do(chromedp.Click(`#rooms button[data-room="lobby"]`, chromedp.NodeVisible))
				g.expect("the lobby is open", `timeline.dataset.room === "lobby"`)
			}
			for _, g := range everybody {
				g.expect("both are back", `people().join() === "Ann,Bob"`)
				g.expect("nothing of the garden is in the lobby", `messages().every(m => m.text !== `+quote(aside)+`)`)
			}
		}},
		{"reload", func(me, other *guest) {
			before := "before the reload of " + me.name
			me.say(before)
			other.expectMessage(me.name, before)
			me.do(chromedp.Reload())
			me.arrive()
			me.expect("the name is remembered", `document.getElementById("name-input").value === `+quote(me.name))
			me.do(chromedp.Click("#join-button", chromedp.NodeEnabled))
			me.inside()
			me.expect("the history is there, as one's own", `messages().some(m => m.text === `+quote(before)+` && m.mine)`)
			for _, g := range everybody {
				g.expect("nobody is there twice", `people().join() === "Ann,Bob"`)
			}
			me.say("back: " + me.name)
			other.expectMessage(me.name, "back: "+me.name)
		}},
	}
	for _, step := range steps {
		for i, me := range everybody {
			require.True(t, t.Run(step.name+" by "+me.name, func(t *testing.T) {
				ann.t, bob.t = t, t
				step.play(me, everybody[1-i])
			}))
		}
	}

	require.True(t, t.Run("server restart", func(t *testing.T) {
		ann.t, bob.t = t, t
		demo.stop()
		for _, g := range everybody {
			g.expect("it says that the connection is lost", `status.dataset.state === "reconnecting"`)
			g.say("meanwhile, " + g.name)
			g.expect("what is written waits", state("meanwhile, "+g.name, "waiting"))
		}
		demo.start()
		for i, g := range everybody {
			other := everybody[1-i]
			g.expect("it is connected again", `status.dataset.state === "connected"`)
			g.expect("it tells of the restart", `notices("restart").length === 1`)
			g.expectMessage(other.name, "meanwhile, "+other.name)
		}
		for _, g := range everybody {
			g.say("after, " + g.name)
		}
		for i, g := range everybody {
			g.expectMessage(everybody[1-i].name, "after, "+everybody[1-i].name)
			g.expect("what waited was sent once", `messages().filter(m => m.text === `+quote("meanwhile, "+g.name)+`).length === 1`)
			g.expect("no message is lost on the way", `messages().every(m => m.state !== "waiting" && m.state !== "failed")`)
		}
	}))

	for _, g := range everybody {
		require.NoError(t, g.errors(), "the console of %s", g.name)
	}
}

// guest is a person with the demo open.
type guest struct {
	*page
	name string
}

// view is what the expressions of expect see of the page, besides its elements by their ids.
const view = `(() => {
	const $ = (id) => document.getElementById(id);
	const all = (selector) => [...document.querySelectorAll(selector)];
	const [status, timeline, typing] = [$("status"), $("timeline"), $("typing")];
	const people = () => all("#people li[data-member] .name").map((n) => n.textContent).sort();
	const current = () => document.querySelector("#rooms button[aria-current=true]")?.dataset.room;
	const messages = () => all("#timeline .message").map((m) => ({
		author: m.querySelector(".author").textContent,
		text: m.querySelector(".text").textContent,
		mine: m.dataset.mine !== undefined,
		state: m.dataset.state,
	}));
	const pictures = () => all("#timeline .message .picture:not([hidden])").map((p) => ({
		author: p.closest(".message").querySelector(".author").textContent,
		width: p.naturalWidth,
		height: p.naturalHeight,
	}));
	const notices = (kind) => all("#timeline .notice[data-kind=" + kind + "]").map((n) => n.textContent);
	return %s;
})()`

func newGuest(t *testing.T, name, url, runtime string) *guest {
	g := &guest{page: newPage(t), name: name}
	g.do(chromedp.Navigate(url))
	g.expect("the page of that language", `document.documentElement.dataset.runtime === `+quote(runtime))
	g.arrive()
	return g
}

// arrive waits for the page to be ready.
func (g *guest) arrive() { g.expect("the page is ready", `document.body.dataset.phase === "welcome"`) }

// join types the name and enters the room.
func (g *guest) join() {
	g.do(chromedp.Click("#name-input", chromedp.NodeVisible), chromedp.KeyEvent(g.name), enter())
	g.inside()
}

func (g *guest) inside() {
	g.expect("the chat is open", `document.body.dataset.phase === "chat" && status.dataset.state === "connected"`)
}

// say types a message and sends it with Enter.
func (g *guest) say(text string) {
	g.do(chromedp.Click("#message-input", chromedp.NodeVisible), chromedp.KeyEvent(text), enter())
	g.expect("the input is empty again", `document.getElementById("message-input").value === ""`)
}

func (g *guest) expectMessage(author, text string) {
	g.t.Helper()
	g.expect(fmt.Sprintf("%q by %s", text, author), fmt.Sprintf(
		`messages().filter(m => m.author === %s && m.text === %s && !m.mine).length === 1`, quote(author), quote(text)))
}

// state is the expression that says that one's own message is in a state.
func state(text, state string) string {
	return fmt.Sprintf(`messages().some(m => m.text === %s && m.mine && m.state === %s)`, quote(text), quote(state))
}

// expect waits for the expression to be true in the page.
func (g *guest) expect(what, expression string) {
	g.t.Helper()
	_, err := chromedp.Run(g.ctx, chromedp.Poll[bool](strings.ReplaceAll(view, "%s", expression), chromedp.WithPollingTimeout(patience)))
	require.NoError(g.t, err, "%s: %s\n%s", g.name, what, expression)
}

// keepScreenshots saves what the people saw when the test failed.
func keepScreenshots(t *testing.T, guests ...*guest) {
	t.Cleanup(func() {
		for _, g := range guests {
			if t.Failed() {
				g.keepScreenshot(t)
			}
		}
	})
}

func (g *guest) keepScreenshot(t *testing.T) {
	file := filepath.Join("failures", t.Name()+"-"+g.name+".png")
	shot, err := chromedp.Run(g.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.MkdirAll("failures", 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, shot, 0o644)
	}
	t.Logf("what %s saw: browsertest/%s (error: %v)", g.name, file, err)
}

// enter presses the Enter key as a keyboard does: the character comes only if the
// page lets it, which that of chromedp.KeyEvent does not ask.
func enter(modifiers ...chromedp.Modifier) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) {
		key := input.DispatchKeyEventParams{
			Type: kb.KeyDown, Key: "Enter", Code: "Enter", Text: "\r", UnmodifiedText: "\r",
			WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13,
		}
		for _, m := range modifiers {
			key.Modifiers |= int64(m)
		}
		if _, err = chromedp.Call(ctx, input.DispatchKeyEvent, key); err != nil {
			return none, err
		}
		key.Type, key.Text, key.UnmodifiedText = kb.KeyUp, "", ""
		_, err = chromedp.Call(ctx, input.DispatchKeyEvent, key)
		return none, err
	}
}

// quote is a string as JavaScript writes it.
func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("BUG: a string has no JSON: " + err.Error())
	}
	return string(quoted)
}

// picture writes a PNG file and returns its path.
func picture(t *testing.T, width, height int) string {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			img.Set(x, y, color.RGBA{R: uint8(4 * x), G: uint8(5 * y), B: 128, A: 255})
		}
	}
	var data bytes.Buffer
	require.NoError(t, png.Encode(&data, img))
	path := filepath.Join(t.TempDir(), "picture.png")
	require.NoError(t, os.WriteFile(path, data.Bytes(), 0o644))
	return path
}
