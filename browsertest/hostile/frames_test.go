package hostile

import (
	"compress/flate"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// closes is a row of frames, each of which ends a connection with the code.
func closes(code int, reason event.Reason, sent ...string) func(s *stage) {
	return func(s *stage) {
		for _, frames := range sent {
			f := s.webSocketQuietly().join()
			f.write(frames)
			f.wantClose(code)
			s.wantEnd(reason)
		}
	}
}

// allowed is a row of frames, after each of which a connection goes on.
func allowed(sent ...string) func(s *stage) {
	return func(s *stage) {
		f := s.webSocketQuietly().join()
		for _, frames := range sent {
			f.write(frames)
			f.wantWorks()
		}
	}
}

// whole is a message in fragments.
func whole(first byte, fragments ...string) string {
	var b strings.Builder
	for i, fragment := range fragments {
		if i == len(fragments)-1 {
			first |= fin
		}
		b.WriteString(frame(first, fragment))
		first = opContinuation
	}
	return b.String()
}

func TestFrames(t *testing.T) {
	const (
		ended = event.TransportError
		limit = 1_000_000
	)
	// header is one of a masked frame without its payload.
	header := func(bytes string) string { return bytes + "\x00\x00\x00\x00" }
	play(t, webSockets, []row{
		{id: "E43_ping_packet", input: "2; 2probe on a WebSocket", play: closes(0, ended, text("2"), text("2probe"))},
		{id: "E43c_ignored_packets", input: "3, 5, 6, 0", play: allowed(text("3"), text("5"), text("6"), text(`0{"sid":"x"}`))},
		{id: "E43g_close_packet", input: "1", play: closes(0, event.TransportClose, text("1"))},
		{id: "E44_unexpected_binary", input: "binary that nothing announced", play: closes(0, event.ForcedClose, frame(fin|opBinary, "x"), frame(fin|opBinary, ""))},
		{id: "E45_empty_text", input: "an empty text; x", play: closes(0, event.ParseError, text(""), text("x"))},
		{id: "E46_frame_over_limit", input: "a message of 1,000,001 bytes", play: closes(1009, ended, frame(fin|opText, "4"+strings.Repeat("x", limit)))},
		{id: "E46a_fragments_over_limit", input: "fragments that sum up to more", play: closes(1009, ended, frame(opText, strings.Repeat("x", limit/2+1))+frame(fin|opContinuation, strings.Repeat("x", limit/2)))},
		{id: "E46b_length_2_63", input: "a length of 2^63-1 is announced", play: closes(1009, ended, header("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"))},
		{id: "E46c_length_sign", input: "a length of 2^64-1", play: closes(1002, ended, header("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"))},
		{id: "E46d_message_at_limit", input: "a message of 1,000,000 bytes", play: allowed(text("6" + strings.Repeat("x", limit-1)))},
		{id: "E47_ping_between_fragments", input: "a ping within a fragmented message", play: func(s *stage) {
			f := s.webSocketQuietly().join()
			f.write(frame(opText, `420["a",`), frame(fin|opPing, "are you there"), frame(fin|opContinuation, `1]`))
			first, payload := f.read()
			require.Equal(s, byte(fin|opPong), first)
			require.Equal(s, "are you there", payload)
			f.want(`430[1]`)
			s.say("pong, then the answer")
		}},
		{id: "E47b_many_fragments", input: "120,000 fragments of one byte", play: flat(opContinuation, "x")},
		{id: "E47c_empty_fragments", input: "120,000 empty fragments", play: flat(opContinuation, "")},
		{id: "E47d_stray_continuation", input: "a continuation of nothing", play: closes(1002, ended, frame(fin|opContinuation, "x"), frame(opContinuation, "x"))},
		{id: "E47e_text_within_fragments", input: "a text within a fragmented message", play: closes(1002, ended, frame(opText, "x")+text("x"))},
		{id: "E48_not_masked", input: "a frame without a mask", play: closes(1002, ended, "\x81\x01x", "\x81\x00")},
		{id: "E49_reserved_bits", input: "RSV1, RSV2, on a message and on a ping", play: closes(1002, ended, frame(fin|rsv1|opText, "x"), frame(fin|rsv2|opText, "x"), frame(fin|rsv1|opPing, ""))},
		{id: "E50_opcodes", input: "opcodes 3, 7, 11, 15", play: closes(1002, ended, frame(fin|3, "x"), frame(fin|7, ""), frame(fin|11, "x"), frame(fin|15, ""))},
		{id: "E51_not_utf8", input: "text that is not UTF-8: a byte, a surrogate, half a character", play: closes(1007, ended, text("4\xff"), text("4\xed\xa0\x80"), text("4\xe4\xb8"), whole(opText, "4\xe4", "\xb8"))},
		{id: "E51b_split_character", input: "a character that two fragments share", play: func(s *stage) {
			f := s.webSocketQuietly().join()
			f.write(whole(opText, "420[\"a\",\"\xe4\xb8", "\x96\"]"))
			f.want(`430["世"]`)
			s.say("accepted")
		}},
		{id: "E52_bad_close", input: "a close frame with 1005, 999, 1016, one byte", play: closes(1002, ended, closeFrame(1005, ""), closeFrame(999, ""), closeFrame(1016, ""), frame(fin|opClose, "x"))},
		{id: "E52b_close", input: "a close frame with 1000; without a code", play: func(s *stage) {
			f := s.webSocketQuietly().join()
			f.write(closeFrame(1000, "bye"))
			f.wantClose(1000)
			s.wantEnd(event.TransportClose)
			f = s.webSocketQuietly().join()
			f.write(frame(fin|opClose, ""))
			f.wantClose(0)
			s.wantEnd(event.TransportClose)
		}},
		{id: "E53_bad_ping", input: "a ping of 126 bytes; a fragmented one", play: closes(1002, ended, frame(fin|opPing, strings.Repeat("x", 126)), frame(opPing, "x"))},
		{id: "E53b_unasked_pong", input: "a pong frame that no ping asked for", play: allowed(frame(fin|opPong, "x"), frame(fin|opPong, ""))},
		{id: "E55_ping_flood", input: "pings from a peer that does not read", lines: []*line{socket}, fake: true, options: &server.Options{PingInterval: time.Hour}, play: func(s *stage) {
			f := s.webSocketQuietly().join()
			pings := strings.Repeat(frame(fin|opPing, strings.Repeat("x", 125)), 1000)
			before := heap()
			begin := time.Now()
			var written int
			for {
				n, err := io.WriteString(f.Conn, pings)
				written += n
				if err != nil {
					break
				}
			}
			require.Less(s, heap()-before, 512<<10)
			require.Contains(s, []event.Reason{event.TransportClose, ended}, await(s, s.ended).reason)
			s.say("ended, nothing held")
			require.Less(s, time.Since(begin), time.Minute)
			runtime.KeepAlive(pings)
		}},
		{id: "E58_deflate_bomb", input: "compression offered, then 4 MB compressed", play: func(s *stage) {
			var bomb strings.Builder
			w, err := flate.NewWriter(&bomb, flate.BestSpeed)
			require.NoError(s, err)
			zeros := strings.Repeat("\x00", 1<<20)
			for range 4 {
				_, _ = io.WriteString(w, zeros)
			}
			require.NoError(s, w.Flush())
			sent := frame(fin|rsv1|opText, bomb.String())
			wire, a := s.knock(webSocketHandshake, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
			require.Equal(s, 101, a.status)
			require.Empty(s, a.header.Values("Sec-WebSocket-Extensions"))
			f := frames{wire}.join()
			grown := allocated(func() {
				f.write(sent)
				f.wantClose(1002)
			})
			require.Less(s, grown, 4*len(sent)+1<<20)
			s.wantEnd(ended)
		}},
		{id: "SL3_half_a_message", input: "half a message of 1 MB on 20 connections, and then silence", lines: []*line{socket}, fake: true, play: func(s *stage) {
			half := frame(fin|opText, "4"+strings.Repeat("x", 999_000))[:500_000]
			grown := held(func() {
				for range 20 {
					s.webSocketQuietly().join().write(half)
				}
			})
			require.Less(s, grown, 2*20*len(half)+1<<20)
			for range 20 {
				end := await(s, s.ended)
				require.Contains(s, []event.Reason{event.PingTimeout, event.TransportError}, end.reason)
			}
			s.say("all ended")
		}},
		{id: "SL4_reset", input: "a connection that is reset within a message", play: func(s *stage) {
			f := s.webSocketQuietly().join()
			f.write(frame(opText, "unfinished"))
			f.reset()
			require.Contains(s, []event.Reason{event.TransportClose, event.TransportError}, await(s, s.ended).reason)
			s.say("ended")
		}},
		{id: "SL5_never_hangs_up", input: "a peer that does not hang up when the connection was closed", lines: []*line{socket}, fake: true, play: func(s *stage) {
			f := s.webSocketQuietly().join()
			begin := time.Now()
			f.write(text("1"))
			for {
				if _, err := f.Conn.Write([]byte(frame(fin|opPing, ""))); err != nil {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
			require.Less(s, time.Since(begin), 10*time.Second)
			s.say("hung up on within 5 s")
		}},
		{id: "HB1w_no_pong", input: "other messages, and no pong", lines: []*line{socket}, fake: true, play: func(s *stage) {
			f := s.webSocketQuietly().join()
			begin := time.Now()
			f.want("2")
			time.Sleep(10 * time.Second)
			f.wantWorks()
			for first, payload := f.read(); first == fin|opText; first, payload = f.read() {
				require.Equal(s, "2", payload)
			}
			s.wantEnd(event.PingTimeout)
			require.Less(s, time.Since(begin), 90*time.Second)
		}},
		{id: "T15_close_reason_not_utf8", input: "a close frame whose reason is not UTF-8", play: closes(1007, ended, closeFrame(1000, "\xff"))},
		{id: "T15b_long_lengths", input: "lengths that are not in their shortest form", play: closes(1002, ended,
			header("\x81\xfe\x00\x01")+"6", header("\x81\xff\x00\x00\x00\x00\x00\x00\x00\x01")+"6", header("\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff")+strings.Repeat("6", 0xffff))},
		{id: "T15c_utf8_noticed_when_read", input: "the first bytes of a message of 900,000, which are not UTF-8", play: closes(1007, ended,
			frame(fin|opText, "4\xff"+strings.Repeat("x", 900_000))[:8192], frame(opText, "4\xff"))},
	})
}

// flat is a row of 120,000 fragments of one message, which hold nothing but what they
// carry, and whose connection goes on.
func flat(first byte, fragment string) func(s *stage) {
	return func(s *stage) {
		sent := frame(opText, "6") + strings.Repeat(frame(first, fragment), 120_000)
		f := s.webSocketQuietly().join()
		grown := held(func() {
			f.write(sent, frame(fin|opPing, "mark"))
			first, payload := f.read()
			require.Equal(s, byte(fin|opPong), first)
			require.Equal(s, "mark", payload)
		})
		require.Less(s, grown, 2*120_000+1<<20)
		runtime.KeepAlive(sent)
		f.write(frame(fin|opContinuation, ""))
		f.wantWorks()
	}
}
