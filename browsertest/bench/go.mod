module github.com/isosocket/isosocket/browsertest/bench

go 1.26

require (
	github.com/coder/websocket v1.8.15
	github.com/isosocket/isosocket v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)

require (
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/rs/cors v1.11.1 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/isosocket/isosocket => ../..
