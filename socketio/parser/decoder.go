package parser

import "fmt"

// Limits bound what a [Decoder] accepts.
type Limits struct {
	// MaxAttachments of one packet. 0 means 10, negative means none.
	MaxAttachments int

	// MaxBytes of one packet, its text and its attachments together. 0 means
	// 1,000,000, negative means no limit.
	MaxBytes int

	// MaxDepth is how deep arrays and objects of one packet may be nested. 0 means
	// 1000; more than 10,000 is taken as 10,000, where encoding/json ends.
	MaxDepth int
}

func (l *Limits) maxAttachments() int {
	if l.MaxAttachments == 0 {
		return 10
	}
	return max(0, l.MaxAttachments)
}

func (l *Limits) checkBytes(n int) error {
	limit := l.MaxBytes
	if limit == 0 {
		limit = 1e6
	}
	if limit > 0 && n > limit {
		return fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, n, limit)
	}
	return nil
}

func (l *Limits) maxDepth() int {
	if l.MaxDepth <= 0 {
		return 1000
	}
	return min(l.MaxDepth, 10_000)
}

// Decoder puts packets together from the messages of one connection, given to
// Text and Binary in order. The zero value is ready for use. It is not safe for
// concurrent use.
//
// Packets share memory with the messages they came from. After an error the
// decoder has forgotten the packet it was collecting: the protocol wants the
// connection closed then.
type Decoder struct {
	Limits Limits // to be set before the first message

	packet  Packet // being collected
	missing int    // attachments still to come
	bytes   int    // of text and attachments so far

	namespace string // the last one that was not "/", which most of the next packets are for, too
}

// Text decodes a text message. When its packet has attachments, complete is
// false and p is the packet without them, so that a caller may refuse it early;
// Binary returns it with the last of them.
//
// The error is a [*SyntaxError], or matches [ErrTooLarge] or [ErrUnexpectedText].
func (d *Decoder) Text(data []byte) (p Packet, complete bool, err error) {
	if d.Pending() {
		d.Reset()
		return Packet{}, false, ErrUnexpectedText
	}
	if err := d.Limits.checkBytes(len(data)); err != nil {
		return Packet{}, false, err
	}
	attachments, pos, err := d.decodeText(&p, data)
	if err != nil {
		return Packet{}, false, &SyntaxError{Offset: pos, Err: err}
	}
	if attachments == 0 {
		return p, true, nil
	}
	d.packet, d.missing, d.bytes = p, attachments, len(data)
	return p, false, nil
}

// Binary adds an attachment to the packet of the last text message. When it was
// the last one, complete is true and p is the packet.
//
// The error matches [ErrTooLarge] or [ErrUnexpectedBinary].
func (d *Decoder) Binary(data []byte) (p Packet, complete bool, err error) {
	if !d.Pending() {
		return Packet{}, false, ErrUnexpectedBinary
	}
	d.bytes += len(data)
	if err := d.Limits.checkBytes(d.bytes); err != nil {
		d.Reset()
		return Packet{}, false, err
	}
	d.packet.Attachments = append(d.packet.Attachments, data)
	d.missing--
	p = d.packet
	if d.missing > 0 {
		return p, false, nil
	}
	d.Reset()
	return p, true, nil
}

// Pending tells whether attachments of a packet are still to come.
func (d *Decoder) Pending() bool { return d.missing > 0 }

// Reset forgets the packet that is being collected.
func (d *Decoder) Reset() {
	d.packet, d.missing, d.bytes = Packet{}, 0, 0
}
