// Starts the client that the address names and tells the page around it how long
// that took, in milliseconds.
import { clients } from "./clients.js";

const { client: name, server, number } = Object.fromEntries(new URLSearchParams(location.search));
const client = clients[name];
await client.load(Number(number));
const loaded = performance.now();
await client.compile();
const compiled = performance.now();
await client.connect(server);
const connected = performance.now();
parent.postMessage({
	compile: compiled - loaded,
	main: client.began - compiled, // NaN for a client without
	connect: connected - compiled,
});
