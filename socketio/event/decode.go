package event

func decodeArg(codec Codec, raw []byte, attachments [][]byte, target any) error {
	return codec.Unmarshal(raw, target)
}
