// Runs the program of this origin and reports over one WebSocket what it writes and how it ends.
import { memoryFS } from "./memfs.js";

const stdio = new WebSocket(`ws://${location.host}/stdio`);
await new Promise((resolve, reject) => {
	stdio.onopen = resolve;
	stdio.onerror = () => reject(new Error("stdio is not reachable"));
});
const end = (message) => stdio.send(JSON.stringify(message));

// A trap of the wasm code ends the program without a call of exit.
addEventListener("error", ({ error }) => {
	if (error instanceof WebAssembly.RuntimeError) end({ error: String(error.stack) });
});

try {
	const program = await (await fetch("/program.json")).json();
	const memory = memoryFS(program, (fd, bytes) => {
		const message = new Uint8Array(bytes.length + 1);
		message[0] = fd;
		message.set(bytes, 1);
		stdio.send(message);
	});
	globalThis.fs = memory.fs;
	globalThis.path = memory.path;
	globalThis.process = memory.process;
	await import("/wasm_exec.js");
	const go = new Go();
	go.argv = program.args;
	go.env = program.env;
	go.exit = (code) => end({ code, files: memory.changed() });
	const { instance } = await WebAssembly.instantiateStreaming(fetch("/program.wasm"), go.importObject);
	await go.run(instance);
} catch (error) {
	end({ error: String(error.stack) });
}
