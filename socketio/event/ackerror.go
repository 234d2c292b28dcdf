package event

func (m *Message) ackError() error { return nil }
